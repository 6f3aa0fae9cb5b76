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
    if function == torch.Tensor.unfold:  # not torch.nn.functional.unfold
        return "unfold_axis"
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
        same = recorder.as_tensor(bound["input"])
        return recorder.alias(same) if name == "detach" else same
    if name == "scaled_dot_product_attention" and bound.get("dropout_p"):
        recorder.refuse(f"calls {name}() that drops values in evaluation mode, too")
    if name == "linalg_norm" and bound.get("ord") is not None and (isinstance(bound.get("dim"), (tuple, list))
                                                                   or bound.get("dim") is None):  # fmt: skip
        recorder.refuse(f"calls linalg_norm(ord={bound['ord']!r}), a matrix norm without a NumPy counterpart")
    if "norm" in name and bound.get("p") == "nuc":
        recorder.refuse(f"calls {name}() for the nuclear norm, which has no NumPy counterpart")
    if name in CASTS:
        return recorder.call_named("cast", {"input": bound["input"], "dtype": CASTS[name]})
    if name == "rrelu" and bound.get("training"):
        recorder.refuse("calls rrelu() that draws slopes in evaluation mode, too; pass training=self.training")
    if name in ("batch_norm", "instance_norm") and bound.get("running_mean") is not None:
        if bound.get("training", bound.get("use_input_stats", name == "instance_norm")):
            recorder.refuse(f"calls {name}() that updates running statistics in evaluation mode, too")
    if name == "grid_sample":
        for argument, possible in (("mode", ("bilinear", "nearest")), ("padding_mode", ("zeros", "border"))):
            if bound.get(argument, possible[0]) not in possible:
                recorder.refuse(f"calls grid_sample({argument}={bound[argument]!r}), which has no NumPy counterpart")
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
    """Return whether a call gives two tensors: values and their positions, or a spread and the mean."""
    return (
        name in ("sort", "topk", "std_mean", "var_mean")
        or bool(bound.get("return_indices"))
        or (name in ("max", "min") and bound.get("dim") is not None)
    )


def is_random(name):
    """Return whether PyTorch marks an operation as drawing random numbers, and not for a dropout that it can do."""
    for one in (name, name + "_"):
        packet = getattr(torch.ops.aten, one, None)
        overloads = [getattr(packet, overload) for overload in packet.overloads()] if packet else []
        if any("dropout" in argument.name for overload in overloads for argument in overload._schema.arguments):
            return False
        tags = [tag for overload in overloads for tag in overload.tags]
        if torch.Tag.nondeterministic_seeded in tags:
            return True
    return False
