"""Figures: what is drawn is what was given, bad input is named, and nothing overlaps."""

import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cnncourse import viz
from cnncourse.numpy_nn import functional as F
from cnncourse.viz.nested import SETS, WANTED, function_classes
from cnncourse.viz.normalisation import normalisation_groups, shared_numbers
from cnncourse.viz.valley import valley_paths

RNG = np.random.default_rng(0)
KERNEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
IMAGE = RNG.integers(0, 9, (5, 6))
MASK = np.zeros((32, 40), int)
MASK[3:9, 30:40] = 2

FIGURES = {
    "pixel_grid": lambda: viz.pixel_grid(IMAGE, "a title", first=(100, 2000)),
    "value_row": lambda: viz.value_row([IMAGE, -IMAGE[:3, :3]], ["a", "a longer title"]),
    "valley_paths": lambda: valley_paths({"a": [[-4, 1], [-1, 0.2]], "b": [[-4, 1], [0, 0]]}, (1, 9)),
    "pixel_grid, one pixel": lambda: viz.pixel_grid(np.array([[0.5]])),
    "image_row": lambda: viz.image_row([IMAGE, RNG.random((3, 4, 9)), RNG.random((1, 4, 4))], ["a", "b\nc", "d"]),
    "image_row, two rows": lambda: viz.image_row([IMAGE] * 5, list("abcde"), columns=3, bar=True),
    "kernel_row": lambda: viz.kernel_row([KERNEL, RNG.normal(size=(5, 5))], ["Sobel", "random"]),
    "kernel_row, large": lambda: viz.kernel_row(RNG.normal(size=(4, 11, 11)), columns=2),
    "feature_maps": lambda: viz.feature_maps(RNG.normal(size=(11, 6, 7))),
    "feature_maps, constant": lambda: viz.feature_maps(np.zeros((2, 3, 3))),
    "sliding_window": lambda: viz.sliding_window(IMAGE, KERNEL, (1, 2)),
    "sliding_window, padded": lambda: viz.sliding_window(IMAGE, KERNEL, (1, 1), stride=2, padding=1),
    "sliding_window, dilated": lambda: viz.sliding_window(IMAGE, KERNEL[:2], (0, 1), dilation=2),
    "scene_row": lambda: viz.scene_row(
        RNG.random((2, 3, 32, 40)), ["bag", "coat"], [MASK, None], [None, [(1, 0, 9, 5), (30, 3, 40, 9)]]
    ),
    "line_chart": lambda: viz.line_chart(range(3), {"a": [1, 2, 3], "b": [3, 2, 1]}, "x", "y", "title", log="y"),
    "line_panels": lambda: viz.line_panels(
        range(3), {"one": {"a": [1, 2, 3]}, "two": {"a": [3, 2, 1]}}, "x", ["y", "z"], log="y", legend="over"
    ),
    "normalisation_groups": lambda: normalisation_groups(images=2),
    "function_classes": function_classes,
    "training_curves": lambda: viz.training_curves({"CNN": [1.0, 0.5], "MLP": [1.0, 0.7, 0.6]}, {"CNN": [0.5, 0.8]}),
    "bar_chart": lambda: viz.bar_chart({"a": 1.0, "b": 1e6}, "count", "title", log=True),
    "bar_chart, grouped": lambda: viz.bar_chart(
        {"MLP": {"plain": 0.8, "shuffled": 0.8}, "CNN": {"plain": 0.9, "shuffled": 0.8}}, "accuracy", "title",
        spread={"MLP": {"plain": 0.01, "shuffled": 0.0}, "CNN": {"plain": 0.02, "shuffled": 0.01}},
    ),
}  # fmt: skip


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_draws_on_white_and_no_titles_overlap(name):
    figure = FIGURES[name]()
    assert isinstance(figure, Figure)
    assert figure.get_facecolor() == (1, 1, 1, 1)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    boxes = [axes.title.get_window_extent(renderer) for axes in figure.axes if axes.get_title()]
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other), f"two titles of {name} overlap"
    width, height = canvas.get_width_height()
    for box in boxes:
        corners = (box.x0, box.y0, width + 1 - box.x1, height + 1 - box.y1)
        assert min(corners) >= 0, f"a title of {name} is cut"


def test_pixel_values_are_written_where_they_are():
    figure = viz.pixel_grid(np.array([[0, 255, 7], [1, 2, 3]], np.uint8), first=(10, 20))
    found = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    assert found == {(0, 0): "0", (1, 0): "255", (2, 0): "7", (0, 1): "1", (1, 1): "2", (2, 1): "3"}
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["10", "11"]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["20", "21", "22"]


