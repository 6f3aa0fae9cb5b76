# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 07 · Pooling: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson: [07 Pooling](../../notebooks/07_pooling.ipynb) ·
# previous: [exercises 06](../06_backpropagation/06_backpropagation.ipynb) ·
# next: [exercises 08](../08_batch_normalisation/08_batch_normalisation.ipynb)
#
# Max, average and global pooling, there and back. The forward passes are short; backward, ties, overlaps and padding want
# care. About 80 minutes.
#
# Rules as before: NumPy and the standard library, arguments stay as they were, every way that gives the right numbers is
# right. `float64` in should stay as exact as `float64`.
#
# Throughout, `kernel_size`, `stride` and `padding` are an int or a pair (height, width). A stride of `None` means
# `kernel_size`: windows side by side. The output has
#
# $$H_{out} = \left\lfloor \frac{H + 2 P_h - K_h}{S_h} \right\rfloor + 1$$
#
# rows, and likewise columns; a remainder at the end is not looked at. The padding is at most half of the window, as PyTorch
# demands.

# %%
import numpy as np

from cnncourse import data, show, viz
from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `max_pool2d`
#
# Difficulty ●●○ · 20 minutes · 4 points ·
# lesson section [Maximum and mean of a window](../../notebooks/07_pooling.ipynb#1.-Maximum-and-mean-of-a-window)
#
# The largest entry of each window, each channel by itself. The padding must never win: it counts as −∞.

# %% task="07.max_pool2d"
def max_pool2d(input, kernel_size, stride=None, padding=0):
    """Largest entry of each window.

    Parameters
    ----------
    input : float array (N, C, H, W)
    kernel_size : int or pair (K_h, K_w)
    stride : int or pair (S_h, S_w); None means kernel_size
    padding : int or pair (P_h, P_w), of −∞ on both sides; at most half of kernel_size

    Returns
    -------
    array (N, C, H_out, W_out)
    """
    ### BEGIN SOLUTION
    (K_h, K_w), (P_h, P_w) = pair(kernel_size), pair(padding)
    S_h, S_w = pair(kernel_size if stride is None else stride)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (K_h, K_w), axis=(2, 3))
    return windows[:, :, ::S_h, ::S_w].max(axis=(4, 5))


def pair(value):
    """An int stands for the same number along both axes."""
    return value if isinstance(value, tuple) else (value, value)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: start with loops</summary>
#
# Pad with `np.pad(…, constant_values=-np.inf)`. The window of place (i, j), for all images and channels at once, is
# `padded[:, :, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w]`; take its `.max(axis=(2, 3))`.
#
# </details>
# <details><summary>Hint 2: the stride</summary>
#
# `if stride is None: stride = kernel_size`, before anything else. Then make pairs of all three.
#
# </details>

# %% check="07.max_pool2d"
check("07.max_pool2d", max_pool2d)

# %% [markdown]
# ## Task 2 · `max_pool2d_backward`
#
# Difficulty ●●● · 30 minutes · 6 points ·
# lesson section [Backward: one winner takes all](../../notebooks/07_pooling.ipynb#4.-Backward:-one-winner-takes-all)
#
# The output *is* one of the window's entries, so this entry receives the gradient, all of it, and its neighbours nothing.
# If several entries are equally large, the **first one in row-major order** receives it, as in PyTorch. An entry that is the
# maximum of several windows receives the sum.

# %% task="07.max_pool2d_backward"
def max_pool2d_backward(grad_output, input, kernel_size, stride=None, padding=0):
    """Gradient of the loss by max pooling's input.

    Parameters
    ----------
    grad_output : float array (N, C, H_out, W_out)
    input : float array (N, C, H, W)
    kernel_size, stride, padding : as in `max_pool2d`

    Returns
    -------
    array (N, C, H, W)
    """
    ### BEGIN SOLUTION
    (K_h, K_w), (P_h, P_w), (H, W) = pair(kernel_size), pair(padding), input.shape[2:]
    S_h, S_w = pair(kernel_size if stride is None else stride)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)), constant_values=-np.inf)
    grad_padded = np.zeros(padded.shape, dtype=grad_output.dtype)
    for n, c, i, j in np.ndindex(grad_output.shape):
        window = padded[n, c, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w]
        u, v = np.unravel_index(window.argmax(), window.shape)
        grad_padded[n, c, i * S_h + u, j * S_w + v] += grad_output[n, c, i, j]
    return grad_padded[:, :, P_h : P_h + H, P_w : P_w + W]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: one window</summary>
#
# `window.argmax()` gives the first maximum in row-major order, as one number; `np.unravel_index(number, window.shape)` makes
# row and column of it.
#
# </details>
# <details><summary>Hint 2: the whole</summary>
#
# Go through all n, c, i, j (`np.ndindex(grad_output.shape)`), and add `grad_output[n, c, i, j]` where the maximum stands, in an
# array of zeros of the *padded* size. Cut the padding off at the end.
#
# </details>
# <details><summary>Hint 3: a mask is not enough</summary>
#
# `window == window.max()` marks every one of several equal maxima. After a ReLU, where whole windows are 0, that is common.
#
# </details>

# %% check="07.max_pool2d_backward"
check("07.max_pool2d_backward", max_pool2d_backward)

# %% [markdown]
# ## Task 3 · `avg_pool2d`
#
# Difficulty ●○○ · 10 minutes · 4 points ·
# lesson section [Maximum and mean of a window](../../notebooks/07_pooling.ipynb#1.-Maximum-and-mean-of-a-window)
#
# The mean of each window. The padding is zeros, and they count: the divisor is always K_h·K_w (PyTorch's default).

