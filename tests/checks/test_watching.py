"""Listening to which libraries an answer calls: only what the answer itself does counts."""

import gc

import pytest

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
