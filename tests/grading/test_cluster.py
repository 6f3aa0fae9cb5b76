"""Grading on a Dask cluster: the same scores as at home, also where a worker is lost on the way."""

import json
import os
import signal

import pytest

from cnncourse.grading.host.class_run import LocalPool, grade_all
from cnncourse.grading.host.cluster import DaskPool
from cnncourse.grading.outputs.results import Results
from cnncourse.grading.submissions import find_submissions
from tests.grading.harness import IMPORTS, UNIT_01, descendants, hand_in
from tests.system import require

SECRET = "0123456789abcdef"


@pytest.fixture(scope="module")
def cluster():
    require("bwrap")
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as local:
        yield local


@pytest.fixture
def course(tmp_path):
    for number in range(8):
        hand_in(tmp_path, f"student{number}", [IMPORTS, *UNIT_01[: 1 + number % 5]])
    hand_in(tmp_path, "mallory", ["import os\nos._exit(1)", IMPORTS, *UNIT_01])
    return tmp_path


def graded(course, pool, name, advance=lambda record: None):
    results = Results(course / name, "01")
    summary = grade_all(find_submissions(course, "01"), SECRET, results, pool, advance=advance)
    assert summary.failed == []
    return {r["student"]: [(t["name"], t["score"], t["status"]) for t in r["tasks"]] for r in summary.records}


def test_a_cluster_gives_the_same_scores_and_survives_the_loss_of_a_worker(cluster, course):
    local = LocalPool(1)
    try:
        wanted = graded(course, local, "local")
    finally:
        local.close()
    pool = DaskPool(cluster.scheduler_address)
    lost = []

    def lose_one(record):
        if not lost:
            lost.append(next(iter(pool.client.run(os.getpid).values())))
            os.kill(lost[0], signal.SIGKILL)

    try:
        assert graded(course, pool, "cluster", lose_one) == wanted
    finally:
        pool.close()
    assert lost
    assert len({json.dumps(row) for row in wanted.values()}) == 6  # five shares of the work, and one that ends itself
    for worker in cluster.workers.values():
        assert descendants(worker.pid) == [] or all(_is_python(pid) for pid in descendants(worker.pid))


def _is_python(pid):
    """Dask's own helpers may stay; nothing that belongs to a sandbox may."""
    try:
        return b"bwrap" not in open(f"/proc/{pid}/cmdline", "rb").read()
    except OSError:
        return True


def test_no_scheduler_is_told():
    with pytest.raises(OSError, match="Timed out|refused"):
        DaskPool("tcp://127.0.0.1:9", patience=0.5)
