"""Patches of photographs and faces: there without a network, in two parts that share nothing."""

import hashlib
import re
import socket
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from cnncourse import data
from cnncourse.data import CorruptDataError, MissingDataError, faces, patches, photograph, photograph_patches, photos

DOCUMENT = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")


@pytest.fixture
def no_network(monkeypatch):
    def refused(*arguments, **options):
        raise AssertionError("data were asked for over the network")

    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket.socket, "connect", refused)
    patches.photograph_halves.cache_clear()


@pytest.mark.parametrize(("grey", "channels"), [(True, 1), (False, 3)])
def test_patches_are_in_the_wheel_and_show_something(no_network, grey, channels):
    images, labels = photograph_patches(3, size=40, grey=grey)
    assert images.shape == (48, channels, 40, 40)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert labels.tolist() == list(range(16)) * 3
    assert images.reshape(48, -1).std(axis=1).min() > 2
    assert len({image.tobytes() for image in images}) == 48


def test_training_patches_are_from_the_left_half_and_test_patches_from_the_right():
    for split in ("train", "test"):
        images, labels = photograph_patches(2, split, size=24, grey=False)
        for image, label in zip(images, labels, strict=True):
            whole = np.atleast_3d(photograph(data.PATCH_CLASSES[label]))
            whole = np.broadcast_to(whole, (*whole.shape[:2], 3)).transpose(2, 0, 1)
            border = whole.shape[2] // 2
            half = whole[:, :, :border] if split == "train" else whole[:, :, border:]
            windows = np.lib.stride_tricks.sliding_window_view(half[:, :, :], (24, 24), (1, 2))
            y, x = np.nonzero((windows[:, :, :, 0, 0] == image[:, 0, 0, None, None]).all(axis=0))
            assert any(np.array_equal(windows[:, i, j], image) for i, j in zip(y, x, strict=True))


def test_a_patch_does_not_depend_on_which_others_are_asked_for():
    many, few = photograph_patches(4, seed=3)[0], photograph_patches(2, seed=3)[0]
    assert np.array_equal(many[:32], few)
    assert not np.array_equal(photograph_patches(2, seed=4)[0], few)
    assert photograph_patches(0)[0].shape == (0, 1, 48, 48)
    assert photograph_patches(1, size=128)[0].shape == (16, 1, 128, 128)


def test_grey_is_the_usual_mixture():
    colour, grey = (photograph_patches(2, size=16, grey=g)[0] for g in (False, True))
    mixture = np.tensordot([0.299, 0.587, 0.114], colour.astype(float), (0, 1))
    same = [np.abs(grey[n, 0] - mixture[n]).max() <= 0.51 for n in range(32)]
    assert np.mean(same) > 0.8  # the rest was flat in one of the two and drawn again


def test_patches_and_faces_stay_what_they_are():
    """Lessons print numbers measured on them: a change of a byte has to be a decision."""
    digests = [hashlib.md5(images.tobytes()).hexdigest() for images in
               (photograph_patches(5)[0], photograph_patches(2, "test", 33, 7, False)[0], faces()[0])]  # fmt: skip
    assert digests == DIGESTS


DIGESTS = [
    "7ad06a666f7df460d54b3dd6e549c969",
    "ca2cf329d6f9a72c8a721586a2ddc1e3",
    "11466470d096ead05f4e720e01875673",
]


def test_faces_are_in_the_wheel(no_network):
    images, labels = faces()
    tests, test_labels = faces("test")
    assert (images.shape, tests.shape) == ((140, 25, 25), (60, 25, 25))
    assert images.dtype == np.uint8
    assert labels.sum() == 70
    assert test_labels.sum() == 30
    assert len({image.tobytes() for image in np.concatenate([images, tests])}) == 200
    whole = np.load(files("skimage") / "data" / "lfw_subset.npy")
    assert np.abs(images[labels == 1] / 255 - whole[:70]).max() < 0.51 / 255
    assert np.abs(tests[test_labels == 0] / 255 - whole[170:]).max() < 0.51 / 255


def test_broken_files_say_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(patches, "wheel_file", lambda name: tmp_path / name)
    with pytest.raises(MissingDataError, match=r"lfw_subset\.npy is missing") as caught:
        faces()
    assert "reinstall scikit-image" in caught.value.cure
    (tmp_path / "lfw_subset.npy").write_bytes(b"no array")
    with pytest.raises(CorruptDataError, match="not a sound array"):
        faces()
    np.save(tmp_path / "lfw_subset.npy", np.zeros((3, 25, 25)))
    with pytest.raises(CorruptDataError, match=r"holds \(3, 25, 25\)"):
        faces()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: faces("valid"), 'split: expected "train" or "test"'),
        (lambda: photograph_patches(1, "valid"), 'split: expected "train" or "test"'),
        (lambda: photograph_patches(-1), "per_class: expected an int from 0"),
        (lambda: photograph_patches(True), "per_class: expected an int"),
        (lambda: photograph_patches(1, size=7), "size: expected an int from 8 to 128, got 7"),
        (lambda: photograph_patches(1, size=129), "size: expected an int"),
        (lambda: photograph_patches(1, seed=0.5), "seed: expected an int"),
        (lambda: photograph("dog"), "name: expected one of astronaut, .*, clock; got 'dog'"),
    ],
)
def test_bad_arguments_are_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_the_page_of_sources_names_every_file_that_is_read():
    rows = set(re.findall(r"^\| `([^`]+)`", DOCUMENT, flags=re.MULTILINE))
    read = {*photos.PHOTOGRAPHS.values(), *photos.FURTHER_PHOTOGRAPHS.values(), "lfw_subset.npy"}
    assert read <= rows
    for name in read:
        assert photos.wheel_file(name).is_file()
