"""The judgements: by hand, against a second way to compute them, and on maps that are right by construction."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from cnncourse import explain
from cnncourse.data import scenes
from tests.explain.networks import one_linear_head, pictures, small

RNG = np.random.default_rng(0)


def test_pointing_game_counts_the_first_maximum_with_half_open_boxes():
    maps = np.zeros((6, 4, 5))
    maps[0, 1, 3] = 2  # (x, y) = (3, 1)
    maps[1, 1, 3] = maps[1, 3, 0] = 1  # the first of two
    maps[2, 3, 4] = 1
    maps[3] = -5
    maps[3, 2, 0] = -1
    maps[4, 1, 3] = 1
    boxes = np.array([[3, 1, 4, 2], [0, 3, 1, 4], [3, 2, 5, 4], [0, 2, 1, 3], [0, 0, 3, 2], [0, 0, 1, 1]])
    assert explain.hits(maps, boxes).tolist() == [True, False, True, True, False, True]
    assert explain.pointing_game(maps, boxes) == 4 / 6
    assert explain.pointing_game(torch.from_numpy(maps), boxes.astype(np.float32)) == 4 / 6
    swapped = boxes[:, [1, 0, 3, 2]]
    assert explain.pointing_game(maps, swapped) != 4 / 6
    masks = np.zeros((6, 4, 5), bool)
    for mask, (x0, y0, x1, y1) in zip(masks, boxes, strict=True):
        mask[y0:y1, x0:x1] = True
    assert np.array_equal(explain.hits(maps, masks), explain.hits(maps, boxes))


def test_share_inside_counts_what_is_positive():
    maps = np.array([[[1.0, 3.0], [-9.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]], [[-1.0, -2.0], [-3.0, -4.0]]])
    masks = np.array([[[False, True], [True, False]], [[True, False], [False, False]], [[True, True], [True, False]]])
    np.testing.assert_allclose(explain.share_inside(maps, masks), [3 / 8, 1 / 4, 3 / 4])
    assert maps[1].max() == 0  # not changed


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: explain.pointing_game(np.zeros((2, 3)), np.zeros((2, 4))), "maps: expected finite numbers"),
        (lambda: explain.pointing_game(np.zeros((0, 3, 3)), np.zeros((0, 4))), "maps: expected .* N at least 1"),
        (lambda: explain.pointing_game(np.full((1, 3, 3), np.nan), np.zeros((1, 4))), "maps: expected finite"),
        (lambda: explain.pointing_game(np.zeros((2, 3, 3)), np.zeros((3, 4))), "boxes: expected"),
        (lambda: explain.share_inside(np.zeros((2, 3, 3)), np.zeros((2, 3, 3))), "masks: expected bool"),
        (lambda: explain.area_under([1.0]), "curve: expected at least two"),
        (lambda: explain.deletion_curve(abs, np.zeros((1, 3, 3)), 0, np.zeros((3, 4))), "importance, steps: expected"),
        (
            lambda: explain.insertion_curve(lambda x: x[:, 0, 0], np.zeros((1, 3, 3)), 3, np.zeros((3, 3))),
            "label: expected a class",
        ),
        (lambda: explain.similarity(np.zeros((2, 3, 3)), np.zeros((2, 3, 4))), "others: expected"),
        (lambda: explain.randomise(small(), np.random.default_rng(0), 9), "layers: expected 0 to 5, got 9"),
    ],
)
def test_refusals(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_deletion_and_insertion_by_hand():
    """The prediction is the picture's sum: with the order known, so is the curve."""
    image = np.array([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    importance = np.array([[9, 1, 7], [7, 3, 2]])  # order: 1, 3, 4, 5, 6, 2

    def predict(x):
        return np.stack([x.sum(axis=(1, 2, 3)), 0 * x[:, 0, 0, 0]], axis=1)

    got = explain.deletion_curve(predict, image, 0, importance, steps=6)
    np.testing.assert_array_equal(got, [21, 20, 17, 13, 8, 2, 0])
    got = explain.insertion_curve(predict, image, 0, importance, steps=3, fill=1.0)
    np.testing.assert_array_equal(got, [6, 6 + 0 + 2, 6 + 2 + 3 + 4, 21])
    assert explain.deletion_curve(predict, image, 1, importance, steps=4).tolist() == [0] * 5
    np.testing.assert_array_equal(explain.deletion_curve(predict, image, 0, importance, steps=4, fill=image), [21] * 5)
    assert explain.area_under([21, 17, 8, 0]) == pytest.approx(np.trapezoid([21, 17, 8, 0]) / 3)
    assert image.tolist() == [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]


def test_for_a_linear_network_integrated_gradients_have_the_best_curves():
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 12 * 8, 4)).double()
    images, _ = pictures(1)

    def predict(x):
        return model(torch.from_numpy(x)).detach().numpy()

    best = explain.integrated_gradients(model, images, [2])[0]
    image = images[0].numpy()
    falls = explain.area_under(explain.deletion_curve(predict, image, 2, best))
    rises = explain.area_under(explain.insertion_curve(predict, image, 2, best))
    for _ in range(20):
        other = RNG.random((12, 8))
        assert explain.area_under(explain.deletion_curve(predict, image, 2, other)) > falls
        assert explain.area_under(explain.insertion_curve(predict, image, 2, other)) < rises


