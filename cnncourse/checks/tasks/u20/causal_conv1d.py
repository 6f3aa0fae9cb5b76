"""Convolution in time that never looks ahead."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array, images_apart

task = Task(see="One dimension, and only the past")
DILATION = "A long memory from few layers"


@task.right
def causal_conv1d(input, weight, dilation=1):
    """y[n, o, t] = Σ_c Σ_k w[o, c, k] · x[n, c, t − D·(K − 1 − k)], zero before the beginning."""
    L, K = input.shape[2], weight.shape[2]
    padded = np.pad(input, ((0, 0), (0, 0), (dilation * (K - 1), 0)))
    taps = np.stack([padded[:, :, dilation * k : dilation * k + L] for k in range(K)])
    return np.einsum("kncl,ock->nol", taps, weight)


@task.criterion(2)
def no_dilation(rng):
    """Kernels of one to four taps, also longer than the signal, one channel or several."""
    yield Call(normal(rng, 1, 1, 6), normal(rng, 1, 1, 3))
    yield Call(normal(rng, 2, 3, 7), normal(rng, 4, 3, 2))
    yield Call(normal(rng, 3, 2, 5), normal(rng, 2, 2, 4))
    yield Call(normal(rng, 2, 3, 4), normal(rng, 2, 3, 1))
    yield Call(normal(rng, 2, 2, 2), normal(rng, 3, 2, 4))


@task.criterion(2)
def dilated(rng):
    """Taps two to five steps apart, also further than the signal is long."""
    yield Call(normal(rng, 2, 3, 9), normal(rng, 2, 3, 3), 2)
    yield Call(normal(rng, 3, 2, 11), normal(rng, 4, 2, 3), 3)
    yield Call(normal(rng, 1, 2, 8), normal(rng, 3, 2, 2), dilation=4)
    yield Call(normal(rng, 2, 1, 4), normal(rng, 1, 1, 2), 5)


@task.criterion(1)
def all_sides_alike(rng):
    """As many signals, channels, filters, steps and taps: wrong axes raise no error there."""
    for side in (2, 3, 4):
        yield Call(normal(rng, side, side, side), normal(rng, side, side, side), 1)
    yield Call(normal(rng, 3, 3, 3), normal(rng, 3, 3, 2), 2)


@any_array(task)
def arrays(rng):
    yield Call(normal(rng, 2, 3, 8), normal(rng, 4, 3, 3), 2)


def zeros(array, before, after):
    """Zeros at both ends."""
    return np.pad(array, ((0, 0), (0, 0), (before, after)))


def layer(input, weight, dilation, *, pad=zeros, ends=lambda past: (past, 0), length=lambda L, past: L,
          sums="kncl,ock->nol"):  # fmt: skip
    """Right with the options as they are."""
    K = weight.shape[2]
    past = dilation * (K - 1)
    padded, long = pad(input, *ends(past)), length(input.shape[2], past)
    taps = np.stack([padded[:, :, dilation * k : dilation * k + long] for k in range(K)])
    return np.einsum(sums, taps, weight)


task.options(layer, {
    "sees-the-future": ({"ends": lambda past: (past // 2, past - past // 2)},
        "The zeros stand at both ends, so the window has its middle at t and sees the future. All D·(K − 1) zeros "
        "belong before the beginning."),
    "sees-half-of-the-future": ({"ends": lambda past: (past - past // 2, past // 2)},
        "The zeros stand at both ends, so the window has its middle near t and sees the future. All D·(K − 1) zeros "
        "belong before the beginning."),
    "zeros-at-the-end": ({"ends": lambda past: (0, past)},
        "The zeros stand behind the end, so output t sees inputs t and later: only the future. Put them before the "
        "beginning."),
    "not-padded": ({"ends": lambda past: (0, 0), "length": lambda L, past: max(L - past, 0)},
        "Nothing is padded, so D·(K − 1) outputs are missing. The output has as many steps as the input."),
    "edge-for-zeros": ({"pad": lambda x, before, after: np.pad(x, ((0, 0), (0, 0), (before, after)), mode="edge")},
        "Before the beginning the first value is repeated. Zeros stand there."),
    "wraps-around": ({"pad": lambda x, before, after: np.pad(x, ((0, 0), (0, 0), (before, after)), mode="wrap")},
        "Before the beginning stands the end of the signal: that is the future. Zeros stand there."),
    "too-long": ({"ends": lambda past: (past, past), "length": lambda L, past: L + past},
        "Zeros stand at both ends, D·(K − 1) at each, and the output is too long. Cut off what is behind step L, or "
        "pad the beginning only."),
    "weight-transposed": ({"sums": "kncl,cok->nol"},
        "The weight is used as (in, out, tap). Its first axis counts the outputs; square ones raise no error."),
    "channels-last": ({"sums": "kncl,ock->nlo"}, "The channels come last: (N, L, C_out). They are axis 1."),
})  # fmt: skip
images_apart(task, "input")


@task.mistake
def first_tap_is_the_present(again, weight):
    """The taps are back to front: your first tap meets the present. A cross-correlation flips nothing, so the *last*
    tap meets the present."""
    return again(weight=weight[:, :, ::-1])


@task.mistake(see=DILATION)
def dilation_in_the_padding_only(again, input, weight, dilation):
    """D·(K − 1) zeros stand in front, but the taps are neighbours, so they all look too far back. Tap k looks D·k steps
    further on: padded[:, :, k * D : k * D + L]."""
    late = (dilation - 1) * (weight.shape[2] - 1)
    return again(input=zeros(input, late, 0), dilation=1)[:, :, : input.shape[2]]


@task.mistake(see=DILATION)
def padding_without_dilation(again, input, weight, dilation):
    """K − 1 zeros stand in front, whatever the dilation. It takes D·(K − 1), else the output is too short."""
    return again()[:, :, (dilation - 1) * (weight.shape[2] - 1) :]


@task.mistake(see=DILATION)
def zeros_for_all_taps(again, input, dilation):
    """D·K zeros stand in front: one tap too many, so the output comes D steps late. K taps have K − 1 gaps."""
    return again(input=zeros(input, dilation, 0))[:, :, : input.shape[2]]


@task.mistake
def waits_for_the_whole_past(right, weight, dilation):
    """Outputs whose window begins before the signal are 0. The zeros before the beginning are there for them: the taps
    that meet the signal count."""
    return np.where(np.arange(right.shape[2]) < dilation * (weight.shape[2] - 1), 0, right)


@task.mistake(see=DILATION)
def signal_longer_than_the_reach(right, input, weight, dilation):
    """It fails where a tap looks further back than the signal is long: `[:-s]` is empty there, and s zeros are more
    than L. Such a tap sees zeros only."""
    if dilation * (weight.shape[2] - 1) > input.shape[2]:
        raise ValueError("operands could not be broadcast together")
    return right


@task.mistake
def only_the_past(right):
    """Output t sees inputs before t only. The present belongs to it: the last tap meets x[t]."""
    return np.pad(right, ((0, 0), (0, 0), (1, 0)))[:, :, :-1]


@task.mistake(see=DILATION)
def ignores_dilation(again):
    """The dilation is not used. Neighbouring taps look at steps that are D apart."""
    return again(dilation=1)


@task.mistake(see=DILATION)
def gap_for_dilation(again, dilation):
    """Your taps are D + 1 steps apart, as if D counted the steps left out. Dilation 1 is an ordinary kernel."""
    return again(dilation=dilation + 1)


@task.mistake(see=DILATION)
def dilation_as_stride(again, dilation):
    """The dilation is used as a stride: outputs are left out. It moves the taps apart, and every step has an output."""
    return again(dilation=1)[:, :, ::dilation]


@task.mistake
def channels_not_summed(again, input, weight):
    """Only the first channel of the input counts. Each filter sums over all of them."""
    return again(input=input[:, :1], weight=weight[:, :1])


@task.mistake
def one_kernel_for_all_channels(again, weight):
    """All channels are summed with the first channel's kernel. Each channel has a kernel of its own."""
    return again(weight=np.repeat(weight[:, :1], weight.shape[1], axis=1))


@task.mistake
def changes_input(right, input):
    """The values may be right, but an argument is changed in place. Build new arrays."""
    input[...] = 0
    return right
