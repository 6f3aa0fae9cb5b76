"""Arithmetic, comparisons and functions of each entry, under PyTorch's names and arguments."""

import numpy as np

from cnncourse.numpy_nn import functional as F
from cnncourse.numpy_nn.functional.erf import erf

from .numbers import alike, floats


def _binary(function):
    def compute(input, other):
        return np.asarray(function(*alike(input, other)))

    return compute


def _scaled(function):
    """A sum or difference whose second operand may have a factor."""

    def compute(input, other, alpha=1):
        if alpha != 1:
            other = multiply(other, alpha)
        return np.asarray(function(*alike(input, other)))

    return compute


multiply = _binary(np.multiply)


def divide(input, other, rounding_mode=None):
    """input / other; rounded down or towards zero if so asked."""
    input, other = alike(input, other)
    if rounding_mode == "floor":
        return np.asarray(np.floor_divide(input, other))
    if rounding_mode == "trunc":
        return np.asarray(np.trunc(np.true_divide(input, other))).astype(input.dtype)
    return np.asarray(np.true_divide(floats(input), floats(other)))


def _unary(function):
    def compute(input):
        return np.asarray(function(input))

    return compute


def _unary_float(function):
    def compute(input):
        return np.asarray(function(floats(input)))

    return compute


def clamp(input, min=None, max=None):
    """Return each entry, but at least `min` and at most `max`."""
    if min is not None:
        input = np.maximum(*alike(input, min))
    if max is not None:
        input = np.minimum(*alike(input, max))
    return np.asarray(input)


def logit(input, eps=None):
    """log(p / (1 − p)), p first brought to between eps and 1 − eps."""
    p = floats(input) if eps is None else np.clip(floats(input), eps, 1 - eps)
    return np.log(p / (1 - p))


def nan_to_num(input, nan=None, posinf=None, neginf=None):
    """Return other values in place of NaN and the infinities: 0 and the largest of the dtype."""
    return np.nan_to_num(input, nan=nan or 0.0, posinf=posinf, neginf=neginf)


def where(condition, input, other):
    """Return `input` where `condition` is true, else `other`."""
    return np.where(condition, *alike(input, other))


def masked_fill(input, mask, value):
    """Return `value` where `mask` is true, else `input`."""
    return np.where(mask, np.asarray(value, input.dtype), input)


def lerp(input, end, weight):
    """input + weight·(end − input)."""
    return input + np.asarray(weight, input.dtype) * (end - input)


def addcmul(input, tensor1, tensor2, value=1):
    """input + value·tensor1·tensor2."""
    return input + np.asarray(value, input.dtype) * (tensor1 * tensor2)


def addcdiv(input, tensor1, tensor2, value=1):
    """input + value·tensor1 / tensor2."""
    return input + np.asarray(value, input.dtype) * (tensor1 / tensor2)


# Activations that `numpy_nn.functional` does not have, each by its formula.


def elu(input, alpha=1.0, scale=1.0, input_scale=1.0):
    """scale·(x if x > 0 else α(e^(x·input_scale) − 1))."""
    negative = alpha * np.expm1(np.minimum(input, 0) * input_scale)
    return np.where(input > 0, input * scale, negative * scale).astype(input.dtype)


def selu(input):
    """Return ELU with the two constants that keep mean 0 and variance 1."""
    return elu(input, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946)


def celu(input, alpha=1.0):
    """max(0, x) + min(0, α(e^(x/α) − 1))."""
    return elu(input, alpha, 1.0, 1.0 / alpha)


def softplus(input, beta=1.0, threshold=20.0):
    """log(1 + e^(βx)) / β; the input itself where βx exceeds the threshold."""
    scaled = input * beta
    return np.where(scaled > threshold, input, np.logaddexp(scaled, 0) / beta).astype(input.dtype)


def mish(input):
    """x·tanh(log(1 + e^x))."""
    return input * np.tanh(np.logaddexp(input, 0)).astype(input.dtype)


def log_sigmoid(input):
    """−log(1 + e^(−x))."""
    return -np.logaddexp(-input, 0).astype(input.dtype)


def hardtanh(input, min_val=-1.0, max_val=1.0, *, out=None):
    """Clip to [min_val, max_val]."""
    return np.clip(input, min_val, max_val, out=out)


def prelu(input, weight):
    """Return x where it is positive, else weight·x; one weight, or one per channel."""
    if weight.size > 1 and input.ndim > 1:
        weight = weight.reshape(-1, *[1] * (input.ndim - 2))
    return np.where(input > 0, input, input * weight)


def threshold(input, threshold, value):
    """Return x where it exceeds the threshold, else `value`."""
    return np.where(input > threshold, input, np.asarray(value, input.dtype))


def glu(input, dim=-1):
    """Return the first half times the sigmoid of the second."""
    a, b = np.split(input, 2, axis=dim)
    return a * F.sigmoid(np.ascontiguousarray(b))


