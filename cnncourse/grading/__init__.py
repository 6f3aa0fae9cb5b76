"""Grading other people's work: a trusted grader, and student code that never meets it.

Start with `docs/teachers-guide.md`; the parts are `grade` (one submission), `runner` (a class), `sandbox` and `worker`
(the student's side), `protocol` (what passes between them).
"""
