"""Wrong ways to normalise by a batch, for the known mistakes of 08.batch_norm."""

import numpy as np

AXES = (0, 2, 3)


def tall(vector):
    """(C,) as (C, 1, 1), which broadcasts along the channels."""
    return vector[:, None, None]


def moved(old, new, momentum):
    return (1 - momentum) * old + momentum * new


def _general(
    input, running_mean, running_var, weight, bias, training, momentum, eps, *,
    ddof=0, running_ddof=1, axes=AXES, divisor=lambda var, eps: np.sqrt(var + eps),
    scale_shift=lambda x, gamma, beta: gamma * x + beta, move=moved,
):  # fmt: skip
    """Right with the options as they are; each wrong answer below changes one."""
    if training:
        mean, var = input.mean(axes, keepdims=True), input.var(axes, keepdims=True, ddof=ddof)
        new_mean = move(running_mean, input.mean(AXES), momentum)
        new_var = move(running_var, input.var(AXES, ddof=running_ddof), momentum)
    else:
        mean, var, new_mean, new_var = tall(running_mean), tall(running_var), running_mean, running_var
    normalized = (input - mean) / divisor(var, eps)
    return scale_shift(normalized, tall(weight), tall(bias)), new_mean, new_var


def _with(**options):
    def answer(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
        return _general(input, running_mean, running_var, weight, bias, training, momentum, eps, **options)

    return answer


right = _with()
biased_running = _with(running_ddof=0)
unbiased_output = _with(ddof=1)
divisors_swapped = _with(ddof=1, running_ddof=0)
momentum_swapped = _with(move=lambda old, new, momentum: momentum * old + (1 - momentum) * new)
overwritten = _with(move=lambda old, new, momentum: new)
not_updated = _with(move=lambda old, new, momentum: old)
running_sum = _with(move=lambda old, new, momentum: old + momentum * new)


def normalising(divisor):
    return _with(divisor=divisor)


def affine(scale_shift):
    return _with(scale_shift=scale_shift)


def over_axes(axes):
    return _with(axes=axes)


def corrects_by_images(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    output, mean, _ = right(input, running_mean, running_var, weight, bias, training, momentum, eps)
    if not training:
        return output, running_mean, running_var
    N = len(input)
    unbiased = input.var(AXES) * N / (N - 1) if N > 1 else np.full_like(running_var, np.nan)
    return output, mean, moved(running_var, unbiased, momentum)


def variance_not_updated(input, running_mean, running_var, *args, **kwargs):
    output, mean, _ = right(input, running_mean, running_var, *args, **kwargs)
    return output, mean, running_var


def mean_not_updated(input, running_mean, running_var, *args, **kwargs):
    output, _, var = right(input, running_mean, running_var, *args, **kwargs)
    return output, running_mean, var


def running_std(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    output, mean, var = right(input, running_mean, running_var, weight, bias, training, momentum, eps)
    return output, mean, moved(running_var, input.std(AXES), momentum) if training else var


def returns_batch_statistics(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    output, *_ = right(input, running_mean, running_var, weight, bias, training, momentum, eps)
    return (output, input.mean(AXES), input.var(AXES)) if training else (output, running_mean, running_var)


def eval_by_batch(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    output, mean, var = right(input, running_mean, running_var, weight, bias, True, momentum, eps)
    return (output, mean, var) if training else (output, running_mean, running_var)


def eval_updates(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    output, *_ = right(input, running_mean, running_var, weight, bias, training, momentum, eps)
    _, mean, var = right(input, running_mean, running_var, weight, bias, True, momentum, eps)
    return output, mean, var


def training_by_running(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    _, mean, var = right(input, running_mean, running_var, weight, bias, training, momentum, eps)
    output, *_ = right(input, mean, var, weight, bias, False, momentum, eps)
    return output, mean, var


def eval_without_variance(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        return right(input, running_mean, running_var, weight, bias, training, momentum, eps)
    return (input - tall(running_mean)) * tall(weight) + tall(bias), running_mean, running_var


def eval_without_mean(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if training:
        return right(input, running_mean, running_var, weight, bias, training, momentum, eps)
    return input * tall(weight / np.sqrt(running_var + eps)) + tall(bias), running_mean, running_var


def eval_without_affine(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if not training:
        weight, bias = np.ones_like(weight), np.zeros_like(bias)
    return right(input, running_mean, running_var, weight, bias, training, momentum, eps)


def not_centred(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    _, mean, var = right(input, running_mean, running_var, weight, bias, training, momentum, eps)
    used = input.var(AXES) if training else running_var
    return input * tall(weight / np.sqrt(used + eps)) + tall(bias), mean, var


def mean_square(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    if not training:
        return right(input, running_mean, running_var, weight, bias, training, momentum, eps)
    mean, square = input.mean(AXES), (input**2).mean(AXES)
    output = (input - tall(mean)) * tall(weight / np.sqrt(square + eps)) + tall(bias)
    count = input[:, 0].size
    new_var = moved(running_var, square * count / (count - 1), momentum)
    return output, moved(running_mean, mean, momentum), new_var


def along_width(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    _, new_mean, new_var = right(input, running_mean, running_var, weight, bias, training, momentum, eps)
    mean, var = (input.mean(AXES), input.var(AXES)) if training else (running_mean, running_var)
    output = (input - mean) / np.sqrt(var + eps) * weight + bias
    if output.shape != input.shape:
        raise ValueError("operands could not be broadcast together")
    return output, new_mean, new_var


def channels_last(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    axes, mean, var = (0, 1, 2), running_mean, running_var
    if training:
        mean, var = input.mean(axes), input.var(axes)
        running_mean = moved(running_mean, mean, momentum)
        running_var = moved(running_var, input.var(axes, ddof=1), momentum)
    return (input - mean) / np.sqrt(var + eps) * weight + bias, running_mean, running_var


def running_of_output(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    output, *_ = right(input, running_mean, running_var, weight, bias, training, momentum, eps)
    if not training:
        return output, running_mean, running_var
    mean, var = output.mean(AXES), output.var(AXES, ddof=1)
    return output, moved(running_mean, mean, momentum), moved(running_var, var, momentum)


def in_place(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    output, mean, var = right(input, running_mean, running_var, weight, bias, training, momentum, eps)
    running_mean[...], running_var[...] = mean, var
    return output, running_mean, running_var
