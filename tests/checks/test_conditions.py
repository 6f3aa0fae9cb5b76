"""Answers that are right except under a condition: some case of the task meets it, under every seed.

A condition is a function of the call's arguments by name; an answer that goes wrong where it holds, and only there,
loses points.
"""

import numpy as np
import pytest

from cnncourse.checks import load_task
from cnncourse.checks.families.pairs import pair

FILTERS = {
    "one row": lambda a: a["input"].shape[2] == a["weight"].shape[2],
    "an even kernel": lambda a: a["weight"].shape[2] % 2 == 0,
    "as many filters as channels": lambda a: a["weight"].shape[0] == a["weight"].shape[1] > 1,
    "as many images as channels": lambda a: a["input"].shape[0] == a["input"].shape[1] > 1,
    "a kernel of one pixel": lambda a: a["weight"].shape[2:] == (1, 1),
    "one filter": lambda a: a["weight"].shape[0] == 1,
}
KERNEL = {
    "a kernel as large as the image": lambda a: a["image"].shape == a["kernel"].shape,
    "one row": lambda a: a["image"].shape[0] == 1,
    "one column": lambda a: a["image"].shape[1] == 1,
    "an even kernel": lambda a: a["kernel"].shape[0] % 2 == 0,
    "a kernel of one pixel": lambda a: a["kernel"].size == 1,
}
GRAPHS = {
    "one node": lambda a: len(a["adjacency"]) == 1,
    "a directed graph": lambda a: (a["adjacency"] != a["adjacency"].T).any(),
    "an undirected graph": lambda a: len(a["adjacency"]) > 1 and (a["adjacency"] == a["adjacency"].T).all(),
    "weights": lambda a: ((a["adjacency"] > 0) & (a["adjacency"] != 1)).any(),
    "loops": lambda a: np.diag(a["adjacency"]).any(),
}
LOGITS = {
    "one image": lambda a: len(a["labels"]) == 1,
    "one class": lambda a: a["logits"].shape[1] == 1,
    "as many images as classes": lambda a: a["logits"].shape[0] == a["logits"].shape[1],
    "more images than classes": lambda a: a["logits"].shape[0] > a["logits"].shape[1],
    "a row of equal logits": lambda a: not np.ptp(a["logits"], axis=1).all(),
    "labels of 32 bits": lambda a: a["labels"].dtype == np.int32,
    "all logits far below zero": lambda a: (a["logits"].max(axis=1) < -800).any(),
}


def one_pass_fails(array, eps):
    """Whether mean(x²) − mean(x)² of some channel comes out so far below zero that no root can be taken."""
    space = (0, 2, 3)
    return ((array**2).mean(space) - array.mean(space) ** 2 + eps < 0).any()


def flat(array):
    """Whether some channel is constant."""
    return not np.ptp(array, axis=(0, 2, 3)).all()


def own_logits(given):
    """The logit of each row's label, as a column."""
    return np.take_along_axis(given["logits"], given["labels"][:, None].astype(int), axis=1)


def places(array):
    """Each place of each image as a channel of its own, for `one_pass_fails`."""
    return np.moveaxis(array, 1, 3).reshape(1, -1, array.shape[1], 1)


def logits_of(given):
    """The arguments of the gate's sigmoid."""
    hidden = np.maximum(given["input"].mean((2, 3)) @ given["w1"].T + given["b1"], 0)
    return hidden @ given["w2"].T + given["b2"]


GATES = {
    "one image": lambda a: len(a["input"]) == 1,
    "one channel": lambda a: a["input"].shape[1] == 1,
    "one hidden value": lambda a: len(a["w1"]) == 1,
    "more hidden values than channels": lambda a: len(a["w1"]) > a["input"].shape[1],
    "one pixel": lambda a: a["input"].shape[2:] == (1, 1),
    "all sides alike": lambda a: len({*a["input"].shape, len(a["w1"])}) == 1,
    "as many hidden values as channels": lambda a: len(a["w1"]) == a["input"].shape[1],
}
def without_area(boxes):
    """Whether some box has no area."""
    return ((boxes[:, 2] == boxes[:, 0]) | (boxes[:, 3] == boxes[:, 1])).any()