def test_ink_is_dark_on_light_cells_and_light_on_dark_ones():
    figure = viz.pixel_grid(np.array([[0, 255]], np.uint8))
    assert [text.get_color() for text in figure.axes[0].texts] == ["white", "black"]


def test_a_tiny_negative_number_is_not_written_as_minus_zero():
    assert texts(viz.pixel_grid(np.array([[-0.001, 0.25]]))) == ["0.00", "0.25"]


def test_images_of_a_row_share_their_scale_unless_told_otherwise():
    dim, bright = np.array([[0.0, 1.0]]), np.array([[0.0, 4.0]])
    limits = [axes.images[0].get_clim() for axes in viz.image_row([dim, bright]).axes]
    assert limits == [(0, 4), (0, 4)]
    black, grey = np.zeros((2, 3)), np.full((2, 3), 3.0)
    limits = [axes.images[0].get_clim() for axes in viz.image_row([dim, bright, black, grey], share=False).axes]
    assert limits == [(0, 1), (0, 4), (0, 1), (2.5, 3.5)]
    signed = viz.image_row([black], share=False, signed=True)
    assert signed.axes[0].images[0].get_clim() == (-0.5, 0.5)


def test_zero_is_the_middle_of_a_signed_scale():
    for figure in (viz.image_row([np.array([[-1.0, 3.0]])], signed=True), viz.kernel_row([[[-1.0, 3.0]]])):
        assert figure.axes[0].images[0].get_clim() == (-3, 3)


def test_channels_first_and_last_draw_the_same_picture():
    image = RNG.random((3, 5, 7))
    first, last = (viz.image_row([x]).axes[0].images[0].get_array() for x in (image, image.transpose(1, 2, 0)))
    np.testing.assert_array_equal(first, last)
    np.testing.assert_array_equal(first, image.transpose(1, 2, 0))


@pytest.mark.parametrize(
    ("position", "stride", "padding", "dilation"),
    [((1, 2), 1, 0, 1), ((0, 3), 1, 0, 1), ((1, 1), 2, 1, 1), ((2, 2), 2, 1, 1), ((0, 1), 1, 0, 2), ((1, 1), 3, 2, 2)],
)
def test_the_sliding_window_shows_pytorchs_numbers(position, stride, padding, dilation):
    import torch

    image = RNG.integers(-4, 9, (5, 6))
    x, w = (torch.tensor(a, dtype=torch.float64)[None, None] for a in (image, KERNEL))
    wanted = torch.nn.functional.conv2d(x, w, stride=stride, padding=padding, dilation=dilation)[0, 0].numpy()
    figure = viz.sliding_window(image, KERNEL, position, stride, padding, dilation)
    output, products = figure.axes[4], figure.axes[3]
    written = {(text.get_position()[1], text.get_position()[0]): float(text.get_text()) for text in output.texts}
    reached = [place for place in np.ndindex(*wanted.shape) if place <= position]
    assert written == {place: wanted[place] for place in reached}
    assert sum(float(text.get_text()) for text in products.texts) == wanted[position]
    assert f"(sum {wanted[position]:.0f})" in products.get_title()


def test_a_box_frames_the_pixels_that_it_names():
    figure = viz.scene_row(np.zeros((1, 3, 8, 9)), boxes=[[(3, 2, 9, 5)]])
    frame = figure.axes[0].patches[-1]
    assert (frame.get_x(), frame.get_y(), frame.get_width(), frame.get_height()) == (2.5, 1.5, 6, 3)


def test_regions_have_ten_different_colours():
    numbers = np.arange(11)[None]
    tint = viz.scene_row(np.zeros((1, 3, 1, 11)), regions=[numbers]).axes[0].images[1].get_array()
    assert tint[0, 0, 3] == 0
    assert len({tuple(colour) for colour in tint[0, 1:]}) == 10


def test_bars_carry_their_values_and_differ_without_colour():
    figure = viz.bar_chart({"x": {"a": 1.5, "b": 2}, "y": {"a": 3, "b": 4}}, "count", decimals=1)
    assert texts(figure) == ["1.5", "3.0", "2.0", "4.0"]
    assert len({bar.get_hatch() for bar in figure.axes[0].patches}) == 2


def test_lines_differ_without_colour():
    figure = viz.line_chart(range(4), {name: range(4) for name in "abcdef"}, "x", "y")
    assert len({line.get_marker() for line in figure.axes[0].lines}) == 6
    assert len({line.get_linestyle() for line in figure.axes[0].lines}) == 4


