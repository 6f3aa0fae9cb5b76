"""Grading other people's work: a trusted grader, and student code that never meets it.

Rooms: `inside` runs beside student code and is all that its sandbox gets of the course; `host` is the trusted side;
`outputs` writes scores down. The way of one submission, in order:

1. `command` reads the command line and starts again as `python -I`; `host.commands.grade` leads through the rest.
   Before it, `collect` has put a download where it is looked for (`arrivals`).
2. `submissions` finds the notebook. `host.notebook` reads it as bounded JSON: code cells, nothing else.
3. `host.class_run` hands it, with a seed of its own (`host.seeds`), to a `host.grader_process`, one for each core; with
   a cluster, `host.cluster` does. What was graded before and has not changed is not graded again.
4. There `host.grade` goes through the unit's tasks. For each it takes a `host.remote_student`, loaded in one of the
   ways of `inside.cells`, and lets the task of `cnncourse.checks` judge it; other ways follow where it fails.
5. The remote student is a process that `host.isolation` got from `host.sandbox` (`host.bubblewrap`, `host.cgroups`),
   or from `host.unsandboxed` where the submissions are trusted. In the sandbox `inside.warm` forks and locks it down
   (`inside.seccomp`); `inside.worker` answers there: it reads cells (`inside.cells`, `inside.plain_python`), runs them
   (`inside.loading`, `inside.stand_ins`) and makes calls (`inside.probes`, `inside.module_probes`,
   `inside.model_probes`, `inside.network_probes`, `inside.batch_probes`).
6. Arrays and plain values come back through `inside.protocol`; the comparison happens in the task, on the trusted side.
7. `host.record` makes it plain data, `outputs.results` keeps it. Points by hand (`manual`) and lateness (`deadlines`)
   are added at each run. From all records come `outputs.feedback`, `outputs.class_report`, `outputs.likeness`,
   `outputs.exports` and `outputs.gradebook`, with `outputs.autograded` for nbgrader's own pages.
"""


def __getattr__(name):
    """Parts that programs of others import from here, wherever their room is."""
    if name in ("cells", "stand_ins"):
        from cnncourse.grading.inside import cells, stand_ins

        return {"cells": cells, "stand_ins": stand_ins}[name]
    if name == "exports":
        from cnncourse.grading.outputs import exports

        return exports
    raise AttributeError(name)
