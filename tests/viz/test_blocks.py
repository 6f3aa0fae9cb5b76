"""Block diagrams: every layer is written once and in order; only residual blocks have a sum."""

from __future__ import annotations

import pytest

from cnncourse.viz.blocks import Block, residual_blocks

BODY = ("3×3", "BN", "ReLU", "3×3", "BN")


def column(axes):
    """The texts in the middle column, from top to bottom."""
    middle = [text for text in axes.texts if text.get_position()[0] == 0 and text.get_text()]
    return [text.get_text() for text in sorted(middle, key=lambda text: -text.get_position()[1])]


def test_layers_are_drawn_from_top_to_bottom():
    plain, kept, changed = residual_blocks(
        [Block("plain", BODY, None), Block("residual", BODY), Block("new shape", BODY, "1×1\nBN", after=())]
    ).axes
    assert column(plain) == ["x", *BODY, "ReLU", "y"]
    assert column(kept) == ["x", *BODY, "+", "ReLU", "y"]
    assert column(changed) == ["x", *BODY, "+", "y"]
    assert [axes.get_title() for axes in (plain, kept, changed)] == ["plain", "residual", "new shape"]


def test_a_shortcut_is_named_only_where_it_does_something():
    kept, changed = residual_blocks([Block("a", BODY), Block("b", BODY, "1×1\nBN")]).axes
    assert "1×1\nBN" in [text.get_text() for text in changed.texts]
    assert len(changed.patches) == len(kept.patches) + 1


def test_boxes_do_not_touch():
    axes = residual_blocks([Block("a", BODY)]).axes[0]
    extents = [patch.get_path().get_extents(patch.get_patch_transform()) for patch in axes.patches]
    heights = sorted((extent.y0, extent.y1) for extent in extents)
    assert len(heights) == len(BODY) + 2  # the layers, the sum and the ReLU behind it
    assert all(lower[1] < upper[0] for lower, upper in zip(heights, heights[1:], strict=False))


@pytest.mark.parametrize("blocks", [[], [Block("empty", ())], [Block("a", BODY)] * 6])
def test_what_cannot_be_drawn_is_refused(blocks):
    with pytest.raises(ValueError, match="blocks must"):
        residual_blocks(blocks)
