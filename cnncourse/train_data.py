"""The images that `cnncourse train` learns from, as its network wants to see them."""

import numpy as np

SCENES = {"train": 10_000, "test": 2_000}


class CommandError(Exception):
    """Something the user can correct; its message says how."""


def load_data(settings):
    """Return ((images, labels), (images, labels)), normalised with the training set's statistics, or as Lite0 wants."""
    from cnncourse.data import transforms

    check_size(settings)
    if settings.model.startswith("lenet5-1998") and settings.data in ("cifar10", "scenes"):
        raise CommandError(f"--model: lenet5-1998 sees one grey channel, but {settings.data} is in colour")
    parts = [load_split(settings, split) for split in ("train", "test")]
    if settings.model == "lite0":
        return tuple((as_lite0_wants(images[:most]), labels[:most])
                     for (images, labels), most in zip(parts, (settings.images, None), strict=True))  # fmt: skip
    images = [transforms.to_float(images) for images, _ in parts]
    mean, std = transforms.channel_statistics(images[0])
    margin = (32 - images[0].shape[-1]) // 2  # 2 for 28×28, 0 for 32×32
    widths = ((0, 0), (0, 0), (margin, margin), (margin, margin))
    images = [transforms.normalize(np.pad(x, widths), mean, std).astype(np.float32) for x in images]
    if settings.size == 16:
        images = [x.reshape(*x.shape[:2], 16, 2, 16, 2).mean((3, 5)) for x in images]
    (_, labels), (_, test_labels) = parts
    first = slice(settings.images)
    return (images[0][first], labels[first]), (images[1], test_labels)


def check_size(settings):
    """Refuse a size that the network is not made for."""
    if settings.size != 32 and settings.model.startswith(("lenet5", "small-alexnet")):
        raise CommandError(f"--size: {settings.model} is made for 32 pixels a side, got {settings.size}")
    # On 32 pixels a side Lite0's last maps are one pixel that hardly answers: nothing can be learnt from them.
    if (settings.size < 64) == (settings.model == "lite0"):
        wanted = "64 or more" if settings.model == "lite0" else "16 or 32"
        raise CommandError(f"--size: {settings.model} takes {wanted} pixels a side, got {settings.size}")


def as_lite0_wants(images):
    """Return images of bytes, (N, H, W) or (N, C, H, W), as (N, 3, H, W) of float32, scaled by (x − 127) / 128."""
    images = images[:, None] if images.ndim == 3 else images
    return (np.broadcast_to(images, (len(images), 3, *images.shape[2:])).astype(np.float32) - 127) / 128


def load_split(settings, split):
    """Return one split as uint8 images and int64 labels."""
    from cnncourse import data

    if settings.data == "fashion-mnist":
        return data.fashion_mnist(split, full=settings.full)
    if settings.data == "scenes":
        batch = data.scenes(SCENES[split], seed=settings.seed, split=split)
        return batch.images, batch.labels
    return (data.mnist if settings.data == "mnist" else data.cifar10)(split)
