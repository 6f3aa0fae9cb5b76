"""Photographs: all there, right side up, never from the network."""

import socket

import numpy as np
import pytest

from cnncourse.data import PHOTOGRAPHS, CorruptDataError, MissingDataError, photograph, photographs, photos
from cnncourse.data.photos import photograph_path

COLOURED = {"astronaut", "cat", "coffee", "rocket", "motorcycle", "hubble"}


def test_all_are_read_with_the_network_off(monkeypatch):
    def refused(*arguments, **options):
        raise AssertionError("a photograph was asked for over the network")

    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket.socket, "connect", refused)
    pictures = photographs()
    assert set(pictures) == set(PHOTOGRAPHS)
    assert len(pictures) >= 10
    for name, pixels in pictures.items():
        assert pixels.dtype == np.uint8
        assert pixels.shape[2:] == ((3,) if name in COLOURED else ())
        assert min(pixels.shape[:2]) >= 300
        assert int(pixels.max()) - int(pixels.min()) > 100


def test_names_fit_what_scikit_image_gives():
    data = pytest.importorskip("skimage.data")
    for ours, theirs in {
        "cat": "chelsea",
        "astronaut": "astronaut",
        "coffee": "coffee",
        "camera": "camera",
    }.items():
        assert np.array_equal(photograph(ours), getattr(data, theirs)())


def test_each_call_gives_an_array_of_its_own():
    first = photograph("cat")
    first[:] = 0
    assert photograph("cat").any()


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="name: expected one of astronaut, .*; got 'dog'"):
        photograph("dog")


def test_missing_or_broken_file_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(photos, "photograph_path", lambda name: tmp_path / "cat.png")
    with pytest.raises(MissingDataError, match=r"cat\.png is missing") as caught:
        photograph("cat")
    assert "reinstall scikit-image" in caught.value.cure
    (tmp_path / "cat.png").write_bytes(b"not an image")
    with pytest.raises(CorruptDataError, match=r"cat\.png is not a sound image"):
        photograph("cat")
    (tmp_path / "cat.png").write_bytes(photograph_path("cat").read_bytes()[:3000])
    with pytest.raises(CorruptDataError, match=r"cat\.png is not a sound image"):
        photograph("cat")


def test_missing_scikit_image_is_named(monkeypatch):
    monkeypatch.setattr(photos, "find_spec", lambda name: None)
    with pytest.raises(MissingDataError, match="scikit-image is not installed"):
        photograph("cat")
