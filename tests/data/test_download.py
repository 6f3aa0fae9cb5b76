"""Downloads, from a server on this computer: what arrives, and what is left behind when it goes wrong."""

import gzip
import hashlib
import http.server
import io
import pickle
import tarfile
import threading
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from cnncourse.data import DownloadError, cifar10, fashion_mnist, sets, storage
from cnncourse.data.idx import write_idx
from cnncourse.data.sources import SourceFile

torchvision = pytest.importorskip("torchvision")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A folder served on this computer, an empty cache, and no data elsewhere: (folder, URL, cache)."""
    folder = tmp_path / "served"
    folder.mkdir()
    monkeypatch.delenv("CNNCOURSE_DATA", raising=False)
    monkeypatch.setattr(storage, "cache_folder", lambda: tmp_path / "cache")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield folder, f"http://127.0.0.1:{running.server_port}/", tmp_path / "cache"
        running.shutdown()
        thread.join()


@pytest.fixture
def fashion(server, monkeypatch):
    """A served Fashion-MNIST of four images that torchvision and the package know by its checksums."""
    folder, url, cache = server
    rng = np.random.default_rng(1)
    files, resources = {}, []
    for split, prefix in (("train", "train"), ("test", "t10k")):
        arrays = rng.integers(256, size=(4, 28, 28), dtype=np.uint8), np.arange(4, dtype=np.uint8)
        files[split] = ()
        for kind, values in zip(("images-idx3-ubyte", "labels-idx1-ubyte"), arrays, strict=True):
            path = folder / f"{prefix}-{kind}.gz"
            write_idx(path, values)
            content = path.read_bytes()
            resources.append((path.name, hashlib.md5(content).hexdigest()))
            checksum = hashlib.md5(gzip.decompress(content)).hexdigest()
            files[split] += (SourceFile(path.stem, checksum),)
    source = replace(sets.FASHION_MNIST, files=files, system_folder=None)
    monkeypatch.setattr(sets, "FASHION_MNIST", source)
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "mirrors", [url])
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "resources", resources)
    return folder, cache


def test_full_set_is_downloaded_once_with_a_progress_bar(fashion, capfd):
    folder, cache = fashion
    images, labels = fashion_mnist("train", full=True)
    assert images.shape == (4, 28, 28)
    assert labels.tolist() == [0, 1, 2, 3]
    shown = capfd.readouterr().err
    assert "Downloading Fashion-MNIST" in shown
    assert "100%" in shown
    assert [path.name for path in cache.iterdir()] == ["fashion-mnist"]
    assert sorted(path.name for path in (cache / "fashion-mnist").iterdir()) == sorted(
        path.name for path in folder.iterdir()
    )

    for path in folder.iterdir():
        path.unlink()
    again, _ = fashion_mnist("train", full=True)
    assert np.array_equal(again, images)
    assert capfd.readouterr().err == ""


def no_file(path):
    path.unlink()


def half_a_file(path):
    path.write_bytes(path.read_bytes()[:500])


def other_content(path):
    path.write_bytes(gzip.compress(b"something else"))


@pytest.mark.parametrize("harm", [no_file, half_a_file, other_content])
def test_failed_download_leaves_nothing_and_can_be_repeated(fashion, harm):
    folder, cache = fashion
    path = folder / "t10k-images-idx3-ubyte.gz"  # the third of four: two have arrived by then
    sound = path.read_bytes()
    harm(path)
    with pytest.raises(DownloadError, match="Fashion-MNIST could not be downloaded") as caught:
        fashion_mnist("train", full=True)
    assert "check the network" in caught.value.cure
    assert "CNNCOURSE_DATA" in caught.value.cure
    assert list(cache.iterdir()) == []

    path.write_bytes(sound)
    assert len(fashion_mnist("train", full=True)[0]) == 4


def test_no_network_says_what_to_do(fashion, monkeypatch):
    _, cache = fashion
    # Port 9 of this computer answers nobody, which is what a cut network looks like.
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(DownloadError, match="could not be downloaded") as caught:
        fashion_mnist("test", full=True)
    assert "dataset-fashion-mnist" not in caught.value.cure  # this stand-in has no Debian folder
    assert list(cache.iterdir()) == []


def test_ctrl_c_leaves_nothing(fashion, monkeypatch):
    _, cache = fashion

    def interrupted(root, download):
        (storage.Path(root) / "half").write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(torchvision.datasets, "FashionMNIST", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fashion_mnist("test", full=True)
    assert list(cache.iterdir()) == []


def test_remains_of_a_killed_download_are_removed_a_day_later(fashion):
    _, cache = fashion
    for name, age in (("old", 2 * 86_400), ("young", 60)):
        folder = cache / f"{storage.SCRATCH}{name}"
        folder.mkdir(parents=True)
        then = storage.time.time() - age
        storage.os.utime(folder, (then, then))
    fashion_mnist("test", full=True)
    assert sorted(path.name for path in cache.iterdir()) == ["fashion-mnist", f"{storage.SCRATCH}young"]


def test_unwritable_cache_is_named(fashion, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(storage, "cache_folder", lambda: tmp_path / "file" / "cache")
    with pytest.raises(DownloadError, match="cannot be written") as caught:
        fashion_mnist("test", full=True)
    assert "XDG_CACHE_HOME" in caught.value.cure


def test_download_false_stays_off_the_network(fashion):
    with pytest.raises(FileNotFoundError, match="not on this computer"):
        fashion_mnist("test", full=True, download=False)


def test_broken_torchvision_is_explained(fashion, monkeypatch):
    monkeypatch.setitem(storage.sys.modules, "torchvision", None)
    with pytest.raises(DownloadError, match="torchvision, which does the downloading") as caught:
        fashion_mnist("test", full=True)
    assert "cnncourse doctor" in caught.value.cure


def test_cifar10_is_downloaded_and_unpacked(server, monkeypatch):
    folder, url, cache = server
    rng = np.random.default_rng(2)
    listed = {}
    with tarfile.open(folder / "cifar-10-python.tar.gz", "w:gz") as archive:
        for name in ("data_batch_1", "test_batch", "batches.meta"):
            batch = {"data": rng.integers(256, size=(2, 3072), dtype=np.uint8), "labels": [7, 3]}
            batch["label_names"] = []
            content = pickle.dumps(batch)
            listed[name] = hashlib.md5(content).hexdigest()
            entry = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    kind = torchvision.datasets.CIFAR10
    packed = (folder / "cifar-10-python.tar.gz").read_bytes()
    monkeypatch.setattr(kind, "url", f"{url}cifar-10-python.tar.gz")
    monkeypatch.setattr(kind, "tgz_md5", hashlib.md5(packed).hexdigest())
    monkeypatch.setattr(kind, "train_list", [["data_batch_1", listed["data_batch_1"]]])
    monkeypatch.setattr(kind, "test_list", [["test_batch", listed["test_batch"]]])
    monkeypatch.setattr(
        kind, "meta", {"filename": "batches.meta", "key": "label_names", "md5": listed["batches.meta"]}
    )
    files = {
        "train": (SourceFile("data_batch_1", listed["data_batch_1"]),),
        "test": (SourceFile("test_batch", listed["test_batch"]),),
    }
    monkeypatch.setattr(sets, "CIFAR10", replace(sets.CIFAR10, files=files))
    images, labels = cifar10("test")
    assert images.shape == (2, 3, 32, 32)
    assert labels.tolist() == [7, 3]
    assert sorted(path.name for path in cache.iterdir()) == ["cifar-10"]
    assert sorted(path.name for path in (cache / "cifar-10").iterdir()) == ["data_batch_1", "test_batch"]
