"""The same grading on a Dask cluster: submissions go out, records come back; a lost worker's share is done again.

Every machine needs the course (same version), bubblewrap, and nothing else: notebooks travel as text, and the secret
stays here (each submission carries its own seed). The extra `cluster` brings Dask.
"""

import threading

from cnncourse.grading.host.grader_process import GraderFailed, Job
from cnncourse.grading.outputs.results import checks_fingerprint

RETRIES = 5
_here = threading.local()  # on a worker: one grading process a thread
_all_here = []


class DaskPool:
    """Grading on the workers of a cluster; the same methods as `runner.LocalPool`.

    Parameters
    ----------
    address : "tcp://scheduler:8786"
    trust, slack : as for `Job`
    patience : seconds to wait for the scheduler

    Raises
    ------
    OSError
        Where no scheduler answers.
    """

    def __init__(self, address, *, trust=False, slack=2.0, patience=20):
        from distributed import Client

        self.settings = {"trust": trust, "slack": slack}
        self.client = Client(address, timeout=patience)

    @property
    def window(self):
        """How many submissions to have under way at once."""
        return 4 * max(1, sum(self.client.nthreads().values()))

    def submit(self, prepared, seed):
        """Start grading; returns a future of the record."""
        return self.client.submit(grade_here, prepared, seed, self.settings, pure=False, retries=RETRIES)

    def wait(self, futures):
        """Block until one future is done; returns those that are."""
        from distributed import wait

        return wait(futures, return_when="FIRST_COMPLETED").done

    def result(self, future):
        """The record of a future that is done; raises GraderFailed where the cluster could not make one."""
        from distributed import KilledWorker

        try:
            record = future.result()
        except KilledWorker as problem:
            raise GraderFailed(f"workers died on this submission: {problem}") from None
        if record["checks_sha256"] != checks_fingerprint(record["unit"]):
            raise GraderFailed("a worker has another version of the course: bring all machines to the same one")
        return record

    def close(self):
        """End the grading processes on all workers, and leave the cluster as it was."""
        try:
            self.client.run(_close_here)
        finally:
            self.client.close()


def grade_here(prepared, seed, settings):
    """On a worker: grade in this thread's own grading process."""
    job = getattr(_here, "job", None)
    if job is None or job.settings != settings or job.stopped:
        job = _here.job = Job(**settings)
        _all_here.append(job)
    return job.grade(prepared, seed)


def _close_here():
    while _all_here:
        _all_here.pop().close()
