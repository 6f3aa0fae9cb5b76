"""What must be settled when a call is translated: randomness, statistics, names."""

import numpy as np
import torch

from .proxies import Proxy

DROPOUTS = ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout",
            "feature_dropout", "native_dropout")  # fmt: skip
SAME = ("detach", "cpu", "requires_grad", "retain_grad", "pin_memory", "positive")
CASTS = {"float": torch.float32, "double": torch.float64, "long": torch.int64, "int": torch.int32,
         "bool": torch.bool, "half": torch.float16, "bfloat16": torch.bfloat16}  # fmt: skip
NAMES = {
    "max_pool2d_with_indices": "max_pool2d", "max_pool1d_with_indices": "max_pool1d",
    "max_pool3d_with_indices": "max_pool3d", "adaptive_max_pool1d_with_indices": "adaptive_max_pool1d",
    "adaptive_max_pool2d_with_indices": "adaptive_max_pool2d", "logsigmoid": "log_sigmoid", "_threshold": "threshold",
    "empty": "zeros", "as_tensor": "tensor", "empty_like": "zeros_like", "new_empty": "new_zeros",
}  # fmt: skip
SLOTS = {
    "__and__": "bitwise_and",
    "__or__": "bitwise_or",
    "__xor__": "bitwise_xor",
    "__pow__": "pow",
    "__rpow__": "rpow",
}


def rename(function):
    """Return the name by which a PyTorch function is looked up."""
    name = getattr(function, "__name__", repr(function))
    return NAMES.get(name, SLOTS.get(name, name))


def check(recorder, name, bound):
    """Refuse a call that would not be the same in evaluation mode; return its result if nothing is to be done."""
    if name in DROPOUTS:
        training = bound.get("training", bound.get("train", name != "feature_alpha_dropout"))
        if training and bound.get("p", 0.5) != 0:
            recorder.refuse(f"calls {name}() that drops values in evaluation mode, too; pass training=self.training")
        return bound["input"]
    if name in SAME:
        return recorder.alias(recorder.as_tensor(bound["input"]))
    if name in CASTS:
        return recorder.call_named("cast", {"input": bound["input"], "dtype": CASTS[name]})
    if name == "rrelu" and bound.get("training"):
        recorder.refuse("calls rrelu() that draws slopes in evaluation mode, too; pass training=self.training")
    if name in ("batch_norm", "instance_norm") and bound.get("running_mean") is not None:
        if bound.get("training", bound.get("use_input_stats", name == "instance_norm")):
            recorder.refuse(f"calls {name}() that updates running statistics in evaluation mode, too")
    if name == "interpolate":
        _try_interpolate(recorder, bound)
    return None


def _try_interpolate(recorder, bound):
    """Refuse modes that `numpy_nn.functional.interpolate` does not have, by trying it on small images."""
    from .operations import OPERATIONS

    def small(value):
        return (
            2
            if issubclass(type(value), Proxy)
            else [small(v) for v in value]
            if isinstance(value, (tuple, list))
            else value
        )

    given = {key: small(value) for key, value in bound.items() if key != "input"}
    problems = []
    for axes in (2, 1, 3):
        try:
            OPERATIONS["interpolate"](np.zeros((1, 1, *[4] * axes), np.float32), **given)
        except (TypeError, ValueError) as problem:
            problems.append(str(problem))
        else:
            return
    recorder.refuse(f"calls interpolate() in a way without a NumPy counterpart: {problems[0]}")


def returns_pair(name, bound):
    """Return whether a call gives values and their positions."""
    return bool(bound.get("return_indices")) or (name in ("max", "min") and bound.get("dim") is not None)


def is_random(name):
    """Return whether PyTorch marks an operation as drawing random numbers."""
    for one in (name, name + "_"):
        packet = getattr(torch.ops.aten, one, None)
        tags = [tag for overload in packet.overloads() for tag in getattr(packet, overload).tags] if packet else []
        if torch.Tag.nondeterministic_seeded in tags:
            return True
    return False
