"""Transforms: exact where they can be, torchvision's where they interpolate, fair where they are random."""

import numpy as np
import pytest

from cnncourse.data import transforms

rng = np.random.default_rng(0)
IMAGES = rng.random((5, 3, 7, 10)).astype(np.float32)


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


ALL = {
    "normalize": lambda images: transforms.normalize(images, [0.1, 0.2, 0.3], [1, 2, 3]),
    "denormalize": lambda images: transforms.denormalize(images, 0.5, 2.0),
    "random_flip": lambda images: transforms.random_flip(images, generator()),
    "random_crop": lambda images: transforms.random_crop(images, 2, generator()),
    "shift": lambda images: transforms.shift(images, 1, -2),
    "rotate": lambda images: transforms.rotate(images, 20),
    "scale": lambda images: transforms.scale(images, 1.3),
    "random_shift": lambda images: transforms.random_shift(images, 2, generator()),
    "random_rotate": lambda images: transforms.random_rotate(images, 30, generator()),
    "random_scale": lambda images: transforms.random_scale(images, 0.8, 1.2, generator()),
    "brightness": lambda images: transforms.brightness(images, 0.2),
    "contrast": lambda images: transforms.contrast(images, 0.5),
    "random_brightness": lambda images: transforms.random_brightness(images, 0.2, generator()),
    "random_contrast": lambda images: transforms.random_contrast(images, 0.5, 1.5, generator()),
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_input_stays_shape_and_dtype_too_and_the_result_is_new(name, dtype):
    images = IMAGES.astype(dtype)
    before = images.copy()
    result = ALL[name](images)
    assert np.array_equal(images, before)
    assert result.shape == images.shape
    assert result.dtype == dtype
    assert not np.shares_memory(result, images)
    assert not np.array_equal(result, images)
    assert np.array_equal(ALL[name](images[:, :, ::-1][:, :, ::-1]), result)  # any memory layout
    assert ALL[name](images[:1]).shape == (1, 3, 7, 10)
    assert ALL[name](images[:0]).shape == (0, 3, 7, 10)


@pytest.mark.parametrize("name", ALL)
def test_bytes_and_lone_images_are_refused(name):
    with pytest.raises(TypeError, match=r"images: expected floats \(see to_float\), got uint8"):
        ALL[name](np.zeros((2, 3, 4, 5), np.uint8))
    with pytest.raises(ValueError, match=r"images: expected \(N, C, H, W\), got shape \(3, 4, 5\)"):
        ALL[name](np.zeros((3, 4, 5), np.float32))


def test_to_float_adds_the_channel_and_spans_zero_to_one():
    grey = np.array([[[0, 51, 255]]], np.uint8)
    result = transforms.to_float(grey)
    assert result.dtype == np.float32
    assert np.array_equal(result, np.array([[[[0, 0.2, 1]]]], np.float32))
    assert transforms.to_float(np.zeros((2, 3, 4, 5), np.uint8)).shape == (2, 3, 4, 5)
    with pytest.raises(TypeError, match="images: expected uint8, got float32"):
        transforms.to_float(IMAGES)
    with pytest.raises(ValueError, match=r"got shape \(4, 5\)"):
        transforms.to_float(np.zeros((4, 5), np.uint8))


def test_normalising_with_the_own_statistics_gives_mean_zero_and_std_one():
    images = IMAGES.astype(np.float64) * np.array([1, 5, 9]).reshape(3, 1, 1) + 4
    mean, std = transforms.channel_statistics(images)
    wanted = images[:, 1].ravel()
    assert mean[1] == pytest.approx(wanted.mean())
    assert std[1] == pytest.approx(np.sqrt(((wanted - wanted.mean()) ** 2).sum() / wanted.size))
    normal = transforms.normalize(images, mean, std)
    assert np.allclose(normal.mean(axis=(0, 2, 3)), 0, atol=1e-12)
    assert np.allclose(normal.std(axis=(0, 2, 3)), 1)
    assert np.allclose(transforms.denormalize(normal, mean, std), images)


def test_statistics_of_many_float32_values_do_not_drift():
    images = np.full((600, 1, 100, 100), 0.1, np.float32)
    mean, std = transforms.channel_statistics(images)
    assert mean[0] == np.float32(0.1)
    assert std[0] < 1e-7


def test_statistics_of_the_wrong_length_are_refused():
    with pytest.raises(
        ValueError, match=r"mean: expected a number or one for each of 3 channels, got shape \(2,\)"
    ):
        transforms.normalize(IMAGES, [0, 0], 1)
    with pytest.raises(ValueError, match="std: expected"):
        transforms.denormalize(IMAGES, 0, np.ones((3, 1, 1)))


def test_flip_mirrors_whole_images_half_of_the_time():
    images = np.repeat(IMAGES, 400, axis=0)
    result = transforms.random_flip(images, generator())
    mirrored = (result == images[..., ::-1]).all(axis=(1, 2, 3))
    same = (result == images).all(axis=(1, 2, 3))
    assert (mirrored ^ same).all()
    assert 900 < mirrored.sum() < 1100  # 2,000 throws, standard deviation 22
    assert np.array_equal(transforms.random_flip(IMAGES, generator(), 1.0), IMAGES[..., ::-1])
    assert np.array_equal(transforms.random_flip(IMAGES, generator(), 0.0), IMAGES)


def test_crop_takes_every_window_of_the_padded_image_equally_often():
    images = np.repeat(IMAGES[:1], 4500, axis=0)
    result = transforms.random_crop(images, 1, generator())
    padded = np.pad(IMAGES[0], ((0, 0), (1, 1), (1, 1)))
    windows = [padded[:, y : y + 7, x : x + 10] for y in range(3) for x in range(3)]
    counts = np.array([(result == window).all(axis=(1, 2, 3)).sum() for window in windows])
    assert counts.sum() == 4500
    assert np.abs(counts - 500).max() < 100  # standard deviation 21
    assert np.array_equal(transforms.random_crop(IMAGES, 0, generator()), IMAGES)
    with pytest.raises(ValueError, match="padding: expected at least 0, got -1"):
        transforms.random_crop(IMAGES, -1, generator())


def test_whole_shifts_move_pixels_exactly():
    result = transforms.shift(IMAGES, 2, -3)
    assert np.array_equal(result[:, :, 2:, :-3], IMAGES[:, :, :-2, 3:])
    assert not result[:, :, :2].any()
    assert not result[..., -3:].any()
    assert not transforms.shift(IMAGES, 50, 0).any()
    each = transforms.shift(IMAGES, np.arange(5), 0)
    assert np.array_equal(each[3, :, 3:], IMAGES[3, :, :-3])
    assert np.allclose(transforms.shift(IMAGES, 0, 0.5)[..., 1:], (IMAGES[..., 1:] + IMAGES[..., :-1]) / 2)


def test_random_shifts_are_fair():
    dot = np.zeros((5000, 1, 5, 5), np.float32)
    dot[:, :, 2, 2] = 1
    where = transforms.random_shift(dot, 2, generator()).sum(axis=(0, 1))
    assert where.sum() == 5000
    assert np.abs(where - 200).max() < 60  # standard deviation 14


def test_quarter_turns_are_exact_and_counter_clockwise():
    square = IMAGES[:, :, :, :7].astype(np.float64)
    for turns in (-1, 1, 2, 3):
        assert np.allclose(transforms.rotate(square, 90 * turns), np.rot90(square, turns, axes=(2, 3)))


@pytest.mark.parametrize("degrees", [0, 33, -70, 181])
@pytest.mark.parametrize("factor", [1, 0.6, 1.7])
@pytest.mark.parametrize("move", [(0, 0), (2, -1)])
def test_affine_agrees_with_torchvision(degrees, factor, move):
    torch = pytest.importorskip("torch")
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.functional import affine

    wanted = affine(
        torch.from_numpy(IMAGES.astype(np.float64)),
        angle=-degrees,  # torchvision's turns clockwise
        translate=[move[1], move[0]],
        scale=factor,
        shear=[0.0],
        interpolation=InterpolationMode.BILINEAR,
    ).numpy()
    got = transforms.affine(IMAGES.astype(np.float64), degrees, factor, move)
    assert np.allclose(got, wanted, atol=1e-5)  # torchvision's places are float32


def test_each_image_may_have_its_own_angle_and_factor():
    angles, factors = np.linspace(-40, 40, 5), np.linspace(0.5, 2, 5)
    together = transforms.affine(IMAGES, angles, factors)
    for n in range(5):
        assert np.array_equal(
            together[n : n + 1], transforms.affine(IMAGES[n : n + 1], angles[n], factors[n])
        )


@pytest.mark.parametrize("factor", [0, -1, [1, 1, 1, 1, 0]])
def test_factors_must_be_above_zero(factor):
    with pytest.raises(ValueError, match="factor: expected more than 0"):
        transforms.scale(IMAGES, factor)


def test_numbers_per_image_must_fit_the_batch():
    with pytest.raises(
        ValueError, match=r"degrees: expected a number or one for each of 5 images, got shape \(3,\)"
    ):
        transforms.rotate(IMAGES, [1, 2, 3])
    with pytest.raises(ValueError, match="offset: expected"):
        transforms.brightness(IMAGES, [1, 2])


def test_brightness_and_contrast_per_image():
    images = IMAGES.astype(np.float64)
    brighter = transforms.brightness(images, np.arange(5))
    assert np.allclose(brighter[3], images[3] + 3)
    flat = transforms.contrast(images, [0, 1, 2, 1, 1])
    assert np.allclose(flat[0], images[0].mean())
    assert np.allclose(flat[1], images[1])
    assert np.allclose(flat.mean(axis=(1, 2, 3)), images.mean(axis=(1, 2, 3)))
    assert flat[2].std() == pytest.approx(2 * images[2].std())


@pytest.mark.parametrize("name", [name for name in ALL if name.startswith("random")])
def test_random_transforms_follow_their_generator(name):
    function = getattr(transforms, name)
    further = {
        "random_crop": (2,),
        "random_shift": (3,),
        "random_rotate": (40,),
        "random_brightness": (0.3,),
    }.get(name, (0.5, 1.5) if name != "random_flip" else ())
    images = np.repeat(IMAGES, 3, axis=0)
    first, same, other = (function(images, *further, generator(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)
    assert any(not np.array_equal(first[n], first[n + 1]) for n in range(2))  # drawn anew for each image