def test_similarity_is_spearmans_and_constants_resemble_nothing():
    maps, others = RNG.integers(0, 6, (3, 5, 4)) * 1.0, RNG.standard_normal((3, 5, 4))
    want = [stats.spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(maps, others, strict=True)]
    np.testing.assert_allclose(explain.similarity(maps, others), want)
    np.testing.assert_allclose(explain.similarity(maps, np.exp(maps)), 1)
    np.testing.assert_allclose(explain.similarity(maps, -maps), -1)
    assert explain.similarity(np.zeros((1, 2, 2)), np.ones((1, 2, 2))).tolist() == [0]


def test_randomising_shuffles_the_last_layers_of_a_copy():
    model = small()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert explain.layers_with_weights(model) == ["0", "1", "4", "8", "10"]
    for count in (0, 2, 5):
        random = explain.randomise(model, np.random.default_rng(1), count)
        changed = {name for name, value in random.state_dict().items() if not torch.equal(value, before[name])}
        # those of one value only, a new batch norm's, cannot change
        names = {"0.weight", "0.bias", "4.weight", "4.bias", "8.weight", "8.bias", "10.weight", "10.bias"}
        assert changed == {n for n in names if n.split(".")[0] in ["0", "1", "4", "8", "10"][5 - count :]}
        for name, value in random.state_dict().items():
            assert torch.equal(value.flatten().sort().values, before[name].flatten().sort().values)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    again = explain.randomise(model, np.random.default_rng(1), 5)
    assert all(torch.equal(a, b) for a, b in zip(random.parameters(), again.parameters(), strict=True))


def test_what_does_not_look_at_the_network_stays_the_same_when_it_is_randomised():
    model, (images, labels) = one_linear_head(), pictures()
    for method in (explain.centre, explain.edges):
        curve = explain.randomisation_curve(method, model, images, labels, (0, 1, 3))
        np.testing.assert_allclose(curve, np.ones((3, 3)))
    curve = explain.randomisation_curve(explain.saliency, model, images, labels, (0, 1, 3))
    np.testing.assert_allclose(curve[0], 1)
    assert (curve[1:] < 0.999).all()


def test_baselines_are_where_they_say():
    images, labels = torch.zeros(2, 3, 5, 7), [0, 0]
    maps = explain.centre(None, images, labels)
    assert maps.shape == (2, 5, 7)
    assert maps[1].argmax() == 2 * 7 + 3
    assert maps[0, 0, 0] == maps[0, -1, -1] == maps.min() == 0
    images[:, :, :, 4:] = 1
    maps = explain.edges(None, images, labels)
    assert maps.shape == (2, 5, 7)
    assert (maps[:, :, [3, 4]] == 4).all()
    assert (maps[:, :, [0, 1, 2, 5, 6]] == 0).all()
    torch.testing.assert_close(explain.edges(None, images.mT.contiguous(), labels), maps.mT)
    first, other = explain.noise(None, images, labels), explain.noise(None, images, labels, np.random.default_rng(1))
    assert not torch.equal(first, other)
    assert torch.equal(first, explain.noise(None, images, labels))