def apart(boxes1, boxes2):
    """(N, M, 2): whether two boxes have a gap between them, along x and along y."""
    a, b = boxes1[:, None], boxes2[None]
    return np.minimum(a[..., 2:], b[..., 2:]) < np.maximum(a[..., :2], b[..., :2])


FOCAL = {
    "no γ": lambda a: a.get("gamma") == 0,
    "γ below one": lambda a: 0 < a.get("gamma", 2.0) < 1,
    "α of zero": lambda a: a.get("alpha") == 0,
    "α of one": lambda a: a.get("alpha") == 1,
    "no positive place": lambda a: not a["targets"].any(),
    "positive places only": lambda a: a["targets"].all(),
    "a large logit in float32": lambda a: a["logits"].dtype == np.float32 and np.abs(a["logits"]).max() >= 1000,
    "more than two axes": lambda a: a["logits"].ndim > 2,
}
DICE = {
    "one image": lambda a: len(a["logits"]) == 1,
    "one pixel": lambda a: a["logits"].shape[2:] == (1, 1),
    "an empty mask beside others": lambda a: (s := a["target"].sum((1, 2, 3))).min() == 0 < s.max(),
    "a full mask": lambda a: a["target"].mean((1, 2, 3)).max() == 1,
    "all masks empty": lambda a: not a["target"].any(),
    "logits that overflow": lambda a: a["logits"].max() > 1000,
    "logits that overflow below": lambda a: a["logits"].min() < -1000,
    "a small epsilon": lambda a: a.get("eps", 1.0) < 0.1,
    "the default": lambda a: "eps" not in a,
    "as many images as rows": lambda a: a["logits"].shape[0] == a["logits"].shape[2] > 1,
}
CONDITIONS = {
    "06.conv2d_grad_weight": {"a kernel of one pixel, padded": lambda a: a["kernel_size"] == 1 and a.get("padding")},
    "06.conv2d_grad_input": {"a kernel of one pixel, padded": lambda a: a["weight"].shape[3] == 1 and a.get("padding")},
    "05.im2col": {"a kernel of one pixel, padded": lambda a: a["kernel_size"] == 1 and a.get("padding")},
    "05.col2im": {"a kernel of one pixel, padded": lambda a: a["kernel_size"] == 1 and a.get("padding")},
    "01.to_tensor": {
        "no byte above 1": lambda a: 0 < a["image"].max() <= 1,
        "a grey image of three columns": lambda a: a["image"].ndim == 2 and a["image"].shape[1] == 3,
        "height, width and channels alike": lambda a: len({*a["image"].shape}) == 1,
        "two channels": lambda a: a["image"].shape[2:] == (2,),
    },
    "01.channel_statistics": {
        "a constant channel": lambda a: flat(a["images"]),
        "a variance below zero": lambda a: one_pass_fails(a["images"], 0),
        "one value per channel": lambda a: a["images"][:, 0].size == 1,
        "one image": lambda a: len(a["images"]) == 1,
    },
    "01.normalize": {
        "as many columns as channels": lambda a: a["images"].shape[3] == a["images"].shape[1] > 1,
        "as many images as channels": lambda a: a["images"].shape[0] == a["images"].shape[1] > 1,
    },
    "01.mlp_parameters": {
        "one hidden unit": lambda a: a["hidden"] == 1,
        "one side": lambda a: len(a["shape"]) == 1,
        "a list": lambda a: isinstance(a["shape"], list),
    },
    "01.conv_parameters": {
        "a high kernel": lambda a: pair(a["kernel_size"])[0] > pair(a["kernel_size"])[1],
        "a pair without bias": lambda a: isinstance(a["kernel_size"], tuple) and not a.get("bias", True),
    },
    "02.cross_correlate2d": KERNEL,
    "02.convolve2d": KERNEL,
    "02.conv2d": FILTERS,
    "02.correlate_with_stride": KERNEL | {
        "a remainder": lambda a: (len(a["image"]) - len(a["kernel"])) % pair(a["stride"])[0] > 0,
        "no remainder": lambda a: (len(a["image"]) - len(a["kernel"])) % pair(a["stride"])[0] == 0,
        "a stride of one": lambda a: a["stride"] == 1,
        "a stride beyond the image": lambda a: pair(a["stride"])[0] > len(a["image"]),
        "a stride along one axis": lambda a: isinstance(a["stride"], tuple) and min(a["stride"]) == 1,
    },
    "02.separate": {
        "a first row of zeros": lambda a: not a["kernel"][0].any(),
        "a first column of zeros": lambda a: not a["kernel"][:, 0].any(),
        "a last row of zeros": lambda a: len(a["kernel"]) > 1 and not a["kernel"][-1].any(),
        "a sum of zero": lambda a: abs(a["kernel"].sum()) < 1e-12,
        "a first entry below zero": lambda a: a["kernel"][0, 0] < 0,
        "one row": lambda a: len(a["kernel"]) == 1,
        "one column": lambda a: a["kernel"].shape[1] == 1,
        "one entry": lambda a: a["kernel"].size == 1,
    },
    "02.shift_kernel": {
        "no shift": lambda a: a["dy"] == a["dx"] == 0,
        "up and right": lambda a: a["dy"] < 0 < a["dx"],
        "one axis only": lambda a: (a["dy"] == 0) != (a["dx"] == 0),
    },
    "02.slope_kernel": {
        "even sides": lambda a: a["height"] % 2 == a["width"] % 2 == 0,
        "two columns": lambda a: a["width"] == 2,
        "higher than wide": lambda a: a["height"] > a["width"],
    },
    "02.sobel_magnitude": {"a picture of bytes": lambda a: 200 < a["image"].max() <= 255},
    "02.learn_kernel": {
        "one picture": lambda a: len(a["images"]) == 1,
        "a kernel of one pixel": lambda a: a["kernel_size"] == (1, 1),
        "as many pictures as kernel rows": lambda a: len(a["images"]) == a["kernel_size"][0] > 1,
    },
    "03.conv2d": FILTERS | {
        "a kernel of one pixel, padded": lambda a: a["weight"].shape[2:] == (1, 1) and a.get("padding"),
        "a kernel of one pixel, in groups": lambda a: a["weight"].shape[2:] == (1, 1) and a.get("groups", 1) > 1,
        "groups with a stride": lambda a: a.get("groups", 1) > 1 and a.get("stride", 1) == 2,
        "groups with padding alone": lambda a: {*a} == {"input", "weight", "groups", "padding"},
        "groups with a stride alone": lambda a: {*a} == {"input", "weight", "groups", "stride"},
        "groups with a dilation": lambda a: a.get("groups", 1) > 1 and a.get("dilation", 1) == 2,
        "dilation with padding alone": lambda a: {*a} == {"input", "weight", "padding", "dilation"},
        "dilation with a stride alone": lambda a: {*a} == {"input", "weight", "stride", "dilation"},
    },
    "04.translate": {
        "no shift": lambda a: a["dy"] == a["dx"] == 0,
        "beyond the border": lambda a: abs(a["dy"]) >= a["images"].shape[2],
        "up and right": lambda a: a["dy"] < 0 < a["dx"],
        "one shift only": lambda a: (a["dy"] == 0) != (a["dx"] == 0),
    },
    "08.batch_norm": {
        "a constant channel": lambda a: flat(a["input"]),
        "a variance below zero": lambda a: one_pass_fails(a["input"], a.get("eps", 1e-5)),
        "one image": lambda a: len(a["input"]) == 1 and a["training"],
        "one pixel": lambda a: a["input"].shape[2:] == (1, 1),
        "one channel": lambda a: a["input"].shape[1] == 1,
        "evaluating one value per channel": lambda a: a["input"][:, 0].size == 1 and not a["training"],
    },
    "08.batch_norm_backward": {
        "a constant channel": lambda a: flat(a["input"]),
        "a variance below zero": lambda a: one_pass_fails(a["input"], a.get("eps", 1e-5)),
        "γ of zero": lambda a: not a["weight"].all(),
        "one image": lambda a: len(a["input"]) == 1,
    },
    "08.fold_batch_norm": {
        "no bias": lambda a: a["bias"] is None,
        "a variance of zero": lambda a: not a["running_var"].all(),
        "γ of zero": lambda a: not a["gamma"].all(),
        "all sides alike": lambda a: len({*a["weight"].shape}) == 1,
    },
    "09.cross_entropy": LOGITS,
    "09.cross_entropy_backward": LOGITS,
    "09.sgd_step": {
        "no momentum, moving": lambda a: a["momentum"] == 0 and a["velocity"][0].any(),
        "at rest": lambda a: not a["velocity"][0].any(),
        "one parameter": lambda a: len(a["params"]) == 1,
        "a scalar parameter": lambda a: any(p.size == 1 for p in a["params"]),
    },
    "18.box_iou": {
        "no boxes": lambda a: len(a["boxes1"]) == len(a["boxes2"]) == 0,
        "no boxes in the second list": lambda a: len(a["boxes1"]) > len(a["boxes2"]) == 0,
        "two boxes without area": lambda a: all(without_area(a[name]) for name in ("boxes1", "boxes2")),
        "apart along both axes": lambda a: apart(a["boxes1"], a["boxes2"]).all(axis=2).any(),
        "apart along one axis": lambda a: (apart(a["boxes1"], a["boxes2"]).sum(axis=2) == 1).any(),
    },
    "18.nms": {
        "no boxes": lambda a: len(a["boxes"]) == 0,
        "one box": lambda a: len(a["boxes"]) == 1,
        "a box without area": lambda a: without_area(a["boxes"]),
        "equal scores": lambda a: len(np.unique(a["scores"])) < len(a["scores"]),
        "negative scores": lambda a: (a["scores"] < 0).any(),
    },
    "18.match_anchors": {
        "no boxes": lambda a: len(a["anchors"]) > len(a["boxes"]) == 0,
        "an anchor without area": lambda a: without_area(a["anchors"]),
        "equal thresholds": lambda a: a["high"] == a["low"],
        "one anchor, several boxes": lambda a: len(a["boxes"]) > len(a["anchors"]) == 1,
    },
    "18.match_detections": {
        "no true boxes": lambda a: len(a["boxes"]) > len(a["truth"]) == 0,
        "no detections": lambda a: len(a["truth"]) > len(a["boxes"]) == 0,
        "equal scores": lambda a: len(np.unique(a["scores"])) < len(a["scores"]),
        "more true boxes than detections": lambda a: len(a["truth"]) > len(a["boxes"]) > 0,
    },
    "18.average_precision": {
        "no true boxes": lambda a: len(a["scores"]) > a["count"] == 0,
        "no detections": lambda a: a["count"] > len(a["scores"]) == 0,
        "all right, all found": lambda a: a["correct"].all() and len(a["correct"]) == a["count"] > 0,
        "none right": lambda a: a["count"] > 0 and len(a["correct"]) and not a["correct"].any(),
        "equal scores": lambda a: len(np.unique(a["scores"])) < len(a["scores"]),
        "negative scores": lambda a: (a["scores"] < 0).any(),
    },
    "18.encode_boxes": {
        "a box a hundred times as large": lambda a: (np.ptp(a["boxes"]) > 100 * np.ptp(a["anchors"])).any(),
        "four boxes": lambda a: len(a["boxes"]) == 4,
    },
    "18.decode_boxes": {
        "a large offset": lambda a: (a["offsets"][:, 2:] > 4.2).any(),
        "four boxes": lambda a: len(a["anchors"]) == 4,
    },
    "18.focal_loss": FOCAL,
    "18.focal_loss_backward": FOCAL,
    "07.max_pool2d": {"values far below zero": lambda a: a["input"].max() < -10_000},
    "11.top_k_error": {
        "logits of which a softmax makes zeros": lambda a: np.ptp(a["logits"]) > 1000,
        "equal logits at the label": lambda a: ((a["logits"] == own_logits(a)).sum(axis=1) > 1).any(),
        "as many guesses as classes": lambda a: a["k"] == a["logits"].shape[1],
        "one picture": lambda a: len(a["labels"]) == 1,
        "one class": lambda a: a["logits"].shape[1] == 1,
        "labels of 32 bits": lambda a: a["labels"].dtype == np.int32,
        "all logits below zero": lambda a: a["logits"].max() < 0,
    },
    "11.local_response_norm": {
        "fewer channels than a window": lambda a: 1 < a["input"].shape[1] < a.get("size", 5),
        "one channel": lambda a: a["input"].shape[1] == 1,
        "a window of one channel": lambda a: a.get("size", 5) == 1,
        "all sides alike": lambda a: len({*a["input"].shape}) == 1,
    },
    "11.dropout": {
        "nothing dropped": lambda a: a["p"] == 0,
        "entries of zero": lambda a: not a["x"].all(),
        "one entry": lambda a: a["x"].size == 1,
        "one axis": lambda a: a["x"].ndim == 1,
    },
    "11.dropout_backward": {
        "nothing dropped": lambda a: a["p"] == 0,
        "nothing kept": lambda a: not a["mask"].any(),
        "all kept all the same": lambda a: a["mask"].all() and a["p"] > 0,
    },
    "11.ten_crop": {
        "the whole height": lambda a: a["size"] == a["images"].shape[2] < a["images"].shape[3],
        "the whole width": lambda a: a["size"] == a["images"].shape[3] < a["images"].shape[2],
        "the whole picture": lambda a: a["size"] == a["images"].shape[2] == a["images"].shape[3],
        "one pixel": lambda a: a["size"] == 1,
        "ten pictures": lambda a: len(a["images"]) == 10,
    },
    "11.colour_shift": {
        "grey pictures": lambda a: np.ptp(a["images"], axis=1).max() == 0,
        "one picture": lambda a: len(a["images"]) == 1,
        "one pixel": lambda a: a["images"].shape[2:] == (1, 1),
        "float32": lambda a: a["images"].dtype == np.float32,
    },
    "13.mlpconv": {
        "as many hidden units as columns": lambda a: len(a["w1"]) == a["input"].shape[3],
        "square matrices": lambda a: len({*a["w1"].shape, *a["w2"].shape}) == 1,
        "one pixel": lambda a: a["input"].shape[2:] == (1, 1),
    },
    "13.concat_backward": {
        "one branch": lambda a: len(a["channels"]) == 1,
        "branches of one channel": lambda a: {*a["channels"]} == {1},
        "all sides alike": lambda a: len({*a["grad_output"].shape}) == 1,
    },
    "13.separate_kernel": {
        "zeros": lambda a: not a["kernel"].any(),
        "higher than wide": lambda a: a["kernel"].shape[0] > a["kernel"].shape[1],
        "one row": lambda a: len(a["kernel"]) == 1,
        "one column": lambda a: a["kernel"].shape[1] == 1,
        "a sum of zero": lambda a: a["kernel"].any() and abs(a["kernel"].sum()) < 1e-12,
    },
    "13.smooth_cross_entropy": LOGITS | {"no smoothing": lambda a: a["smoothing"] == 0},
    "13.smooth_cross_entropy_backward": LOGITS | {"no smoothing": lambda a: a["smoothing"] == 0},
    "15.squeeze_excite": GATES | {
        "a sigmoid that overflows below": lambda a: logits_of(a).min() < -1000,
        "a sigmoid that overflows above": lambda a: logits_of(a).max() > 1000,
    },
    "15.squeeze_excite_backward": GATES | {
        "a sigmoid that overflows below": lambda a: logits_of(a).min() < -1000,
        "a sigmoid that overflows above": lambda a: logits_of(a).max() > 1000,
    },
    "15.channel_shuffle": {
        "one group": lambda a: a["groups"] == 1,
        "as many groups as channels": lambda a: a["groups"] == a["input"].shape[1] > 1,
        "as many groups as channels in a group": lambda a: a["groups"] ** 2 == a["input"].shape[1] > 1,
        "more groups than channels in a group": lambda a: a["groups"] ** 2 > a["input"].shape[1] > a["groups"],
        "fewer groups than channels in a group": lambda a: 1 < a["groups"] ** 2 < a["input"].shape[1],
        "an odd number of groups": lambda a: a["groups"] % 2 == 1 < a["groups"],
        "all sides alike": lambda a: len({*a["input"].shape}) == 1,
        "one image": lambda a: len(a["input"]) == 1,
        "one pixel": lambda a: a["input"].shape[2:] == (1, 1),
    },
    "15.layer_norm_channels": {
        "channels that are equal at a place": lambda a: not np.ptp(a["input"], axis=1).all(),
        "a variance below zero": lambda a: one_pass_fails(places(a["input"]), a.get("eps", 1e-6)),
        "one channel": lambda a: a["input"].shape[1] == 1,
        "two channels": lambda a: a["input"].shape[1] == 2,
        "one image": lambda a: len(a["input"]) == 1,
        "one pixel": lambda a: a["input"].shape[2:] == (1, 1),
        "all sides alike": lambda a: len({*a["input"].shape}) == 1,
        "as many columns as channels": lambda a: a["input"].shape[3] == a["input"].shape[1] > 1,
        "a small variance": lambda a: "eps" not in a and 0 < np.median(a["input"].var(1)) < 1e-5,
    },
    "15.separable_cost": {
        "as many channels out as in": lambda a: a["c_in"] == a["c_out"] > 1,
        "one channel in": lambda a: a["c_in"] == 1 < a["c_out"],
        "one channel out": lambda a: a["c_out"] == 1 < a["c_in"],
        "a kernel of one pixel": lambda a: a["kernel_size"] == 1 < a["c_in"],
        "a kernel of two pixels": lambda a: a["kernel_size"] == 2,
        "higher than wide": lambda a: a["h_out"] > a["w_out"],
    },
    "19.confusion_matrix": {
        "one pixel": lambda a: a["target"].size == 1,
        "one class": lambda a: a["num_classes"] == 1,
        "a class that is left out": lambda a: 0 <= a.get("ignore_index", 255) < a["num_classes"],
        "a negative label that is left out": lambda a: a.get("ignore_index", 255) < 0,
        "nothing left": lambda a: (a["target"] == a.get("ignore_index", 255)).all(),
        "classes that do not occur": lambda a: a["num_classes"] > a["prediction"].max() + 3,
        "more pairs than 8 bits hold": lambda a: a["target"].dtype == np.uint8 and a["num_classes"] ** 2 > 256,
        "two kinds of integers": lambda a: a["target"].dtype != a["prediction"].dtype,
        "more pixels of one kind than 8 bits count": lambda a: (
            a["target"].dtype == np.uint8 and ((a["target"] == 0) & (a["prediction"] == 0)).sum() > 255
        ),
        "255 predicted": lambda a: (a["prediction"] == 255).any(),
        "all sides alike": lambda a: len({*a["target"].shape}) == 1,
    },
    "19.mean_iou": {
        "one class": lambda a: len(a["confusion"]) == 1,
        "nothing right": lambda a: not np.diagonal(a["confusion"]).any(),
        "a class that is nowhere": lambda a: (a["confusion"].sum(0) + a["confusion"].sum(1) == 0).any(),
        "a class that is true alone": lambda a: ((a["confusion"].sum(0) == 0) & (a["confusion"].sum(1) > 0)).any(),
        "a class that is given alone": lambda a: ((a["confusion"].sum(1) == 0) & (a["confusion"].sum(0) > 0)).any(),
        "counts without a sign": lambda a: a["confusion"].dtype.kind == "u",
        "large counts": lambda a: a["confusion"].max() > 1e9,
    },
    "19.dice_loss": DICE,
    "19.dice_loss_backward": DICE,
    "19.conv_transpose2d": {
        "a kernel of one pixel": lambda a: a["weight"].shape[2:] == (1, 1),
        "as many channels out as in": lambda a: a["weight"].shape[0] == a["weight"].shape[1] > 1,
        "gaps between the kernels": lambda a: pair(a.get("stride", 1))[0] > a["weight"].shape[2],
        "kernels side by side": lambda a: pair(a.get("stride", 1))[0] == a["weight"].shape[2] > 1,
        "an even kernel": lambda a: a["weight"].shape[2] % 2 == 0,
        "one pixel": lambda a: a["input"].shape[2:] == (1, 1),
        "one image": lambda a: len(a["input"]) == 1,
        "padding as large as the kernel": lambda a: pair(a.get("padding", 0))[0] >= a["weight"].shape[2],
        "padding along one axis": lambda a: 0 in pair(a.get("padding", 1)) != (0, 0),
        "all sides alike": lambda a: len({*a["input"].shape[1:]}) == 1,
    },
    "19.bilinear_kernel": {
        "a stride of one": lambda a: a["stride"] == 1,
        "an even stride": lambda a: a["stride"] % 2 == 0,
        "an odd stride": lambda a: a["stride"] % 2 == 1 < a["stride"],
    },
    "19.crop_and_concat": {
        "nothing to cut": lambda a: a["skip"].shape[2:] == a["x"].shape[2:],
        "rows only": lambda a: a["skip"].shape[2] > a["x"].shape[2] and a["skip"].shape[3] == a["x"].shape[3],
        "columns only": lambda a: a["skip"].shape[2] == a["x"].shape[2] and a["skip"].shape[3] > a["x"].shape[3],
        "an odd number of rows": lambda a: (a["skip"].shape[2] - a["x"].shape[2]) % 2 == 1,
        "an odd number of columns": lambda a: (a["skip"].shape[3] - a["x"].shape[3]) % 2 == 1,
        "as many channels in both": lambda a: a["skip"].shape[1] == a["x"].shape[1],
        "one pixel": lambda a: a["x"].shape[2:] == (1, 1),
        "one image": lambda a: len(a["x"]) == 1,
    },
    "20.causal_conv1d": {
        "one tap": lambda a: a["weight"].shape[2] == 1,
        "an even kernel": lambda a: a["weight"].shape[2] % 2 == 0,
        "more taps than steps": lambda a: a["weight"].shape[2] > a["input"].shape[2],
        "taps further apart than the signal is long": lambda a: a.get("dilation", 1) > a["input"].shape[2],
        "all sides alike": lambda a: len({*a["input"].shape, *a["weight"].shape}) == 1,
        "one channel": lambda a: a["input"].shape[1] == 1,
    },
    "20.stack_receptive_field": {
        "no layer": lambda a: not a["dilations"],
        "one tap": lambda a: a["kernel_size"] == 1 and a["dilations"],
        "a tuple": lambda a: isinstance(a["dilations"], tuple),
        "falling dilations": lambda a: list(a["dilations"]) == sorted(a["dilations"], reverse=True) != [],
    },
    "20.conv3d": {
        "one frame in the kernel": lambda a: a["weight"].shape[2] == 1,
        "a kernel as large as the clip": lambda a: a["weight"].shape[2:] == a["input"].shape[2:],
        "an even kernel": lambda a: a["weight"].shape[2] % 2 == 0,
        "all sides alike": lambda a: len({*a["input"].shape, *a["weight"].shape}) == 1,
        "a bias": lambda a: a.get("bias") is not None,
    },
    "20.normalized_adjacency": GRAPHS | {
        "whole numbers": lambda a: a["adjacency"].dtype.kind == "i",
        "truth values with loops": lambda a: a["adjacency"].dtype == bool and np.diag(a["adjacency"]).any(),
        "truth values": lambda a: a["adjacency"].dtype.kind == "b",
        "no edge": lambda a: not a["adjacency"].any() and len(a["adjacency"]) > 1,
    },
    "20.graph_conv": GRAPHS,
    "20.graph_conv_backward": GRAPHS,
    "20.permutation_error": {
        "a permutation that is not its own inverse": lambda a: (
            a["permutation"][a["permutation"]] != np.arange(len(a["permutation"]))
        ).any(),
        "no change": lambda a: (a["permutation"] == np.arange(len(a["permutation"]))).all(),
        "a directed graph": lambda a: (a["adjacency"] != a["adjacency"].T).any(),
        "one feature": lambda a: a["features"].shape[1] == 1,
        "as many nodes as features": lambda a: a["features"].shape[0] == a["features"].shape[1],
    },
    "20.lift_rotations": {
        "higher than wide": lambda a: a["image"].shape[0] > a["image"].shape[1],
        "wider than high": lambda a: a["image"].shape[0] < a["image"].shape[1],
        "an even kernel": lambda a: len(a["kernel"]) % 2 == 0,
        "a kernel of one pixel": lambda a: len(a["kernel"]) == 1,
        "a kernel as large as the picture": lambda a: a["kernel"].shape == a["image"].shape,
    },
    "20.patch_embedding": {
        "one patch": lambda a: a["weight"].shape[2:] == a["images"].shape[2:],
        "patches of one pixel": lambda a: a["weight"].shape[2] == 1,
        "higher than wide": lambda a: a["images"].shape[2] > a["images"].shape[3],
        "wider than high": lambda a: a["images"].shape[2] < a["images"].shape[3],
        "one output": lambda a: len(a["weight"]) == 1,
        "one channel": lambda a: a["images"].shape[1] == 1,
    },
    "21.warmup_cosine": {
        "no warm-up, first step": lambda a: a["warmup"] == a["step"] == 0,
        "the last step of the warm-up": lambda a: a["step"] == a["warmup"] - 1 > 0,
        "the end": lambda a: a["step"] == a["total"],
        "after the end": lambda a: a["step"] > a["total"] and "floor" in a,
        "a floor during the warm-up": lambda a: a["step"] < a["warmup"] and "floor" in a,
    },
    "21.merge_statistics": {
        "one part": lambda a: len(a["counts"]) == 1,
        "an empty part": lambda a: (a["counts"] == 0).any(),
        "an empty first part": lambda a: a["counts"][0] == 0,
        "as many parts as channels": lambda a: a["means"].shape[0] == a["means"].shape[1] > 1,
        "one channel": lambda a: a["means"].shape[1] == 1,
    },
    "21.shard": {
        "a remainder": lambda a: a["count"] % a["world_size"] > 0 and a["count"] > a["world_size"],
        "more than twice as many processes as images": lambda a: a["world_size"] > 2 * a["count"],
        "one image": lambda a: a["count"] == 1,
        "one process": lambda a: a["world_size"] == 1,
    },
    "21.quantize": {
        "a channel of zeros": lambda a: not np.abs(a["weight"]).reshape(len(a["weight"]), -1).max(axis=1).all(),
        "as many filters as channels": lambda a: a["weight"].shape[0] == a["weight"].shape[1] > 1,
        "two axes": lambda a: a["weight"].ndim == 2,
        "one filter": lambda a: len(a["weight"]) == 1,
        "all negative": lambda a: (a["weight"] < 0).all(),
    },
    "21.to_bfloat16": {
        "denormals": lambda a: (np.abs(a["x"]) < 2.0**-126).all() and a["x"].any(),
        "a NaN": lambda a: np.isnan(a["x"]).any(),
        "a NaN with a low payload": lambda a: 0x7F800001 in a["x"].view(np.uint32),
        "a negative zero": lambda a: (np.signbit(a["x"]) & (a["x"] == 0)).any(),
        "finite numbers that become infinite": lambda a: (np.abs(a["x"][np.isfinite(a["x"])]) > 3.3962e38).any(),
        "no entry": lambda a: a["x"].size == 0,
    },
}  # fmt: skip
WINDOWS = [
    "03.conv2d", "05.im2col", "05.col2im", "06.conv2d_grad_input", "06.conv2d_grad_weight", "07.max_pool2d",
    "07.avg_pool2d", "07.max_pool2d_backward", "07.avg_pool2d_backward",
]  # fmt: skip
ROWS = [(task_id, words) for task_id, table in CONDITIONS.items() for words in table]


