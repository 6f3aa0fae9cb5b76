"""The image sets: what the package carries, what it finds, and what it says when something is broken."""

import gzip
import hashlib
import os
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnncourse.data import (
    CorruptDataError,
    DataError,
    MissingDataError,
    cifar10,
    fashion_mnist,
    mnist,
    rebuild,
    sets,
    storage,
)
from cnncourse.data.idx import read_idx, write_idx
from cnncourse.data.sources import EMBEDDED_FASHION_MNIST, EMBEDDED_FOLDER, SourceFile
from tests.system import FASHION_MNIST as DEBIAN_FOLDER
from tests.system import require


@pytest.fixture(autouse=True)
def nothing_on_this_computer(monkeypatch, tmp_path):
    """Neither a data folder nor a cache with anything in it."""
    monkeypatch.delenv("CNNCOURSE_DATA", raising=False)
    monkeypatch.setattr(storage, "cache_folder", lambda: tmp_path / "cache")


def md5(values: np.ndarray, path) -> str:
    write_idx(path, values)
    return hashlib.md5(gzip.decompress(path.read_bytes())).hexdigest()


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A data folder with a Fashion-MNIST of 5 + 3 images, known to the package by its checksums."""
    folder = tmp_path / "data" / "fashion-mnist"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(3)
    files, arrays = {}, {}
    for split, count in (("train", 5), ("test", 3)):
        names = [file.name for file in sets.FASHION_MNIST.files[split]]
        images = rng.integers(256, size=(count, 28, 28), dtype=np.uint8)
        labels = rng.integers(10, size=count, dtype=np.uint8)
        arrays[split] = images, labels
        files[split] = tuple(
            SourceFile(name, md5(values, folder / f"{name}.gz"))
            for name, values in zip(names, (images, labels), strict=True)
        )
    source = replace(sets.FASHION_MNIST, files=files, system_folder=None)
    monkeypatch.setattr(sets, "FASHION_MNIST", source)
    monkeypatch.setattr(storage, "FASHION_MNIST", source)
    monkeypatch.setenv("CNNCOURSE_DATA", str(tmp_path / "data"))
    return folder, arrays


@pytest.mark.parametrize(("split", "per_class"), rebuild.PER_CLASS.items())
def test_embedded_part_is_the_first_of_each_class_of_the_full_set(split, per_class):
    images, labels = fashion_mnist(split)
    assert images.shape == (10 * per_class, 28, 28)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert np.bincount(labels).tolist() == [per_class] * 10

    require("fashion-mnist")
    full_images, full_labels = fashion_mnist(split, full=True, download=False)
    assert len(full_images) == {"train": 60_000, "test": 10_000}[split]
    seen, kept = np.zeros(10, int), []
    for position, label in enumerate(full_labels):
        if seen[label] < per_class:
            kept.append(position)
            seen[label] += 1
    assert np.array_equal(full_images[kept], images)
    assert np.array_equal(full_labels[kept], labels)


def test_the_texts_say_how_many_images_the_package_carries():
    train, test = (f"{rebuild.PER_CLASS[split]:,}" for split in ("train", "test"))
    all_train, all_test = (f"{10 * rebuild.PER_CLASS[split]:,}" for split in ("train", "test"))
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    assert f"{all_train} training and {all_test} test images" in page
    assert f"the first {train} and {test} of each" in page
    for text in (rebuild.__doc__, fashion_mnist.__doc__):
        assert f"first {train} training and the first {test} test images" in " ".join(text.split())
    assert f"{all_train} or {all_test} images; 60,000 or 10,000 of the full set" in fashion_mnist.__doc__


def test_rebuilding_gives_the_embedded_content_and_the_same_bytes_each_time(tmp_path, capsys):
    folder = require("fashion-mnist")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        assert rebuild.main([folder, "--into", str(tmp_path / name)]) == 0
    written = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert written == sorted(path.name for path in EMBEDDED_FOLDER.glob("*.gz"))
    for name in written:
        packed = (tmp_path / "one" / name).read_bytes()
        assert packed == (tmp_path / "two" / name).read_bytes()
        assert gzip.decompress(packed) == gzip.decompress((EMBEDDED_FOLDER / name).read_bytes())
    printed = [line.split()[-1] for line in capsys.readouterr().out.splitlines()]
    assert printed == 2 * [file.md5 for split in ("train", "test") for file in EMBEDDED_FASHION_MNIST[split]]


def test_embedded_files_are_about_five_megabytes_and_bring_their_licence():
    assert 4e6 < sum(path.stat().st_size for path in EMBEDDED_FOLDER.glob("*.gz")) < 6e6
    assert "Zalando" in (EMBEDDED_FOLDER / "LICENSE-fashion-mnist").read_text()


@pytest.mark.parametrize("load", [fashion_mnist, mnist, cifar10])
@pytest.mark.parametrize("split", ["validation", "Train", None, 0])
def test_unknown_split_is_refused_by_name(load, split):
    with pytest.raises(ValueError, match=f'split: expected "train" or "test", got {split!r}'):
        load(split)


@pytest.mark.parametrize("load", [mnist, cifar10])
def test_sets_the_package_does_not_carry_say_so(load):
    with pytest.raises(ValueError, match="full: the package carries no part"):
        load("train", full=False)


@pytest.mark.parametrize("layout", ["fashion-mnist", "FashionMNIST/raw", "."])
@pytest.mark.parametrize("packed", [True, False])
def test_named_folder_is_read_in_every_layout(small, monkeypatch, tmp_path, layout, packed):
    folder, arrays = small
    elsewhere = tmp_path / "elsewhere" / layout
    elsewhere.mkdir(parents=True)
    for path in folder.iterdir():
        content = path.read_bytes()
        (elsewhere / (path.name if packed else path.stem)).write_bytes(
            content if packed else gzip.decompress(content)
        )
    monkeypatch.setenv("CNNCOURSE_DATA", str(tmp_path / "elsewhere"))
    for split in ("train", "test"):
        images, labels = fashion_mnist(split, full=True, download=False)
        assert np.array_equal(images, arrays[split][0])
        assert np.array_equal(labels, arrays[split][1])
        assert labels.dtype == np.int64


def test_cache_is_read_when_no_folder_is_named(small, monkeypatch, tmp_path):
    folder, arrays = small
    monkeypatch.delenv("CNNCOURSE_DATA")
    with pytest.raises(MissingDataError, match="not on this computer"):
        fashion_mnist("test", full=True, download=False)
    shutil.copytree(folder, tmp_path / "cache" / "fashion-mnist")
    assert np.array_equal(fashion_mnist("test", full=True, download=False)[0], arrays["test"][0])


def test_a_folder_of_fashion_mnist_is_not_taken_for_mnist(small, monkeypatch):
    folder, _ = small
    monkeypatch.setenv("CNNCOURSE_DATA", str(folder))
    assert len(fashion_mnist("test", full=True, download=False)[0]) == 3
    with pytest.raises(MissingDataError, match="The full MNIST is not on this computer"):
        mnist("test", download=False)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-40])


def truncate_plain(path):
    path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes())[:-1])
    path.unlink()


def flip_a_packed_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(content)


def another_pixel(path):
    values = read_idx(path)
    values.flat[7] ^= 1
    write_idx(path, values)


@pytest.mark.parametrize(
    ("harm", "kind", "says"),
    [
        (os.unlink, MissingDataError, "train-images-idx3-ubyte is missing"),
        (truncate, CorruptDataError, "is truncated"),
        (truncate_plain, CorruptDataError, "is truncated"),
        (flip_a_packed_bit, CorruptDataError, "not a sound gzip file"),
        (another_pixel, CorruptDataError, "wrong checksum"),
        (lambda path: path.write_bytes(b"<html>404</html>"), CorruptDataError, "not a sound gzip file"),
        (lambda path: path.write_bytes(gzip.compress(b"hello")), CorruptDataError, "not an IDX file"),
        (
            lambda path: path.write_bytes(gzip.compress(b"\0\0\x08\x03\0\0")),
            CorruptDataError,
            "inside its header",
        ),
        (lambda path: path.write_bytes(b""), CorruptDataError, "train-images"),
    ],
)
def test_each_kind_of_broken_file_has_its_own_words_and_a_cure(small, harm, kind, says):
    path = small[0] / "train-images-idx3-ubyte.gz"
    harm(path)
    with pytest.raises(kind, match=says) as caught:
        fashion_mnist("train", full=True)
    assert str(path.parent) in caught.value.problem
    assert "download" in caught.value.cure
    assert "What to do: " in str(caught.value)


def test_a_broken_embedded_file_asks_for_a_new_installation(monkeypatch, tmp_path):
    shutil.copytree(EMBEDDED_FOLDER, tmp_path / "embedded")
    monkeypatch.setattr(sets, "EMBEDDED_FOLDER", tmp_path / "embedded")
    another_pixel(tmp_path / "embedded" / "t10k-labels-idx1-ubyte.gz")
    assert len(fashion_mnist("train")[0]) == 10_000
    with pytest.raises(CorruptDataError, match="wrong checksum") as caught:
        fashion_mnist("test")
    assert "reinstall the package" in caught.value.cure


def test_a_variable_that_names_no_folder_is_noticed(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNCOURSE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(
        MissingDataError, match="CNNCOURSE_DATA names .*nowhere, which is not a folder"
    ) as caught:
        fashion_mnist(full=True)
    assert "unset it" in caught.value.cure


def test_missing_set_names_the_places_and_the_files(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNCOURSE_DATA", str(tmp_path))
    with pytest.raises(MissingDataError) as caught:
        cifar10(download=False)
    assert isinstance(caught.value, DataError)
    assert isinstance(caught.value, FileNotFoundError)
    assert str(tmp_path / "cifar-10-batches-py") in caught.value.problem
    assert "data_batch_1" in caught.value.cure


@pytest.fixture
def small_cifar10(monkeypatch, tmp_path):
    folder = tmp_path / "data" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(5)
    files, pixels, labels = {"train": [], "test": []}, {}, {}
    for number, name in enumerate(["data_batch_1", "data_batch_2", "test_batch"]):
        pixels[name] = rng.integers(256, size=(number + 2, 3072), dtype=np.uint8)
        labels[name] = rng.integers(10, size=number + 2).tolist()
        content = pickle.dumps({"data": pixels[name], "labels": labels[name]})
        (folder / name).write_bytes(content)
        split = "test" if name == "test_batch" else "train"
        files[split].append(SourceFile(name, hashlib.md5(content).hexdigest()))
    source = replace(sets.CIFAR10, files={split: tuple(listed) for split, listed in files.items()})
    monkeypatch.setattr(sets, "CIFAR10", source)
    monkeypatch.setenv("CNNCOURSE_DATA", str(tmp_path / "data"))
    return folder, pixels, labels


def test_cifar10_is_channels_first_in_file_order(small_cifar10):
    _, pixels, labels = small_cifar10
    images, classes = cifar10("train")
    assert images.shape == (5, 3, 32, 32)
    assert images.dtype == np.uint8
    assert classes.dtype == np.int64
    assert classes.tolist() == labels["data_batch_1"] + labels["data_batch_2"]
    # A row of the file is all reds, then all greens, then all blues.
    assert images[3, 1, 2, 5] == pixels["data_batch_2"][1, 1024 + 2 * 32 + 5]
    assert len(cifar10("test")[0]) == 4


class Trap:
    def __reduce__(self):
        return exec, ("raise SystemExit('unpickled')",)


def test_cifar10_is_not_unpickled_before_its_checksum_is_right(small_cifar10):
    folder, _, _ = small_cifar10
    (folder / "data_batch_2").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(CorruptDataError, match="data_batch_2 is truncated or altered"):
        cifar10("train")
    (folder / "data_batch_2").unlink()
    with pytest.raises(MissingDataError, match="data_batch_2 is missing"):
        cifar10("train")


@pytest.mark.parametrize("shape", [(0,), (1,), (7, 3), (2, 3, 5), (2, 0, 4)])
def test_idx_files_keep_shape_and_values(tmp_path, shape):
    values = np.random.default_rng(0).integers(256, size=shape, dtype=np.uint8)
    write_idx(tmp_path / "a.gz", values)
    write_idx(tmp_path / "b.gz", np.asfortranarray(values))
    assert np.array_equal(read_idx(tmp_path / "a.gz"), values)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gz", "b.gz"]


def test_idx_refuses_what_is_not_bytes(tmp_path):
    with pytest.raises(TypeError, match="values: expected uint8, got int64"):
        write_idx(tmp_path / "a.gz", np.arange(3))
    with pytest.raises(MissingDataError, match=r"a\.gz is missing"):
        read_idx(tmp_path / "a.gz")


def test_debian_folder_is_the_one_the_package_looks_in():
    assert sets.FASHION_MNIST.system_folder == DEBIAN_FOLDER
