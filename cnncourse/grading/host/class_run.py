"""Grade a class: in parallel, with progress, resuming where an earlier run stopped."""

import concurrent.futures
import os
import sys
import threading
from collections import deque
from dataclasses import dataclass, field

from cnncourse.grading.host.cgroups import remove_left_over
from cnncourse.grading.host.grade import prepare
from cnncourse.grading.host.grader_process import GraderFailed, Job
from cnncourse.grading.host.seeds import submission_seed


@dataclass
class Summary:
    """What a run did: records by student in order, how many were graded now, what failed on our side."""

    records: list = field(default_factory=list)
    graded: int = 0
    failed: list = field(default_factory=list)  # (student, why)


class LocalPool:
    """Grading processes on this machine, one a thread of the pool."""

    def __init__(self, jobs=None, *, trust=False, slack=2.0):
        self.jobs = jobs or os.cpu_count() or 1
        self.settings = {"trust": trust, "slack": slack}
        self.threads = concurrent.futures.ThreadPoolExecutor(self.jobs)
        self.own, self.all = threading.local(), []

    @property
    def window(self):
        """How many submissions to have under way at once."""
        return 2 * self.jobs

    def submit(self, prepared, seed):
        """Start grading; returns a future of the record."""
        return self.threads.submit(self._grade, prepared, seed)

    def _grade(self, prepared, seed):
        if not hasattr(self.own, "job"):
            self.own.job = Job(**self.settings)
            self.all.append(self.own.job)
        return self.own.job.grade(prepared, seed)

    def wait(self, futures):
        """Block until one future is done; returns those that are."""
        return concurrent.futures.wait(futures, return_when=concurrent.futures.FIRST_COMPLETED).done

    def result(self, future):
        """The record of a future that is done."""
        return future.result()

    def close(self):
        """Stop everything, at once."""
        self.threads.shutdown(wait=False, cancel_futures=True)
        for job in self.all:
            job.close()
        if self.all and sys.platform == "linux":
            remove_left_over(patience=2.0)


def grade_all(submissions, secret, results, pool, *, slack=2.0, advance=lambda record: None):
    """Grade submissions and keep each record as soon as it is there.

    Parameters
    ----------
    submissions : list of Submission
    secret : the course's secret, from which each submission's seed comes
    results : Results; records there that are current are not graded again
    pool : LocalPool or cluster.DaskPool; the caller closes it
    advance : called with each record, for a progress bar

    Returns
    -------
    Summary

    Raises
    ------
    IsolationError
        Where student code cannot be isolated. What was graded before is kept, as after any other exception.
    """
    summary, done, running = Summary(), set(), {}
    results.remove_unfinished()
    waiting = deque(submissions)
    while waiting or running:
        while waiting and len(running) < pool.window:
            submission = waiting.popleft()
            prepared = prepare(submission)
            seed = submission_seed(secret, submission.unit, submission.student)
            record = results.load(submission.student)
            if results.is_current(record, prepared, seed):
                done.add(submission.student)
                advance(record)
            else:
                running[pool.submit(prepared, seed)] = submission.student, seed
        for future in pool.wait(list(running)) if running else ():
            student, seed = running.pop(future)
            try:
                record = pool.result(future)
            except GraderFailed as problem:
                summary.failed.append((student, str(problem)))
                continue
            results.save(record, seed, slack)
            done.add(student)
            summary.graded += 1
            advance(record)
    loaded = [results.load(s.student) for s in submissions if s.student in done]  # until now they need no memory
    summary.records = [record for record in loaded if record is not None]
    return summary