# %% task="07.avg_pool2d"
def avg_pool2d(input, kernel_size, stride=None, padding=0):
    """Mean of each window.

    Parameters
    ----------
    input : float array (N, C, H, W)
    kernel_size : int or pair (K_h, K_w)
    stride : int or pair (S_h, S_w); None means kernel_size
    padding : int or pair (P_h, P_w), of zeros on both sides, which count in the mean; at most half of kernel_size

    Returns
    -------
    float array (N, C, H_out, W_out)
    """
    ### BEGIN SOLUTION
    (K_h, K_w), (P_h, P_w) = pair(kernel_size), pair(padding)
    S_h, S_w = pair(kernel_size if stride is None else stride)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (K_h, K_w), axis=(2, 3))
    return windows[:, :, ::S_h, ::S_w].mean(axis=(4, 5))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Two things change against task 1: the padding's value, and what is taken of each window.
#
# </details>

# %% check="07.avg_pool2d"
check("07.avg_pool2d", avg_pool2d)

# %% [markdown]
# ## Task 4 · `avg_pool2d_backward`
#
# Difficulty ●●○ · 15 minutes · 4 points ·
# lesson section [Backward: one winner takes all](../../notebooks/07_pooling.ipynb#4.-Backward:-one-winner-takes-all)
#
# Each entry of a window has the same influence on its mean. Which?

# %% task="07.avg_pool2d_backward"
def avg_pool2d_backward(grad_output, input, kernel_size, stride=None, padding=0):
    """Gradient of the loss by average pooling's input.

    Parameters
    ----------
    grad_output : float array (N, C, H_out, W_out)
    input : float array (N, C, H, W)
    kernel_size, stride, padding : as in `avg_pool2d`

    Returns
    -------
    array (N, C, H, W)
    """
    ### BEGIN SOLUTION
    (K_h, K_w), (P_h, P_w), (N, C, H, W) = pair(kernel_size), pair(padding), input.shape
    S_h, S_w = pair(kernel_size if stride is None else stride)
    H_out, W_out = grad_output.shape[2:]
    grad_padded = np.zeros((N, C, H + 2 * P_h, W + 2 * P_w), dtype=grad_output.dtype)
    for u in range(K_h):
        for v in range(K_w):
            grad_padded[:, :, u : u + S_h * H_out : S_h, v : v + S_w * W_out : S_w] += grad_output / (K_h * K_w)
    return grad_padded[:, :, P_h : P_h + H, P_w : P_w + W]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the factor</summary>
#
# The mean is the sum divided by K_h·K_w, so the derivative with respect to each entry is 1/(K_h·K_w), whatever the entries are.
#
# </details>
# <details><summary>Hint 2: overlaps and padding</summary>
#
# As in task 2: zeros of the padded size, `+=` into each window, cut the padding off.
#
# </details>

# %% check="07.avg_pool2d_backward"
check("07.avg_pool2d_backward", avg_pool2d_backward)

# %% [markdown]
# ## Task 5 · `global_avg_pool2d`
#
# Difficulty ●○○ · 5 minutes · 2 points ·
# lesson section [Global and adaptive pooling](../../notebooks/07_pooling.ipynb#3.-Global-and-adaptive-pooling)
#
# One number for each map: its mean. Whatever the image's size, the next layer gets C numbers.

# %% task="07.global_avg_pool2d"
def global_avg_pool2d(input):
    """Mean of each map.

    Parameters
    ----------
    input : float array (N, C, H, W)

    Returns
    -------
    float array (N, C)
    """
    ### BEGIN SOLUTION
    return input.mean(axis=(2, 3))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `mean` takes several axes at once, as a tuple.
#
# </details>

# %% check="07.global_avg_pool2d"
check("07.global_avg_pool2d", global_avg_pool2d)

# %% [markdown]
# Once they pass, pool a photograph: 8×8 windows, by maximum and by mean.

# %%
if check("07.max_pool2d", max_pool2d).passed and check("07.avg_pool2d", avg_pool2d).passed:
    coffee = data.photograph("coffee").mean(axis=2)[None, None] / 255
    images = [coffee[0, 0], max_pool2d(coffee, 8)[0, 0], avg_pool2d(coffee, 8)[0, 0]]
    pictures = viz.image_row(images, ["photograph", "max_pool2d, 8×8", "avg_pool2d, 8×8"], share=False, height=2)
    show(pictures, "07/exercise-two-poolings")

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). AlexNet pools with windows of 3 and stride 2, which overlap. How wide is a map of 13×13 after that?

# %% task="07.answer_overlapping"
def answer_overlapping():
    """A whole number."""
    ### BEGIN SOLUTION
    return max_pool2d(np.zeros((1, 1, 13, 13)), 3, 2).shape[3]
    ### END SOLUTION


# %% check="07.answer_overlapping"
check("07.answer_overlapping", answer_overlapping)

# %% [markdown]
# **Question 2** (1 point). One map of 8×8 goes through 2×2 max pooling (stride 2). At most how many of the 64 pixels receive a
# gradient that is not zero?

# %% task="07.answer_gradient_entries"
def answer_gradient_entries():
    """A whole number."""
    ### BEGIN SOLUTION
    return (8 // 2) ** 2
    ### END SOLUTION


# %% check="07.answer_gradient_entries"
check("07.answer_gradient_entries", answer_gradient_entries)

# %% [markdown]
# **Question 3** (1 point). A program pads max pooling with zeros and not with −∞. Where does that give other results?
#
# - `"a"`: nowhere
# - `"b"`: after a ReLU
# - `"c"`: at border windows whose entries are all negative
# - `"d"`: at all border windows

# %% task="07.answer_zero_padding"
def answer_zero_padding():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% check="07.answer_zero_padding"
check("07.answer_zero_padding", answer_zero_padding)
