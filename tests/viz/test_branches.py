"""Blocks with parallel branches: layers from top to bottom, reductions dashed, one box that joins them."""

import pytest

from cnncourse.viz.branches import parallel_branches


def test_each_branch_is_drawn_and_all_are_joined():
    axes = parallel_branches([["1×1"], ["1×1, less*", "3×3"]], "join").axes[0]
    texts = [text.get_text() for text in axes.texts if text.get_text()]
    assert texts == ["x", "1×1", "1×1, less", "3×3", "join"]
    dashed = [patch for patch in axes.patches if patch.get_linestyle() == "--"]
    assert len(dashed) == 1
    assert axes.patches[-1].get_width() > 2 * dashed[0].get_width()


@pytest.mark.parametrize("branches", [[], [[]], [["1×1"], []]])
def test_what_cannot_be_drawn_is_refused(branches):
    with pytest.raises(ValueError, match="branches must"):
        parallel_branches(branches)
