"""Scenes: the same from the same seed, and true to what they say about themselves."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from cnncourse.data import compose, fashion_mnist, mask_box, photograph, scene, scenes

SHAPES = [
    {"size": 32, "objects": 1},
    {"size": 47, "objects": (1, 3), "split": "test", "seed": 9},
    {"size": 32, "objects": (4, 4)},
    {"size": 128, "objects": (2, 8)},
]


def digest(*arrays) -> str:
    return hashlib.md5(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


@pytest.mark.parametrize("options", SHAPES)
def test_shapes_types_and_ranges(options):
    for index in range(40):
        one = scene(index, **options)
        size = options["size"]
        M = len(one.labels)
        assert one.image.shape == (3, size, size)
        assert one.image.dtype == np.uint8
        assert one.image.flags["C_CONTIGUOUS"]
        assert one.labels.dtype == np.int64
        assert one.labels.min() >= 0
        assert one.labels.max() <= 9
        assert one.boxes.shape == (M, 4)
        assert one.boxes.dtype == np.float32
        assert one.instances.shape == (size, size)
        assert one.instances.dtype == np.uint8
        fewest, most = np.broadcast_to(options["objects"], 2)
        assert fewest <= M <= most


@pytest.mark.parametrize("options", SHAPES)
def test_masks_boxes_and_classes_tell_one_story(options):
    for index in range(40):
        one = scene(index, **options)
        assert set(np.unique(one.instances)) <= set(range(len(one.labels) + 1))
        for i, (x0, y0, x1, y1) in enumerate(one.boxes):
            rows, columns = np.nonzero(one.instances == i + 1)
            assert (x0, y0, x1, y1) == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            assert np.array_equal(one.masks[i], one.instances == i + 1)
            assert set(one.semantic[one.instances == i + 1]) == {one.labels[i] + 1}
        assert np.array_equal(one.mask, one.masks.any(axis=0))
        assert np.array_equal(one.semantic == 0, ~one.mask)


def test_a_scene_does_not_depend_on_which_others_are_asked_for():
    many = scenes(30, seed=4, objects=(1, 3), size=40)
    later = scenes(5, seed=4, objects=(1, 3), size=40, start=20)
    for name in ("images", "labels", "boxes", "instances"):
        assert np.array_equal(getattr(many, name)[20:25], getattr(later, name))
    alone = scene(23, seed=4, objects=(1, 3), size=40)
    assert np.array_equal(alone.image, many.images[23])
    assert np.array_equal(alone.instances, many.instances[23])


def test_the_same_seed_gives_the_same_bytes_in_another_process():
    code = (
        "import hashlib; from cnncourse.data import scenes;"
        "batch = scenes(50, seed=1, size=40, objects=(1, 3));"
        "print(hashlib.md5(batch.images.tobytes() + batch.labels.tobytes()).hexdigest())"
    )
    batch = scenes(50, seed=1, size=40, objects=(1, 3))
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == digest(batch.images, batch.labels)


def test_the_scenes_of_the_lessons_stay_what_they_are():
    """Lessons print numbers measured on these scenes: a change of a byte has to be a decision."""
    one, several = scenes(200), scenes(100, seed=3, split="test", size=64, objects=(1, 3))
    got = [digest(batch.images, batch.labels, batch.boxes, batch.instances) for batch in (one, several)]
    assert got == ["1e5fe3a2d3cd3e3eac1a990b48cd3667", "f14bc39cb0d8b471ddea2cfbe78d1a87"]


def test_seeds_indices_and_splits_give_different_scenes():
    seen = {
        digest(scene(index, seed=seed, split=split).image)
        for index in range(20)
        for seed in (0, 1)
        for split in ("train", "test")
    }
    assert len(seen) == 80


def test_splits_share_no_garment_and_no_pixel_of_a_photograph():
    train, test = (compose.garments(split)[0] for split in ("train", "test"))
    assert np.array_equal(train, fashion_mnist("train")[0])
    assert np.array_equal(test, fashion_mnist("test")[0])
    for name, left, right in zip(
        compose.BACKGROUNDS, compose.photograph_parts("train"), compose.photograph_parts("test"), strict=True
    ):
        whole = photograph(name)
        whole = whole if whole.ndim == 3 else np.repeat(whole[:, :, None], 3, axis=2)
        border = left[0].shape[1]
        assert np.array_equal(left[0], whole[:, :border])
        assert np.array_equal(right[0], whole[:, border:])
        assert min(right[0].shape[:2]) >= 128  # the largest scene fits


def test_outside_the_garments_the_photograph_is_untouched():
    """Away from the masks a scene is its background; inside it is something else."""
    for index in range(30):
        one = scene(index, seed=2, size=64, objects=(1, 3))
        rng = np.random.default_rng([2, 0, index])
        bare = (compose.background(rng, "train", 64) + 0.5).astype(np.uint8).transpose(2, 0, 1)
        changed = (one.image != bare).any(axis=0)
        # Soft edges reach a few pixels out where 28×28 garments are magnified.
        near = np.pad(one.mask, 4)
        near = np.any([np.roll(near, (i, j), (0, 1)) for i in range(-4, 5) for j in range(-4, 5)], axis=0)[
            4:-4, 4:-4
        ]
        assert not (changed & ~near).any()
        assert changed[one.mask].mean() > 0.95


def test_every_garment_shows_at_least_half_of_itself():
    rng = np.random.default_rng(0)
    images, outlines, _ = compose.garments("train")
    hidden = []
    for _ in range(60):
        canvas, instances, whole = np.zeros((32, 32, 3), np.float32), np.zeros((32, 32), np.uint8), []
        for garment in rng.integers(len(images), size=4):
            compose.paste(rng, canvas, instances, whole, images[garment], outlines[garment], 4)
            shown = np.bincount(instances.ravel(), minlength=len(whole) + 1)[1:]
            assert shown[-1] == whole[-1]
            assert (2 * shown >= whole).all()
        hidden += list(1 - shown / whole)
    assert max(hidden) > 0.3  # they do overlap


def test_classes_positions_and_colours_vary():
    batch = scenes(600)
    assert np.bincount(batch.labels, minlength=10).min() > 30
    heights = batch.boxes[:, 3] - batch.boxes[:, 1]
    assert heights.min() < 12
    assert heights.max() == 32
    assert len(np.unique(batch.boxes[:, 0])) > 10
    brightest = np.array([batch.images[n][:, batch.masks[n]].mean(axis=1).argmax() for n in range(600)])
    assert np.bincount(brightest, minlength=3).min() > 100


def test_labels_are_those_of_the_garments(monkeypatch):
    """With one garment only to choose from, its silhouette and its class come out."""
    images, outlines, labels = compose.garments("train")
    boot = int(np.flatnonzero(labels == 9)[0])
    only = images[boot : boot + 1], outlines[boot : boot + 1], labels[boot : boot + 1]
    monkeypatch.setattr("cnncourse.data.garment_scenes.garments", lambda split: only)
    filling = outlines[boot].mean()
    for index in range(20):
        one = scene(index, size=64)
        assert one.labels.tolist() == [9]
        x0, y0, x1, y1 = one.boxes[0].astype(int)
        rows, columns = np.nonzero(outlines[boot])
        box_share = filling * 28 * 28 / ((np.ptp(rows) + 1) * (np.ptp(columns) + 1))
        assert abs(one.mask[y0:y1, x0:x1].mean() - box_share) < 0.08


def test_one_object_gives_flat_labels_and_several_padded_ones():
    single = scenes(6, seed=1)
    assert (single.labels.shape, single.boxes.shape) == ((6,), (6, 4))
    assert np.array_equal(single.semantic.max(axis=(1, 2)), single.labels + 1)
    pair = scenes(6, seed=1, objects=(1, 1))
    assert (pair.labels.shape, pair.boxes.shape) == ((6, 1), (6, 1, 4))
    assert np.array_equal(pair.images, single.images)

    several = scenes(40, seed=1, objects=(1, 3), size=48)
    assert (several.labels.shape, several.boxes.shape) == ((40, 3), (40, 3, 4))
    assert len(several) == 40
    counts = several.instances.max(axis=(1, 2))
    assert set(counts) == {1, 2, 3}
    for n in range(40):
        one = scene(n, seed=1, objects=(1, 3), size=48)
        M = len(one.labels)
        assert M == counts[n]
        assert np.array_equal(several.labels[n, :M], one.labels)
        assert (several.labels[n, M:] == -1).all()
        assert (several.boxes[n, M:] == -1).all()
        assert np.array_equal(several.semantic[n], one.semantic)
        assert np.array_equal(several.masks[n], one.mask)
    assert len(scenes(0)) == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"split": "valid"}, 'split: expected "train" or "test"'),
        ({"index": -1}, "index: expected an int of at least 0, got -1"),
        ({"index": 1.5}, "index: expected an int"),
        ({"seed": -2}, "seed: expected an int of at least 0, got -2"),
        ({"size": 31}, "size: expected an int from 32 to 128, got 31"),
        ({"size": 129}, "size: expected"),
        ({"size": 32.0}, "size: expected"),
        ({"objects": 0}, "objects: expected a number or a pair .* from 1 to 4, got 0"),
        ({"objects": 5}, "objects: expected"),
        ({"objects": (3, 2)}, "objects: expected"),
        ({"objects": (1, 2, 3)}, "objects: expected"),
        ({"objects": True}, "objects: expected"),
        ({"objects": "two"}, "objects: expected"),
    ],
)
def test_bad_arguments_are_named(options, says):
    with pytest.raises(ValueError, match=says):
        scene(**{"index": 0, **options})


def test_a_negative_count_is_refused():
    with pytest.raises(ValueError, match="count: expected at least 0, got -1"):
        scenes(-1)


def test_mask_box_is_half_open_and_refuses_an_empty_mask():
    mask = np.zeros((5, 7), bool)
    mask[2, 3] = True
    assert mask_box(mask) == (3, 2, 4, 3)
    mask[4, 6] = True
    assert mask_box(mask) == (3, 2, 7, 5)
    with pytest.raises(ValueError, match="at least one true pixel"):
        mask_box(np.zeros((2, 2), bool))


def test_silhouettes_keep_gaps_and_fill_pinholes():
    image = np.full((1, 9, 11), 200, np.uint8)
    image[0, :, 5] = 0  # a gap, as between two legs
    image[0, 4, 2] = 3  # a dark button
    image[0, 0, :] = image[0, -1, :] = image[0, :, 0] = image[0, :, -1] = 0
    found = compose.silhouettes(image)[0]
    assert found[4, 2]
    assert found[4, 3]
    assert not found[1:8, 5].any()
    alone = np.zeros((1, 9, 9), np.uint8)
    alone[0, 4, 4] = 255  # dust
    assert not compose.silhouettes(alone).any()


def test_resizing_keeps_flat_pictures_flat_and_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    pixels = np.random.default_rng(0).integers(256, size=(28, 28, 2), dtype=np.uint8)
    for side in (14, 19, 28, 61):
        wanted = torch.nn.functional.interpolate(
            torch.from_numpy(pixels.transpose(2, 0, 1)[None].astype(np.float32)),
            size=(side, side),
            mode="bilinear",
            align_corners=False,
        )[0].numpy()
        assert np.allclose(compose.resize(pixels, side).transpose(2, 0, 1), wanted, atol=1e-3)
    flat = np.full((28, 28, 1), 77, np.uint8)
    assert (compose.resize(flat, 10) == 77).all()
    stripes = np.zeros((28, 28, 1), np.uint8)
    stripes[::2] = 200  # one row of two: at a third of the size no row may win or vanish
    assert np.allclose(compose.resize(stripes, 10), 100)
