"""Padding done in another way than the task asks for, forward and backward."""

import numpy as np

from cnncourse.checks.families.pairs import pair
from cnncourse.checks.families.windows import windows

# slug: (zeros before and after a side of length n, for padding P, kernel K and stride S; np.pad's mode; explanation)
VARIANTS = {
    "ignores-padding": (lambda P, K, S, n: (0, 0), "constant",
        "The padding is not added: surround height and width with {value} on each side."),
    "pads-one-side": (lambda P, K, S, n: (P, 0), "constant",
        "The padding is added only above and to the left. Padding P means P on each of the four sides."),
    "pads-at-the-end": (lambda P, K, S, n: (0, 2 * P), "constant",
        "The size is right, but the whole padding is below and to the right. The image starts at row P_h and column "
        "P_w of the padded array: padded[:, :, P_h : P_h + H, P_w : P_w + W] = input."),
    "pads-twice": (lambda P, K, S, n: (2 * P, 2 * P), "constant",
        "There is 2P on each side. P on each side makes 2P in all."),
    "pads-with-the-edge": (lambda P, K, S, n: (P, P), "edge",
        "The padding repeats the image's edge; it should be {value}."),
    "wraps-around": (lambda P, K, S, n: (P, P), "wrap",
        "The padding is made of the pixels of the opposite side; it should be {value}."),
    "rounds-up": (lambda P, K, S, n: (P, P + -(n + 2 * P - K) % S), "constant",
        "A last window that does not fit is kept. The number of places is rounded down: ⌊(H + 2P − K)/S⌋ + 1."),
    "pads-for-the-size": (lambda P, K, S, n: _same(K, S, n) if P else (0, 0), "constant",
        "You pad by what ⌈H/S⌉ windows need, so the amount depends on the image's size, and for some sizes the two "
        "sides differ. Here it is P on each side, whatever the size."),
}  # fmt: skip


def _same(K, S, n):
    """What "same" padding adds before and after, as TensorFlow has it: the odd one comes after."""
    total = max((-(-n // S) - 1) * S + K - n, 0)
    return total // 2, total - total // 2


def padding_variants(task, value=0.0, *, leave_out=(), called=None, see=""):
    """Mistakes of a forward pass with padding: at one end, too much, of other values, or so that one more window fits.

    Parameters
    ----------
    task : Task whose arguments include input, padding, stride, and kernel_size or weight
    value : what it pads with
    leave_out : slugs of `VARIANTS` that the task does not need
    called : {slug of `VARIANTS`: slug in this task} where the task has another word for it
    see : section of the lesson
    """

    def padded(again, given, sides, mode):
        K = pair(given["kernel_size"] if "kernel_size" in given else given["weight"].shape[2:])
        K = [D * (k - 1) + 1 for D, k in zip(pair(given.get("dilation", 1)), K, strict=True)]
        P, S = pair(given["padding"]), K if given["stride"] is None else pair(given["stride"])
        around = [sides(*numbers) for numbers in zip(P, K, S, given["input"].shape[2:], strict=True)]
        values = {"constant_values": value} if mode == "constant" else {}
        return again(input=np.pad(given["input"], [(0, 0), (0, 0), *around], mode=mode, **values), padding=0)

    for slug, (sides, mode, explanation) in VARIANTS.items():
        if slug not in leave_out:
            task.add_mistake((called or {}).get(slug, slug), padded,
                             explanation.format(value="zeros" if value == 0 else "−∞"),
                             {"sides": sides, "mode": mode}, see)  # fmt: skip


def padding_backward(task, value=0.0, *, crops=True, see=""):
    """Mistakes of a backward pass with padding: ignored, not cut off again, cut off with [P:-P], which fails at 0.

    Parameters
    ----------
    task : Task whose arguments include grad_output, input, kernel_size, stride and padding
    value : what it pads with
    crops : whether the result is an image whose padding must be cut off
    see : section of the lesson
    """

    def not_cropped(again, input, kernel_size, padding):
        return again(input=windows(input, kernel_size, 1, padding).pad(input, value), padding=0)

    def empty_slice(again, input, kernel_size, padding):
        P_h, P_w = pair(padding)
        return not_cropped(again, input, kernel_size, padding)[:, :, P_h:-P_h, P_w:-P_w]

    def ignores_padding(again, grad_output, input, kernel_size, stride):
        rows, columns = windows(input, kernel_size, stride).output
        return again(grad_output=grad_output[:, :, :rows, :columns], padding=0)

    task.add_mistake("ignores-padding", ignores_padding,
                     "The windows start at the image's corner, so output place (i, j) is paired with a window too far "
                     "down and right. With padding the first window starts P_h rows above and P_w columns left of the "
                     "image: pad first, as in the forward pass.", see=see)  # fmt: skip
    if crops:
        task.add_mistake("forgets-to-crop", not_cropped,
                         "The result has the padded image's size: cut the padding off.", see=see)  # fmt: skip
        task.add_mistake("empty-slice-at-zero", empty_slice,
                         "The slice [P:-P] is empty where P = 0. Cut with [P : P + H].", see=see)  # fmt: skip
