"""Answers that are alike: found behind other names, comments and order; not claimed where there is one right way."""

import pytest

from cnncourse.grading.outputs.likeness import PUBLISHED, answers_by_task, like_pairs, to_html

LONG = '''
def pool(image, size, stride):
    """Largest value of each window."""
    rows = (image.shape[0] - size) // stride + 1
    columns = (image.shape[1] - size) // stride + 1
    result = np.empty((rows, columns))
    for i in range(rows):
        for j in range(columns):
            window = image[i * stride : i * stride + size, j * stride : j * stride + size]
            result[i, j] = window.max()  # the largest
    return result
'''
DISGUISED = """
def pool(image, size, stride):
    # my own idea
    h = (image.shape[0] - size) // stride + 1
    w = (image.shape[1] - size) // stride + 1
    out: np.ndarray = np.empty((h, w))
    for a in range(h):
        for b in range(w):
            part = image[a * stride : a * stride + size, b * stride : b * stride + size]
            out[a, b] = part.max()
    return out
"""
OTHER = """
def pool(image, size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
    return windows[::stride, ::stride].max(axis=(2, 3))
"""
THIRD = """
def pool(image, size, stride):
    best = None
    for di in range(size):
        for dj in range(size):
            shifted = image[di : image.shape[0] - size + di + 1 : stride, dj : image.shape[1] - size + dj + 1 : stride]
            best = shifted if best is None else np.maximum(best, shifted)
    return best
"""


def test_a_disguised_copy_is_found_and_others_are_not():
    (pair,) = like_pairs({"ann": LONG, "bob": DISGUISED, "eve": OTHER, "zoe": THIRD}, "pool")
    assert {pair.first, pair.second} == {"ann", "bob"}
    assert pair.share > 0.95
    page = to_html([pair], "07")
    assert "my own idea" in page
    assert "the largest" in page


def test_the_courses_own_solution_is_known():
    (pair,) = like_pairs({"eve": OTHER, "bob": DISGUISED, PUBLISHED: LONG}, "pool")
    assert {pair.first, pair.second} == {"bob", PUBLISHED}


@pytest.mark.parametrize("size", [5, 40])
def test_what_everybody_writes_is_no_hint(size):
    answers = {f"s{i}": OTHER for i in range(size)}
    assert like_pairs({f"s{i}": "def f(x):\n    return x.mean(axis=(2, 3))\n" for i in range(size)}) == []
    assert bool(like_pairs(answers)) == (size == 3)


def test_helpers_belong_to_an_answer():
    helper = (
        LONG.replace("def pool", "def _work")
        + "\ndef pool(image, size, stride):\n    return _work(image, size, stride)"
    )
    other = "def pool(image, size, stride):\n    return busy(image, size, stride)"
    notebooks = {"ann": [helper], "bob": [other, DISGUISED.replace("def pool", "def busy")], "eve": ["def pool(:"]}
    answers = answers_by_task(notebooks, ["pool"])["pool"]
    assert answers.keys() == {"ann", "bob"}
    (pair,) = like_pairs(answers)
    assert "def _work" in pair.texts[0]