def calls(task_id, seed):
    task = load_task(task_id)
    return [case.arguments(task.reference) for case in task.draw(seed)]


@pytest.mark.parametrize(("task_id", "words"), ROWS)
def test_some_case_meets_the_condition(task_id, words):
    for seed in range(10):
        assert any(CONDITIONS[task_id][words](given) for given in calls(task_id, seed)), f"seed {seed}"


def geometry(given):
    """(kernel, stride, padding, parity of the side) along each axis of a call."""
    shape = given["input_shape"] if "input_shape" in given else given["input"].shape
    K = pair(given["kernel_size"]) if "kernel_size" in given else given["weight"].shape[2:]
    S = K if given.get("stride", 1) is None else pair(given.get("stride", 1))
    return {*zip(K, S, pair(given.get("padding", 0)), (side % 2 for side in shape[2:]), strict=True)}


@pytest.mark.parametrize("task_id", WINDOWS)
def test_every_kernel_stride_and_padding_on_odd_and_even_sides(task_id):
    """Among them "same" padding with a stride of 2, which for odd sizes is not what it is for even ones."""
    for seed in range(10):
        met = set().union(*map(geometry, calls(task_id, seed)))
        wanted = {(K, S, P, odd) for K in (1, 2, 3, 4) for S in (1, 2, 3) for P in (0, 1, 2) for odd in (0, 1)}
        assert not {(K, *rest) for K, *rest in wanted if 2 * rest[1] <= K} - {(K, *rest) for K, *rest in met}
