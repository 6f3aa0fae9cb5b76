"""Multiply spectra instead of sliding a window."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array

task = Task(see="FFT: multiply spectra instead")


@task.right
def conv2d_fft(input, weight):
    """The correlation theorem: F(y) = F(x) · conj(F(w)), summed over the input channels."""
    H, W = input.shape[2:]
    K_h, K_w = weight.shape[2:]
    products = np.einsum("nchw,ochw->nohw", np.fft.rfft2(input), np.fft.rfft2(weight, s=(H, W)).conj())
    return np.fft.irfft2(products, s=(H, W))[:, :, : H - K_h + 1, : W - K_w + 1]


def drawn(rng, image, kernel, C_out):
    """A call with a random batch of shape `image`."""
    return Call(normal(rng, *image), normal(rng, C_out, image[1], *kernel))


@task.criterion(1)
def one_filter(rng):
    """One image, one filter, odd and even sizes."""
    yield drawn(rng, (1, 1, 6, 6), (3, 3), 1)
    yield drawn(rng, (1, 1, 5, 8), (2, 3), 1)
    yield drawn(rng, (1, 1, 6, 7), (4, 1), 1)


@task.criterion(1)
def channels_and_filters(rng):
    """Several images, channels and filters, also as many filters as channels."""
    yield drawn(rng, (2, 3, 6, 5), (3, 2), 4)
    yield drawn(rng, (3, 2, 8, 4), (3, 3), 2)
    yield drawn(rng, (1, 3, 5, 6), (2, 2), 3)
    yield drawn(rng, (2, 2, 7, 5), (4, 2), 2)
    yield drawn(rng, (2, 4, 3, 9), (2, 5), 1)


@task.criterion(1)
def edge_cases(rng):
    """Kernels of one entry or as large as the image, images of one pixel or one row."""
    yield drawn(rng, (2, 2, 4, 5), (1, 1), 3)
    yield drawn(rng, (2, 3, 5, 4), (5, 4), 2)
    yield drawn(rng, (1, 1, 1, 1), (1, 1), 2)
    yield drawn(rng, (2, 1, 1, 7), (1, 4), 1)


@any_array(task)
def arrays(rng):
    yield drawn(rng, (2, 3, 7, 5), (3, 2), 2)


def spectral(input, weight, right, image=np.asarray, kernel=np.conj, axes=(2, 3),
             finish=lambda y, H_out, W_out: y.real[:, :, :H_out, :W_out]):  # fmt: skip
    """The product of the two spectra, which `image` and `kernel` may change, transformed back and finished."""
    spectra = image(np.fft.fftn(input, axes=axes)), kernel(np.fft.fft2(weight, s=input.shape[2:]))
    return finish(np.fft.ifft2(np.einsum("nchw,ochw->nohw", *spectra)), *right.shape[2:])


FFTSHIFT = "`fftshift` moves the origin to the middle. That is for looking at spectra; the result needs no shift."
task.options(spectral, {
    "forgets-the-conjugate": ({"kernel": np.asarray},
        "The product of the two spectra is the true convolution, and it wraps around. A cross-correlation needs the "
        "conjugate of the kernel's spectrum (or the kernel flipped, and another crop)."),
    "conjugates-the-image": ({"image": np.conj, "kernel": np.asarray},
        "The conjugate is taken of the image's spectrum; that mirrors the result. Take the kernel's."),
    "crops-the-wrong-part": ({"finish": lambda y, H_out, W_out: y.real[:, :, -H_out:, -W_out:]},
        "The crop starts at (K_h − 1, K_w − 1). That is right for a true convolution; with the conjugate spectrum the "
        "valid outputs are at the start, [: H − K_h + 1, : W − K_w + 1]."),
    "forgets-to-crop": ({"finish": lambda y, H_out, W_out: y.real},
        "The result has the image's size: the Fourier transform correlates circularly, and the last K − 1 rows and "
        "columns come from windows that wrap around. Crop to (H − K_h + 1, W − K_w + 1)."),
    "returns-complex": ({"finish": lambda y, H_out, W_out: y[:, :, :H_out, :W_out]},
        "The values are right but complex: after the inverse transform take the real part (the imaginary one is "
        "rounding), or use rfft2 and irfft2."),
    "absolute-value": ({"finish": lambda y, H_out, W_out: np.abs(y)[:, :, :H_out, :W_out]},
        "You take the absolute value instead of the real part: negative outputs lose their sign."),
    "imaginary-part": ({"finish": lambda y, H_out, W_out: y.imag[:, :, :H_out, :W_out]},
        "The imaginary part is only rounding; the result is the real part."),
    "shifts-the-result": (
        {"finish": lambda y, H_out, W_out: np.fft.fftshift(y.real[:, :, :H_out, :W_out], axes=(2, 3))}, FFTSHIFT),
    "shifts-before-cropping": (
        {"finish": lambda y, H_out, W_out: np.fft.fftshift(y.real, axes=(2, 3))[:, :, :H_out, :W_out]}, FFTSHIFT),
    "transforms-the-batch": ({"axes": (0, 2, 3)},
        "The transform runs over the batch as well: give it only the last two axes."),
})  # fmt: skip


def with_weight(again, weight, change):
    """The right answer with another weight."""
    return again(weight=change(weight))


task.options(with_weight, {
    "true-convolution": ({"change": lambda w: w[:, :, ::-1, ::-1]},
        "This is the true convolution, with the kernel flipped. Unit 02's conv2d is the cross-correlation: multiply by "
        "the conjugate spectrum of the kernel, which undoes the flip."),
    "flips-rows": ({"change": lambda w: w[:, :, ::-1]},
        "The kernel's rows are reversed; a cross-correlation reverses nothing."),
    "flips-columns": ({"change": lambda w: w[:, :, :, ::-1]},
        "The kernel's columns are reversed; a cross-correlation reverses nothing."),
    "transposes-the-kernel": ({"change": lambda w: w.swapaxes(2, 3)}, "Height and width of the kernel are exchanged."),
    "transposes-filters": ({"change": lambda w: w.swapaxes(0, 1)},
        "The first two axes of the weight are exchanged: it is (C_out, C_in, K_h, K_w)."),
})  # fmt: skip


@task.mistake
def full_correlation(again, input, weight):
    """All places where kernel and image touch are returned; the valid ones are (H − K_h + 1, W − K_w + 1)."""
    return again(input=np.pad(input, [(0, 0), (0, 0), *((K - 1, K - 1) for K in weight.shape[2:])]))


@task.mistake
def same_size(again, input, weight):
    """The result has the image's size, with zeros assumed around it; the valid part is (H − K_h + 1, W − K_w + 1)."""
    return again(input=np.pad(input, [(0, 0), (0, 0), *((K // 2, (K - 1) // 2) for K in weight.shape[2:])]))


@task.mistake
def last_place_missing(right):
    """The crop is one row and one column too small: there are H − K_h + 1 places."""
    return right[:, :, :-1, :-1]


@task.mistake
def odd_width(input, weight, right):
    """`irfft2` cannot know whether the width was even or odd, and assumes even. Tell it: irfft2(…, s=(H, W))."""
    spectra = np.fft.rfft2(input), np.fft.rfft2(weight, s=input.shape[2:]).conj()
    return np.fft.irfft2(np.einsum("nchw,ochw->nohw", *spectra))[:, :, : right.shape[2], : right.shape[3]]


@task.mistake
def channels_not_summed(again, input, weight):
    """The contributions of the input channels are side by side; an output channel is their sum."""
    return np.stack([again(input=input[:, [c]], weight=weight[:, [c]]) for c in range(input.shape[1])], axis=2)


@task.mistake
def first_channel_only(again, input, weight):
    """Only the first input channel is used; an output channel is the sum over all of them."""
    return again(input=input[:, :1], weight=weight[:, :1])


@task.mistake
def mean_over_channels(right, input):
    """The contributions of the input channels are averaged; they add up."""
    return right / input.shape[1]


@task.mistake
def scales_twice(right, input):
    """Everything is divided by H·W: NumPy's inverse transform has divided already."""
    return right / input[0, 0].size


@task.mistake
def forgets_to_scale(right, input):
    """Everything is H·W times too large: two forward transforms, or norm="forward", leave out the division."""
    return right * input[0, 0].size