def test_lines_of_several_starts_are_their_means_with_standard_deviations():
    figure = viz.line_chart([1, 2], {"a": [[1, 3], [5, 5]], "b": [4, 4]}, "x", "y")
    mean, other = (line for line in figure.axes[0].lines if line.get_label() in "ab")
    assert list(mean.get_ydata()) == [2, 5]
    assert list(other.get_ydata()) == [4, 4]
    (bars,) = figure.axes[0].collections  # the line that has one number per point has no bars
    ends = [segment[:, 1] for segment in bars.get_segments()]
    assert np.allclose(ends, [[2 - 2**0.5, 2 + 2**0.5], [5, 5]])
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["a", "b"]


@pytest.mark.parametrize(
    ("picture", "framed"),
    [
        (np.eye(12), False),  # two white corners of 44
        (1 - np.pad(np.ones((4, 4)), 1), True),
        (np.pad(np.ones((4, 4)), 1), False),  # white inside, black at the rim
        (np.full((4, 4, 3), 255, np.uint8), True),
        (np.full((4, 4, 3), (255, 0, 0), np.uint8), False),
    ],
)
def test_a_picture_as_white_as_the_page_has_a_frame(picture, framed):
    figure = viz.image_row([np.zeros((4, 4)), picture], share=False)
    assert {spine.get_visible() for place in figure.axes for spine in place.spines.values()} == {framed}


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: viz.pixel_grid(np.zeros((33, 2))), "image"),
        (lambda: viz.pixel_grid(np.zeros((2, 2, 3))), "image"),
        (lambda: viz.image_row([]), "images"),
        (lambda: viz.image_row([np.zeros((2, 2))], ["a", "b"]), "titles"),
        (lambda: viz.image_row([np.zeros((4, 5, 2))]), r"images\[0\]"),
        (lambda: viz.kernel_row(np.zeros((1, 1, 3, 3))), "kernels"),
        (lambda: viz.feature_maps(np.zeros((2, 2))), "maps"),
        (lambda: viz.sliding_window(np.zeros((5, 5)), np.zeros((3, 3)), (3, 0)), "position"),
        (lambda: viz.sliding_window(np.zeros((5, 5)), np.zeros((3, 3)), dilation=3), "kernel"),
        (lambda: viz.sliding_window(np.zeros((12, 5)), np.zeros((3, 3)), padding=1), "image"),
        (lambda: viz.scene_row(np.zeros((2, 3, 4, 4)), boxes=[[(0, 0, 1, 1)]]), "boxes"),
        (lambda: viz.scene_row(np.zeros((1, 3, 4, 4)), boxes=[[(0, 3, 1, 3)]]), "boxes"),
        (lambda: viz.bar_chart({}, "y"), "values"),
        (lambda: viz.bar_chart({"a": {"x": 1}, "b": {"y": 1}}, "y"), "every group"),
        (lambda: viz.line_chart([], {}, "x", "y"), "series"),
        (lambda: viz.figure_grid(0, 2), "rows"),
    ],
)
def test_bad_input_is_named(call, named):
    with pytest.raises(ValueError, match=named):
        call()


def test_panels_need_the_same_labels_everywhere():
    with pytest.raises(ValueError, match="same labels"):
        viz.line_panels([1, 2], {"one": {"a": [1, 2]}, "two": {"b": [1, 2]}}, "x", "y")


@pytest.mark.parametrize("kind", ["batch", "layer", "instance", "group"])
def test_the_coloured_maps_are_those_that_the_first_image_depends_on(kind):
    x = RNG.normal(size=(4, 6, 3, 3))
    norms = {
        "batch": lambda x: F.batch_norm(x, None, None, training=True),
        "layer": lambda x: F.layer_norm(x, (6, 3, 3)),
        "instance": F.instance_norm,
        "group": lambda x: F.group_norm(x, 2),
    }
    before = norms[kind](x)[0, 0]
    for n, c in np.ndindex(4, 6):
        changed = x.copy()
        changed[n, c] = RNG.normal(size=(3, 3))
        assert (not np.allclose(norms[kind](changed)[0, 0], before)) == shared_numbers(kind)[n, c]


def test_another_kind_of_normalisation_is_named():
    with pytest.raises(ValueError, match="kind"):
        shared_numbers("weight")
    with pytest.raises(ValueError, match="multiple"):
        shared_numbers("group", channels=5)


def test_only_nested_sets_contain_one_another_and_none_holds_the_wanted_function():
    def inside(small, large):
        (x, y), radius = small
        (u, v), outer = large
        return np.hypot(x - u, y - v) + radius <= outer

    for title, circles in SETS.items():
        contained = [inside(small, large) for small, large in itertools.pairwise(circles)]
        assert contained == [title == "nested"] * 2
        assert not any(inside((WANTED, 0), circle) for circle in circles)