def hardshrink(input, lambd=0.5):
    """Return 0 in [−λ, λ], elsewhere x."""
    return np.where(np.abs(input) <= lambd, np.zeros((), input.dtype), input)


def softshrink(input, lambd=0.5):
    """Move x towards 0 by λ, and not beyond."""
    return np.sign(input) * np.maximum(np.abs(input) - np.asarray(lambd, input.dtype), 0)


def rrelu(input, lower=1 / 8, upper=1 / 3, training=False):
    """Leaky ReLU with the mean of its two slopes."""
    return F.leaky_relu(input, (lower + upper) / 2)


POINTWISE = {
    "add": _scaled(np.add), "sub": _scaled(np.subtract), "subtract": _scaled(np.subtract),
    "rsub": lambda input, other, alpha=1: _scaled(np.subtract)(other, input, alpha),
    "mul": multiply, "multiply": multiply,
    "div": divide, "divide": divide, "true_divide": divide,
    "floor_divide": _binary(np.floor_divide), "remainder": _binary(np.remainder), "fmod": _binary(np.fmod),
    "pow": lambda input, exponent: np.asarray(np.power(*alike(input, exponent))),
    "hypot": _binary(np.hypot), "logaddexp": _binary(np.logaddexp), "fmin": _binary(np.fmin), "fmax": _binary(np.fmax),
    "float_power": lambda input, exponent: np.float_power(input, exponent),
    "maximum": _binary(np.maximum), "minimum": _binary(np.minimum), "atan2": _binary(np.arctan2),
    "gt": _binary(np.greater), "lt": _binary(np.less), "ge": _binary(np.greater_equal),
    "le": _binary(np.less_equal), "eq": _binary(np.equal), "ne": _binary(np.not_equal),
    "logical_and": _binary(np.logical_and), "logical_or": _binary(np.logical_or),
    "logical_xor": _binary(np.logical_xor), "logical_not": _unary(np.logical_not),
    "bitwise_and": _binary(np.bitwise_and), "bitwise_or": _binary(np.bitwise_or),
    "bitwise_xor": _binary(np.bitwise_xor), "bitwise_not": _unary(np.invert),
    "neg": _unary(np.negative), "negative": _unary(np.negative),
    "abs": _unary(np.abs), "absolute": _unary(np.abs), "sign": _unary(np.sign), "square": _unary(np.square),
    "floor": _unary(np.floor), "ceil": _unary(np.ceil), "trunc": _unary(np.trunc), "isnan": _unary(np.isnan),
    "round": lambda input, decimals=0: np.asarray(np.round(input, decimals)),
    "sqrt": _unary_float(np.sqrt), "rsqrt": _unary_float(lambda x: 1 / np.sqrt(x)),
    "exp": _unary_float(np.exp), "expm1": _unary_float(np.expm1), "log": _unary_float(np.log),
    "log1p": _unary_float(np.log1p), "log2": _unary_float(np.log2), "log10": _unary_float(np.log10),
    **{name: _unary_float(getattr(np, name)) for name in ("sin", "cos", "tan", "sinh", "cosh", "exp2", "sinc")},
    **{name: _unary_float(getattr(np, "arc" + name[1:]))
       for name in ("asin", "acos", "atan", "asinh", "acosh", "atanh")},
    "erf": _unary_float(erf), "special_erf": _unary_float(erf), "erfc": _unary_float(lambda x: 1 - erf(x)),
    "frac": _unary(lambda x: x - np.trunc(x)), "sgn": _unary(np.sign), "logit": logit,
    "isfinite": _unary(np.isfinite), "isinf": _unary(np.isinf), "nan_to_num": nan_to_num,
    "reciprocal": _unary_float(lambda x: 1 / x), "sigmoid": _unary_float(F.sigmoid),
    "special_expit": _unary_float(F.sigmoid), "tanh": _unary_float(F.tanh),
    "clamp": clamp, "clip": clamp,
    "clamp_min": lambda input, min: clamp(input, min), "clamp_max": lambda input, max: clamp(input, None, max),
    "where": where, "masked_fill": masked_fill, "lerp": lerp, "addcmul": addcmul, "addcdiv": addcdiv,
}  # fmt: skip
STAND_INS = {  # a function of the same name in `numpy_nn.functional` comes before them
    "elu": elu, "selu": selu, "celu": celu, "softplus": softplus, "mish": mish, "log_sigmoid": log_sigmoid,
    "hardtanh": hardtanh, "prelu": prelu, "threshold": threshold, "glu": glu, "hardshrink": hardshrink,
    "softshrink": softshrink, "rrelu": rrelu,
    "softsign": lambda input: input / (np.abs(input) + 1), "tanhshrink": lambda input: input - np.tanh(input),
}  # fmt: skip