class LooksAtRed(nn.Module):
    """Its logits are known: of class 0 the mean of what is red, of class 1 nothing; two conv layers with ReLU."""

    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 2, 1), nn.Linear(2, 2)
        with torch.no_grad():
            self.conv.weight[:] = torch.tensor([[1.0, -1, -1], [-1.0, 1, 0.5]])[:, :, None, None]
            self.conv.bias[:] = 0
            self.fc.weight[:] = torch.tensor([[40.0, -3.0], [0.0, 0.5]])
            self.fc.bias[:] = 0

    def forward(self, x):
        return self.fc(self.conv(x).relu().mean(dim=(2, 3)))


@pytest.fixture(scope="module")
def red_things():
    """Scenes with a red rectangle on a dark ground, whose labels are 0."""
    batch = scenes(6, seed=3)
    images = np.full_like(batch.images, 20)
    images[:, 0][batch.masks] = 250
    return type(batch)(images, np.zeros(6, np.int64), batch.boxes, batch.instances)


def test_compare_finds_what_looks_at_the_object(red_things):
    network = LooksAtRed()
    network.train()
    found = explain.compare(network, red_things, steps=8)
    assert list(found.values) == [*explain.METHODS, *explain.BASELINES]
    assert found.refused == {}
    assert network.training
    for name in ("CAM", "Grad-CAM", "integrated gradients", "SmoothGrad"):
        assert found.mean(name, "pointing") == 1
    area = red_things.masks.mean(axis=(1, 2))
    assert found.mean("Grad-CAM", "inside") > 0.99
    assert found.mean("occlusion", "inside") > area.mean() + 0.1  # its squares reach over the border
    assert abs(found.mean("random", "inside") - area.mean()) < 0.02
    for judgement, sign in (("deletion", -1), ("insertion", 1)):
        assert sign * (found.mean("CAM", judgement) - found.mean("random", judgement)) > 0.03
    assert found.mean("edges", "randomised") == 1
    np.testing.assert_allclose(
        found.error("random", "inside"), stats.sem(found.values["random"]["inside"]), rtol=1e-12
    )


def test_compare_is_one_table_and_says_what_refused(red_things):
    methods = {"CAM": explain.cam, "saliency": explain.saliency, "edges": explain.edges}
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 2, 9, stride=5), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 25, 2))

    def prepare(images):
        return torch.from_numpy(images).float() / 128 - 1

    found = explain.compare(model, red_things, methods, steps=4, prepare=prepare, batch_size=4)
    assert list(found.values) == ["saliency", "edges"]
    assert "one linear layer" in found.refused["CAM"]
    lines = str(found).splitlines()
    assert lines[0].split() == list(explain.JUDGEMENTS)
    assert [line.split()[0] for line in lines[1:]] == ["saliency", "edges"]
    assert found.rows[0][1] == f"{found.mean('saliency', 'pointing'):.2f} ± {found.error('saliency', 'pointing'):.2f}"
    whole = explain.compare(model, red_things, methods, steps=4, prepare=prepare)
    for name in found.values:
        for judgement in explain.JUDGEMENTS:
            np.testing.assert_allclose(found.values[name][judgement], whole.values[name][judgement], atol=1e-6)
    images = prepare(red_things.images)
    want = explain.pointing_game(explain.saliency(model, images, red_things.labels), red_things.masks)
    assert found.mean("saliency", "pointing") == want


@pytest.mark.parametrize("what", ["several", "classes"])
def test_compare_refuses_what_no_method_could_explain(what):
    batch = scenes(2, objects=(1, 2)) if what == "several" else scenes(3)
    says = "scenes: expected one object per scene" if what == "several" else "labels: expected 0 to 1"
    with pytest.raises(ValueError, match=says):
        explain.compare(LooksAtRed(), batch)
