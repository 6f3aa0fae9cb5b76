"""Work shared out over threads: everything is done, errors come through, BLAS keeps to one thread meanwhile."""

import multiprocessing
import os
import threading

import numpy as np
import pytest

from cnncourse.numpy_nn.fast import helpers, threads


@pytest.fixture
def three(monkeypatch):
    monkeypatch.setattr(threads, "available_threads", lambda: 3)


@pytest.mark.parametrize("items", [[], [4], range(10)])
def test_every_item_is_handled_once(three, items):
    seen = []

    def square(item):
        seen.append(item)
        return item**2

    assert threads.parallel_map(square, items) == [item**2 for item in items]
    assert sorted(seen) == list(items)


def test_items_run_side_by_side(three):
    meet = threading.Barrier(3, timeout=10)
    threads.parallel_map(lambda _: meet.wait(), range(3))


def test_blas_keeps_to_one_thread_inside_and_gets_its_own_back(three):
    def used():
        return [library.num_threads for library in threads._blas().lib_controllers]

    before, inside = used(), []
    threads.parallel_map(lambda _: inside.extend(used()), range(3))
    assert before == used()
    assert set(inside) == {1}


def test_a_share_shares_out_nothing_itself_unless_it_is_the_only_one(three):
    assert threads.parallel_map(lambda _: threads.thread_count(), range(4)) == [1] * 4
    assert threads.parallel_map(lambda _: threads.thread_count(), [None]) == [3]
    inside = threads.parallel_map(
        lambda _: threads.parallel_map(lambda _: threading.current_thread(), range(50)), range(3)
    )
    assert [len(set(used)) for used in inside] == [1] * 3
    assert threads.thread_count() == 3
    with threads.single_threaded_blas() as available:
        assert available == 3
        for _ in range(2):
            assert threads.parallel_map(lambda _: threads.thread_count(), range(4)) == [1] * 4
            assert threads.thread_count() == 3


@pytest.mark.parametrize("shape", [(2, 5, 7), (300, 200, 100), (1, 3000, 999), (2000, 2000, 1)])
@pytest.mark.parametrize("least", [0, 1e9])
def test_a_shared_product_is_the_product(three, shape, least, monkeypatch):
    monkeypatch.setattr(threads, "BLAS_SHARES", 1)
    monkeypatch.setattr(threads, "WORTH_SHARING", least)
    rng = np.random.default_rng(0)
    (M, K, N), stack = shape, (2, 1)
    a, b = rng.normal(size=(*stack, K, M)).swapaxes(2, 3), rng.normal(size=(3, K, N)).astype(np.float32)
    wanted = a @ b
    np.testing.assert_allclose(threads.matmul(a, b), wanted, rtol=1e-12, atol=1e-10)
    out = np.empty((2, 3, N, M)).swapaxes(2, 3)
    assert threads.matmul(a, b, out=out) is out
    np.testing.assert_allclose(out, wanted, rtol=1e-12, atol=1e-10)


@pytest.mark.skipif(
    helpers.processor() is None or len(os.sched_getaffinity(0)) < 2, reason="needs two processors, and Linux"
)
def test_nobody_runs_on_the_processor_of_the_thread_that_shares_out(three):
    everywhere, main, meet = os.sched_getaffinity(0), threading.current_thread(), threading.Barrier(3, timeout=10)

    def where(_):
        meet.wait()
        return threading.current_thread() is main, helpers.processor(), os.sched_getaffinity(0)

    for _ in range(20):
        (_, here, mine), *others = sorted(threads.parallel_map(where, range(3)), key=lambda place: not place[0])
        assert mine == {here}
        assert all(there != here and allowed == everywhere - {here} for _, there, allowed in others)
        assert os.sched_getaffinity(0) == everywhere
    with pytest.raises(ZeroDivisionError):
        threads.parallel_map(lambda x: 1 / x, [0, 0, 0])
    assert os.sched_getaffinity(0) == everywhere


def test_threads_share_work_where_nobody_may_choose_a_processor(three, monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(helpers.os, "sched_setaffinity", refuse, raising=False)
    assert threads.parallel_map(lambda x: x + 1, range(9)) == list(range(1, 10))
    monkeypatch.setattr(helpers, "processor", lambda: None)
    assert threads.parallel_map(lambda x: x + 1, range(9)) == list(range(1, 10))


def test_an_error_is_raised(three):
    for items in [[1, 0, 2], [0], [0, 0, 0]]:
        with pytest.raises(ZeroDivisionError):
            threads.parallel_map(lambda x: 1 / x, items)
        assert threads.thread_count() == 3


def test_one_thread_is_a_plain_loop(monkeypatch):
    monkeypatch.setattr(threads, "available_threads", lambda: 1)
    names = []
    threads.parallel_map(lambda _: names.append(threading.current_thread()), range(3))
    assert names == [threading.current_thread()] * 3


@pytest.mark.parametrize(("count", "pieces"), [(0, 1), (1, 1), (7, 3), (8, 2), (3, 3)])
def test_even_slices_cover_everything_once(count, pieces):
    slices = threads.split_evenly(count, pieces)
    assert len(slices) == pieces
    assert [i for part in slices for i in range(count)[part]] == list(range(count))
    sizes = [len(range(count)[part]) for part in slices]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize(
    ("things", "most", "sizes"),
    [(0, 4, []), (7, 100, [2, 2, 3]), (7, 2, [1, 1, 1, 1, 1, 2]), (2, 9, [1, 1]), (2, 0, [1, 1])],
)
def test_blocks_are_small_enough_and_leave_no_thread_without(three, things, most, sizes):
    blocks = threads.blocks(things, most, threads.WORTH_SHARING)
    assert [len(range(things)[block]) for block in blocks] == sizes
    assert [i for block in blocks for i in range(things)[block]] == list(range(things))


def share_in_child(queue):
    threads.available_threads = lambda: 3
    total = np.zeros(5)

    def add(k):
        total[k] = k

    threads.parallel_map(add, range(5))
    queue.put(total)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="the system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own(three):
    threads.parallel_map(lambda _: None, range(3))  # now there is a pool that the child must not wait for
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=share_in_child, args=(queue,))
    child.start()
    np.testing.assert_array_equal(queue.get(timeout=20), np.arange(5))
    child.join(timeout=20)
    assert child.exitcode == 0
