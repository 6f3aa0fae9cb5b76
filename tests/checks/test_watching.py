"""Listening to which libraries an answer calls: only what the answer itself does counts."""

import dataclasses
import gc
import subprocess
import sys

import pytest

from cnncourse.checks import load_task
from cnncourse.checks.student import LocalStudent
from cnncourse.grading.inside import probes


@pytest.fixture
def library():
    """A library that wants to be called at every garbage collection, as JAX does."""
    space = {"__name__": "jax.somewhere"}
    exec("def at_collection(phase, info): pass", space)
    gc.callbacks.append(space["at_collection"])
    threshold = gc.get_threshold()
    gc.set_threshold(1)
    yield space["at_collection"]
    gc.set_threshold(*threshold)
    gc.callbacks.remove(space["at_collection"])


def allocate():
    return [[k] for k in range(5000)]


def test_a_garbage_collection_is_nobodys_call(library):
    used = {}
    with probes.watching(used):
        allocate()
    assert used == {}
    assert gc.isenabled()


def test_a_call_of_a_library_is_seen(library):
    used = {}
    with probes.watching(used):
        library("start", {})
    assert used == {"jax.at_collection": True}


def test_what_was_off_stays_off():
    gc.disable()
    try:
        with probes.watching({}):
            allocate()
        assert not gc.isenabled()
    finally:
        gc.enable()


FIRST_IMPORT = """
import sys
from cnncourse.grading.inside import listening
for name in [name for name in sys.modules if name.split(".")[0] in listening.WATCHED - {"cnncourse"}]:
    del sys.modules[name]
listening.listen_from_the_first_import()
used = {}
with listening.watching(used):
    print(sys.getprofile() is None)
try:
    import jax.nowhere
except ImportError:
    pass
with listening.watching(used):
    print(sys.getprofile() is None)
"""


def test_where_no_library_could_be_called_nobody_listens():
    done = subprocess.run([sys.executable, "-c", FIRST_IMPORT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


class Counting(LocalStudent):
    """Counts the messages that an answer costs."""

    messages = 0

    def call(self, *args, **kwargs):
        self.messages += 1
        return super().call(*args, **kwargs)


@pytest.mark.parametrize("name", ["07.max_pool2d", "06.conv2d_grad_weight", "01.conv_parameters"])
def test_a_right_answer_takes_few_messages(name):
    task = dataclasses.replace(load_task(name), banned=())  # the reference is one of the course's own functions
    student = Counting({task.name: task.reference})
    report = task.evaluate(student, 3)
    assert report.score == task.max_score
    assert len(task.draw(3)) > 40
    assert student.messages <= 4
