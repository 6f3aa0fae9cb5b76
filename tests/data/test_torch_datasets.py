"""The data as PyTorch datasets, and the promise that nothing imports PyTorch before they are used."""

import subprocess
import sys

import numpy as np
import pytest

from cnncourse import data

torch = pytest.importorskip("torch")


def test_arrays_come_without_pytorch():
    code = (
        "import sys; from cnncourse import data; data.fashion_mnist(); data.scenes(3); data.photograph('cat');"
        "print(sorted({'torch', 'matplotlib', 'skimage', 'scipy'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_fashion_mnist_items_are_the_arrays():
    images, labels = data.fashion_mnist("test")
    dataset = data.FashionMNIST("test")
    assert isinstance(dataset, torch.utils.data.Dataset)
    assert len(dataset) == 2000
    image, label = dataset[-3]
    assert image.shape == (1, 28, 28)
    assert image.dtype == torch.float32
    assert np.array_equal((image[0] * 255).round().numpy(), images[-3])
    assert label == labels[-3]
    assert type(label) is int
    with pytest.raises(IndexError):
        dataset[2000]


def test_transform_is_applied_and_batches_come_out():
    dataset = data.FashionMNIST("test", transform=lambda image: image * 2 - 1)
    batch, labels = next(iter(torch.utils.data.DataLoader(dataset, batch_size=16)))
    assert batch.shape == (16, 1, 28, 28)
    assert batch.min() == -1
    assert labels.dtype == torch.int64


def test_scenes_for_classification_segmentation_and_detection():
    batch = data.scenes(4, seed=5)
    dataset = data.Scenes(4, seed=5)
    assert len(dataset) == 4
    for n, (image, label) in enumerate(dataset):
        assert np.array_equal((image * 255).round().numpy(), batch.images[n])
        assert label == batch.labels[n]
    assert torch.equal(dataset[-1][0], dataset[3][0])

    one = data.scene(1, seed=5, size=48, objects=(2, 3), split="test")
    options = {"seed": 5, "size": 48, "objects": (2, 3), "split": "test"}
    _, classes = data.Scenes(4, target="semantic", **options)[1]
    assert classes.dtype == torch.int64
    assert np.array_equal(classes.numpy(), one.semantic)
    _, found = data.Scenes(4, target="detection", **options)[1]
    assert found["boxes"].tolist() == one.boxes.tolist()
    assert found["boxes"].dtype == torch.float32
    assert np.array_equal(found["labels"].numpy(), one.labels + 1)
    assert np.array_equal(found["masks"].numpy() > 0, one.masks)


def test_detection_batches_keep_each_scene_s_own_number_of_objects():
    dataset = data.Scenes(6, objects=(1, 3), size=40, target="detection")
    loader = torch.utils.data.DataLoader(dataset, batch_size=6, collate_fn=data.detection_batch)
    images, targets = next(iter(loader))
    assert images.shape == (6, 3, 40, 40)
    assert [len(target["labels"]) for target in targets] == [
        len(data.scene(n, objects=(1, 3), size=40).labels) for n in range(6)
    ]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"target": "boxes"}, "target: expected one of class, semantic, detection; got 'boxes'"),
        ({"objects": (1, 2)}, "objects: expected 1 for target 'class'"),
        ({"split": "dev"}, "split: expected"),
        ({"size": 8, "target": "semantic"}, "size: expected"),
        ({"count": -1}, "count: expected at least 0"),
    ],
)
def test_bad_arguments_are_refused_at_once(options, says):
    with pytest.raises(ValueError, match=says):
        data.Scenes(**{"count": 3, **options})


def test_index_outside_is_refused():
    with pytest.raises(IndexError, match="index"):
        data.Scenes(3)[3]
    with pytest.raises(IndexError, match="index"):
        data.Scenes(3)[-4]


def test_photographs_have_channels_first():
    dataset = data.Photographs()
    assert len(dataset) == len(data.PHOTOGRAPHS)
    for n in (0, 1):
        image, name = dataset[n]
        pixels = data.photograph(name)
        wanted = pixels if pixels.ndim == 3 else pixels[:, :, None]
        assert np.allclose(image.numpy().transpose(1, 2, 0) * 255, wanted)
        assert image.dtype == torch.float32


def test_unknown_names_of_the_package_are_still_errors():
    with pytest.raises(AttributeError, match="has no attribute 'ImageNet'"):
        _ = data.ImageNet


def test_small_garments_are_the_means_of_four_pixels_and_normalised():
    images, labels = data.fashion_mnist("test")
    small, small_labels = data.small_garments("test", 5)
    assert small.shape == (5, 1, 14, 14)
    assert small_labels.tolist() == labels[:5].tolist()
    means = images[:5].reshape(5, 14, 2, 14, 2).mean(axis=(2, 4)) / 255
    np.testing.assert_allclose(small[:, 0].numpy() * 0.321 + 0.286, means, atol=1e-6)
    training, _ = data.small_garments("train")
    assert abs(training.mean().item()) < 0.02
    assert abs(training.std().item() - 1) < 0.05
