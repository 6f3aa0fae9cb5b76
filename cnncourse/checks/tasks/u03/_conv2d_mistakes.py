"""Wrong ways to compute a convolution with stride, padding, dilation and groups, each with its explanation."""

import numpy as np

from cnncourse.checks.task import Mistake


def mistakes_of(conv2d, pair):
    """The known mistakes, made from the right function: `pair` turns an int or a pair into a pair."""

    def having(change):
        """A wrong answer that does the right thing with changed arguments: change(dict of all) -> None."""

        def answer(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
            options = {
                "input": input, "weight": weight, "bias": bias, "stride": pair(stride), "padding": pair(padding),
                "dilation": pair(dilation), "groups": groups,
            }  # fmt: skip
            change(options)
            return conv2d(**options)

        return answer

    def setting(**fixed):
        """A wrong answer with some options fixed or computed from the others."""
        return having(lambda o: o.update({k: v(o) if callable(v) else v for k, v in fixed.items()}))

    def padded(mode):
        """A wrong answer that pads in another mode than with zeros."""

        def change(o):
            (p_h, p_w), o["padding"] = o["padding"], 0
            sides = [(0, 0), (0, 0), (p_h, p_h), (p_w, p_w)]
            o["input"] = np.pad(o["input"], sides, mode=mode)

        return having(change)

    def padded_before(o):
        (p_h, p_w), o["padding"] = o["padding"], 0
        o["input"] = np.pad(o["input"], [(0, 0), (0, 0), (p_h, 0), (p_w, 0)])

    def one_number(name):
        """A wrong answer that uses the height's number for the width too."""
        return setting(**{name: lambda o: (o[name][0], o[name][0])})

    def ints_only(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        """Wrong answer: arithmetic on `stride` itself."""
        if any(isinstance(value, tuple) for value in (stride, padding, dilation)):
            raise TypeError("unsupported operand")
        return conv2d(input, weight, bias, stride, padding, dilation, groups)

    def first_group_for_all(o):
        per_group = o["input"].shape[1] // o["groups"]
        o["input"] = np.tile(o["input"][:, :per_group], (1, o["groups"], 1, 1))

    def interleaved_inputs(o):
        n, c, h, w = o["input"].shape
        groups = o["groups"]
        o["input"] = o["input"].reshape(n, c // groups, groups, h, w).swapaxes(1, 2).reshape(n, c, h, w)

    def interleaved_outputs(*args, **kwargs):
        output = conv2d(*args, **kwargs)
        groups = kwargs.get("groups", args[6] if len(args) > 6 else 1)
        n, c, h, w = output.shape
        return output.reshape(n, groups, c // groups, h, w).swapaxes(1, 2).reshape(n, c, h, w)

    def ungrouped(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        """Wrong answer: takes every filter to reach through all channels."""
        return conv2d(input, weight, bias, stride, padding, dilation)

    def rounded_up(o):
        (s_h, s_w), (p_h, p_w) = o["stride"], o["padding"]
        sides = [(0, 0), (0, 0), (p_h, p_h + s_h - 1), (p_w, p_w + s_w - 1)]
        o["input"], o["padding"] = np.pad(o["input"], sides), 0

    def zeros_between(o):
        o["dilation"] = tuple(d + (d > 1) for d in o["dilation"])

    def starts_late(o):
        (s_h, s_w), (p_h, p_w) = o["stride"], o["padding"]
        sides = [(0, 0), (0, 0), (p_h, p_h + s_h - 1), (p_w, p_w + s_w - 1)]
        o["input"], o["padding"] = np.pad(o["input"], sides)[:, :, s_h - 1 :, s_w - 1 :], 0

    def along_width(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        output = conv2d(input, weight, None, stride, padding, dilation, groups)
        return output if bias is None else output + bias

    return [
        Mistake(
            "flips-kernel",
            setting(weight=lambda o: o["weight"][:, :, ::-1, ::-1]),
            "You computed true convolution. Deep learning's convolution is cross-correlation: the kernel is laid "
            "on as it is.",
            "02#Cross-correlation and convolution",
        ),
        Mistake(
            "transposes-kernel",
            setting(weight=lambda o: o["weight"].swapaxes(2, 3)),
            "Rows and columns of the kernel have changed places.",
            "02#The sliding window, by hand",
        ),
        Mistake(
            "adds-bias-twice",
            setting(bias=lambda o: None if o["bias"] is None else 2 * o["bias"]),
            "The bias is added twice.",
            "02#Channels, filters, bias: the convolution layer",
        ),
        Mistake("forgets-bias", setting(bias=None), "The bias is never added.", "02#Channels, filters, bias: the "
                                                                                "convolution layer"),
        Mistake(
            "bias-along-width",
            along_width,
            "NumPy lines up shapes from the right, so a bias of shape (C_out,) lands on the *width*. Give it the shape "
            "(C_out, 1, 1).",
            "02#Channels, filters, bias: the convolution layer",
        ),
        Mistake("ignores-stride", setting(stride=1), "The stride is not used: the window moves by S pixels at a time."),
        Mistake(
            "swaps-stride-pair",
            setting(stride=lambda o: o["stride"][::-1]),
            "A pair is (height, width): the first stride is for rows, the second for columns.",
        ),
        Mistake(
            "stride-height-for-both",
            one_number("stride"),
            "You use the vertical stride for the columns too. A pair is (height, width).",
        ),
        Mistake("ignores-padding", setting(padding=0), "The padding is not used: P zeros on each side."),
        Mistake(
            "swaps-padding-pair",
            setting(padding=lambda o: o["padding"][::-1]),
            "A pair is (height, width): the first padding is for rows, the second for columns.",
        ),
        Mistake(
            "padding-height-for-both",
            one_number("padding"),
            "You use the vertical padding for the columns too. A pair is (height, width).",
        ),
        Mistake("pads-one-side", having(padded_before), "Zeros are added above and left only. Padding goes on all "
                                                        "sides."),
        Mistake(
            "repeats-border",
            padded("edge"),
            "You pad by repeating the border's pixels. This task pads with zeros.",
        ),
        Mistake(
            "pads-twice",
            setting(padding=lambda o: tuple(2 * p for p in o["padding"])),
            "You add 2P zeros on each side. P on each side make 2P in all.",
        ),
        Mistake(
            "wraps-around",
            padded("wrap"),
            "You pad with the pixels of the opposite side. This task pads with zeros.",
        ),
        Mistake(
            "ignores-dilation",
            setting(dilation=1),
            "The dilation is not used: neighbouring taps of the kernel stand D pixels apart.",
            "03#Dilation",
        ),
        Mistake(
            "swaps-dilation-pair",
            setting(dilation=lambda o: o["dilation"][::-1]),
            "A pair is (height, width): the first dilation is for rows, the second for columns.",
            "03#Dilation",
        ),
        Mistake(
            "dilation-height-for-both",
            one_number("dilation"),
            "You use the vertical dilation for the columns too. A pair is (height, width).",
            "03#Dilation",
        ),
        Mistake(
            "counts-zeros-between-taps",
            having(zeros_between),
            "You leave D pixels between neighbouring taps. Dilation D means a step of D from tap to tap.",
            "03#Dilation",
        ),
        Mistake(
            "swaps-stride-and-dilation",
            setting(stride=lambda o: o["dilation"], dilation=lambda o: o["stride"]),
            "Stride and dilation have changed places: S moves the window, D spreads its taps.",
            "03#Dilation",
        ),
        Mistake(
            "ignores-groups",
            ungrouped,
            "With groups, a weight is (C_out, C_in // groups, K_h, K_w): each filter sees the channels of its "
            "group only.",
            "03#Groups, depthwise, 1×1: which channels meet",
        ),
        Mistake(
            "first-group-for-all",
            having(first_group_for_all),
            "All groups read the first group's channels. Group g reads channels g·C_in/G to (g + 1)·C_in/G − 1.",
            "03#Groups, depthwise, 1×1: which channels meet",
        ),
        Mistake(
            "interleaves-groups",
            having(interleaved_inputs),
            "You deal the input channels out in turn. A group is a block of neighbouring channels.",
            "03#Groups, depthwise, 1×1: which channels meet",
        ),
        Mistake(
            "interleaves-outputs",
            interleaved_outputs,
            "The outputs of the groups are dealt out in turn. Those of group 0 come first, then those of group 1.",
            "03#Groups, depthwise, 1×1: which channels meet",
        ),
        Mistake(
            "rounds-size-up",
            having(rounded_up),
            "Your output is one row or column too long where the stride does not divide: there the window would "
            "stick out. Round down.",
            "03#How many windows fit?",
        ),
        Mistake(
            "starts-at-stride",
            having(starts_late),
            "Your first window stands at S − 1. It stands at 0, then S, then 2S.",
        ),
        Mistake(
            "ints-only",
            ints_only,
            "stride, padding and dilation may be pairs (height, width) too: turn an int into a pair first.",
        ),
        Mistake(
            "low-precision",
            lambda *args, **kwargs: conv2d(*args, **kwargs).astype(np.float32),
            "float64 came in, and the sums were stored as float32. Create the output with the input's dtype.",
        ),
    ]
