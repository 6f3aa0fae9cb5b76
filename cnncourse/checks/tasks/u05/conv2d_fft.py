"""Task 05.conv2d_fft: multiply spectra instead of sliding a window."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Mistake, Task


def conv2d_fft(input, weight):
    """The correlation theorem: F(y) = F(x) · conj(F(w)), summed over the input channels."""
    H, W = input.shape[2:]
    K_h, K_w = weight.shape[2:]
    products = np.einsum("nchw,ochw->nohw", np.fft.rfft2(input), np.fft.rfft2(weight, s=(H, W)).conj())
    return np.fft.irfft2(products, s=(H, W))[:, :, : H - K_h + 1, : W - K_w + 1]


def cases(rng):
    """Odd and even sizes, as many filters as channels, kernels of one entry and as large as the image."""
    yield Case("one filter", normal(rng, 1, 1, 6, 6), normal(rng, 1, 1, 3, 3))
    yield Case("one filter", normal(rng, 1, 1, 5, 8), normal(rng, 1, 1, 2, 3))
    yield Case("one filter", normal(rng, 1, 1, 6, 7), normal(rng, 1, 1, 4, 1))
    yield Case("channels and filters", normal(rng, 2, 3, 6, 5), normal(rng, 4, 3, 3, 2))
    yield Case("channels and filters", normal(rng, 3, 2, 8, 4), normal(rng, 2, 2, 3, 3))
    yield Case("channels and filters", normal(rng, 2, 4, 3, 9), normal(rng, 1, 4, 2, 5))
    yield Case("edge cases", normal(rng, 2, 2, 4, 5), normal(rng, 3, 2, 1, 1))
    yield Case("edge cases", normal(rng, 2, 3, 5, 4), normal(rng, 2, 3, 5, 4))
    yield Case("edge cases", normal(rng, 1, 1, 1, 1), normal(rng, 2, 1, 1, 1))
    yield Case("edge cases", normal(rng, 2, 1, 1, 7), normal(rng, 1, 1, 1, 4))
    yield Case("any array", normal(rng, 2, 3, 7, 5, dtype=np.float32), normal(rng, 2, 3, 3, 3, dtype=np.float32))
    yield Case("any array", strided(normal(rng, 1, 2, 6, 6)), fortran(normal(rng, 3, 2, 3, 2)))
    yield Case("any array", readonly(normal(rng, 2, 2, 5, 7)), readonly(normal(rng, 2, 2, 2, 4)))


def _spectra(input, weight, conj=np.conj, sum_over="nchw,ochw->nohw"):
    """The full circular result, (H, W) large, with possibly wrong parts."""
    H, W = input.shape[2:]
    products = np.einsum(sum_over, np.fft.fft2(input), conj(np.fft.fft2(weight, s=(H, W))))
    return np.fft.ifft2(products)


def _valid(maps, weight, start=0):
    H_out, W_out = maps.shape[2] - weight.shape[2] + 1, maps.shape[3] - weight.shape[3] + 1
    rows, columns = (weight.shape[2] - 1, weight.shape[3] - 1) if start else (0, 0)
    return maps[:, :, rows : rows + H_out, columns : columns + W_out]


def _flipped(input, weight):
    return conv2d_fft(input, weight[:, :, ::-1, ::-1])


def _no_conjugate(input, weight):
    return _valid(_spectra(input, weight, conj=np.asarray).real, weight)


def _no_conjugate_on_input(input, weight):
    H, W = input.shape[2:]
    products = np.einsum("nchw,ochw->nohw", np.fft.fft2(input).conj(), np.fft.fft2(weight, s=(H, W)))
    return _valid(np.fft.ifft2(products).real, weight)


def _odd_width(input, weight):
    H, W = input.shape[2:]
    products = np.einsum("nchw,ochw->nohw", np.fft.rfft2(input), np.fft.rfft2(weight, s=(H, W)).conj())
    return np.fft.irfft2(products)[:, :, : H - weight.shape[2] + 1, : W - weight.shape[3] + 1]


def _full(input, weight):
    K_h, K_w = weight.shape[2:]
    return conv2d_fft(np.pad(input, ((0, 0), (0, 0), (K_h - 1, K_h - 1), (K_w - 1, K_w - 1))), weight)


def _same(input, weight):
    (H, W), (K_h, K_w) = input.shape[2:], weight.shape[2:]
    full = _full(input, weight)
    return full[:, :, (K_h - 1) // 2 : (K_h - 1) // 2 + H, (K_w - 1) // 2 : (K_w - 1) // 2 + W]


def _no_channel_sum(input, weight):
    parts = [conv2d_fft(input[:, [c]], weight[:, [c]]) for c in range(input.shape[1])]
    return np.stack(parts, axis=2)


def _first_channel(input, weight):
    return conv2d_fft(input[:, :1], weight[:, :1])


def _mean_over_channels(input, weight):
    return conv2d_fft(input, weight) / input.shape[1]


def _batch_fft(input, weight):
    N, C = input.shape[:2]
    H, W = input.shape[2:]
    x, w = np.fft.fftn(input, axes=(0, 2, 3)), np.fft.fft2(weight, s=(H, W)).conj()
    return _valid(np.fft.ifft2(np.einsum("nchw,ochw->nohw", x, w)).real, weight)


task = Task(
    "05.conv2d_fft",
    {"one filter": 1, "channels and filters": 1, "edge cases": 1, "any array": 1},
    conv2d_fft,
    cases,
    [
        Mistake(
            "forgets-the-conjugate",
            _no_conjugate,
            "The product of the two spectra is the true convolution, and it wraps around. A cross-correlation needs "
            "the conjugate of the kernel's spectrum (or the kernel flipped, and another crop).",
        ),
        Mistake(
            "true-convolution",
            _flipped,
            "This is the true convolution, with the kernel flipped. Unit 02's conv2d is the cross-correlation: "
            "multiply by the conjugate spectrum of the kernel, which undoes the flip.",
        ),
        Mistake(
            "conjugates-the-image",
            _no_conjugate_on_input,
            "The conjugate is taken of the image's spectrum; that mirrors the result. Take the kernel's.",
        ),
        Mistake(
            "crops-the-wrong-part",
            lambda input, weight: _valid(_spectra(input, weight).real, weight, start=1),
            "The crop starts at (K_h − 1, K_w − 1). That is right for a true convolution; with the conjugate "
            "spectrum the valid outputs stand at the start, [: H − K_h + 1, : W − K_w + 1].",
        ),
        Mistake(
            "forgets-to-crop",
            lambda input, weight: _spectra(input, weight).real,
            "The result has the image's size: the Fourier transform correlates circularly, and the last K − 1 rows "
            "and columns come from windows that wrap around. Crop to (H − K_h + 1, W − K_w + 1).",
        ),
        Mistake(
            "full-correlation",
            _full,
            "All places where kernel and image touch are returned; the valid ones are (H − K_h + 1, W − K_w + 1).",
        ),
        Mistake(
            "same-size",
            _same,
            "The result has the image's size, with zeros assumed around it; the valid part is "
            "(H − K_h + 1, W − K_w + 1).",
        ),
        Mistake(
            "last-place-missing",
            lambda input, weight: conv2d_fft(input, weight)[:, :, :-1, :-1],
            "The crop is one row and one column too small: there are H − K_h + 1 places.",
        ),
        Mistake(
            "returns-complex",
            lambda input, weight: _valid(_spectra(input, weight), weight),
            "The values are right but complex: after the inverse transform take the real part (the imaginary one is "
            "rounding), or use rfft2 and irfft2.",
        ),
        Mistake(
            "absolute-value",
            lambda input, weight: _valid(np.abs(_spectra(input, weight)), weight),
            "The absolute value is taken where the real part is meant: negative outputs lose their sign.",
        ),
        Mistake(
            "odd-width",
            _odd_width,
            "`irfft2` cannot know whether the width was even or odd, and assumes even. Tell it: irfft2(…, s=(H, W)).",
        ),
        Mistake(
            "channels-not-summed",
            _no_channel_sum,
            "The contributions of the input channels stand side by side; an output channel is their sum.",
        ),
        Mistake(
            "first-channel-only",
            _first_channel,
            "Only the first input channel is used; an output channel is the sum over all of them.",
        ),
        Mistake(
            "mean-over-channels",
            _mean_over_channels,
            "The contributions of the input channels are averaged; they add up.",
        ),
        Mistake(
            "transforms-the-batch",
            _batch_fft,
            "The transform runs over the batch as well: give it the last two axes only.",
        ),
        Mistake(
            "flips-rows",
            lambda input, weight: conv2d_fft(input, weight[:, :, ::-1]),
            "The kernel's rows are reversed; a cross-correlation reverses nothing.",
        ),
        Mistake(
            "flips-columns",
            lambda input, weight: conv2d_fft(input, weight[:, :, :, ::-1]),
            "The kernel's columns are reversed; a cross-correlation reverses nothing.",
        ),
        Mistake(
            "scales-twice",
            lambda input, weight: conv2d_fft(input, weight) / np.prod(input.shape[2:]),
            "Everything is divided by H·W: NumPy's inverse transform has divided already.",
        ),
        Mistake(
            "forgets-to-scale",
            lambda input, weight: conv2d_fft(input, weight) * np.prod(input.shape[2:]),
            'Everything is H·W times too large: two forward transforms, or norm="forward", leave out the division.',
        ),
        Mistake(
            "transposes-the-kernel",
            lambda input, weight: conv2d_fft(input, weight.transpose(0, 1, 3, 2)),
            "Height and width of the kernel are exchanged.",
        ),
        Mistake(
            "imaginary-part",
            lambda input, weight: _valid(_spectra(input, weight).imag, weight),
            "The imaginary part is rounding only; the result is the real part.",
        ),
        Mistake(
            "shifts-the-result",
            lambda input, weight: np.fft.fftshift(conv2d_fft(input, weight), axes=(2, 3)),
            "`fftshift` moves the origin to the middle. That is for looking at spectra; the result needs no shift.",
        ),
        Mistake(
            "shifts-before-cropping",
            lambda input, weight: _valid(np.fft.fftshift(_spectra(input, weight).real, axes=(2, 3)), weight),
            "`fftshift` moves the origin to the middle. That is for looking at spectra; the result needs no shift.",
        ),
        Mistake(
            "transposes-filters",
            lambda input, weight: conv2d_fft(input, weight.transpose(1, 0, 2, 3)),
            "The first two axes of the weight are exchanged: it is (C_out, C_in, K_h, K_w).",
        ),
    ],
    see="05#FFT: multiply spectra instead",
    place=3,
)
