"""The tour: every row is counted from our networks or has a source, and the plot shows what the table says."""

import itertools
import re

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from cnncourse.numpy_nn import depth, models, summary
from cnncourse.numpy_nn import modules as M
from cnncourse.viz import tour_of_networks
from cnncourse.viz.tour import COLUMNS, entries, time_here

TOUR = tour_of_networks({"LeNet5Original": 0.0005, "mobilenet_v2": 0.04})
STOPS = {stop.name: stop for stop in TOUR.stops}


def test_each_entry_is_whole_and_says_where_its_errors_are_from():
    for entry in entries():
        assert set(entry) <= {"name", "model", "year", "input", "data", "top1", "top5", "crops", "label", "source"}
        assert entry["data"] in ("ImageNet", "CIFAR-10", "MNIST")
        assert re.search(r"[12]\d{3}", entry["source"])  # the year of the paper
        assert re.search(r"table|section", entry["source"])
        assert 0 < entry.get("top5", 0.1) < entry.get("top1", 99) < 100
        assert entry.get("crops") in (None, "1", "10", "all")
        assert entry.get("label") in (None, "left", "above")
    for key in ("name", "model"):
        assert len({entry[key] for entry in entries()}) == len(entries())
    years = [entry["year"] for entry in entries()]
    assert years == sorted(years)


def test_each_network_that_we_have_is_a_row_counted_from_it():
    there = [entry for entry in entries() if hasattr(models, entry["model"])]
    assert [stop.name for stop in TOUR.stops] == [entry["name"] for entry in there]
    assert len(there) >= 15
    for name in ("MobileNetV2", "SE-ResNet-50"):
        stop = STOPS[name]
        counted = summary(getattr(models, stop.model)(), (1, 3, 224, 224))
        assert (stop.parameters, stop.multiply_adds) == (counted.parameters, counted.multiply_adds)
    assert STOPS["ConvNeXt-T"].parameters == 28_589_128


def test_networks_named_after_their_depth_have_it():
    named = {name: int(name.rsplit("-", 1)[1]) for name in STOPS if re.search(r"(VGG|[RDS]\w*Net)-\d+$", name)}
    assert len(named) >= 11
    assert {name: STOPS[name].depth for name in named} == named
    assert (STOPS["MobileNetV2"].depth, STOPS["ConvNeXt-T"].depth) == (53, 59)


def test_depth_takes_the_longest_way_and_no_gate():
    conv, deep = M.Conv2d(2, 2, 1), M.Sequential(M.Conv2d(2, 2, 1), M.ReLU(), M.BatchNorm2d(2), M.Conv2d(2, 2, 1))
    assert depth(M.Sequential(M.Concat(conv, deep, M.Identity()), M.LayerScale(6), M.Flatten(), M.Linear(6, 1))) == 3
    assert depth(M.Residual(M.ReLU(), conv)) == 1
    assert depth(M.Scale(deep)) == 0
    assert depth(models.SqueezeExcitation(4, 2)) == 0


def test_times_are_a_column_only_where_there_are_some():
    place = list(COLUMNS).index("ms here")
    assert list(TOUR.columns) == list(COLUMNS)
    assert {row[0]: row[place] for row in TOUR.rows if row[place] is not None} == {"LeNet-5": 0.5, "MobileNetV2": 40.0}
    untimed = tour_of_networks()
    assert "ms here" not in untimed.columns
    assert all(len(row) == len(untimed.columns) for row in untimed.rows)
    assert [row[:place] + row[place + 1 :] for row in TOUR.rows] == untimed.rows
    assert [name for name, _ in TOUR.sources] == list(STOPS)
    with pytest.raises(ValueError, match="times: expected names of .*, got \\['resnet19'\\]"):
        tour_of_networks({"resnet19": 1.0})


def test_the_plot_shows_each_reported_top_1_error_and_its_labels_can_be_read():
    figure = TOUR.figure()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    place = figure.axes[0]
    drawn = {text.get_text().rsplit(", ", 1)[0]: text for text in place.texts}
    assert set(drawn) == {name for name, stop in STOPS.items() if stop.top1 and stop.data == "ImageNet"}
    dots = [tuple(dot.get_offsets()[0]) for dot in place.collections if len(dot.get_offsets())]
    assert dots == [(STOPS[name].multiply_adds, STOPS[name].top1) for name in drawn]
    boxes = {name: text.get_window_extent(canvas.get_renderer()) for name, text in drawn.items()}
    for one, other in itertools.combinations(boxes, 2):
        assert not boxes[one].overlaps(boxes[other]), f"the names of {one} and {other} overlap"
    legend = place.get_legend().get_window_extent()
    assert not any(box.overlaps(legend) for box in boxes.values())


def test_time_is_measured_of_networks_of_the_tour():
    assert 0 < time_here("LeNet5Original", rounds=1) < 1
    with pytest.raises(ValueError, match="name: expected one of .*, got 'LeNet5'"):
        time_here("LeNet5")
