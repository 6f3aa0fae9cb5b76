# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 02 · Convolution: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson: [02 Convolution](../../notebooks/02_convolution.ipynb) ·
# previous: [exercises 01](../01_images_as_tensors/01_images_as_tensors.ipynb) ·
# next: [exercises 03](../03_shapes_and_receptive_fields/03_shapes_and_receptive_fields.ipynb)
#
# You write the operation that this course is about: first on one grey image, then with channels, filters and batches;
# you find edges with it, and throw loaded dice. About 75 minutes.
#
# Rules as before: NumPy and the standard library, arguments stay as they were, every way that gives the right numbers is
# right. `float64` in should stay as exact as `float64`.

# %%
import numpy as np

from cnncourse import data, show, viz
from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `cross_correlate2d`
#
# Difficulty ●○○ · 15 minutes · 4 points ·
# lesson section [The sliding window, by hand](../../notebooks/02_convolution.ipynb#2.-The-sliding-window,-by-hand)
#
# Lay the kernel on the image, multiply what lies on top of each other, add up, write the sum down, move on by one pixel.
# Only places where the whole kernel lies on the image count ("valid").
#
# $$y[i, j] = \sum_{u, v} k[u, v] \, x[i + u, j + v]$$

# %% task="02.cross_correlate2d"
def cross_correlate2d(image, kernel):
    """Cross-correlate an image with a kernel, at all places where the kernel fits.

    Parameters
    ----------
    image : float array (H, W)
    kernel : float array (K_h, K_w), not larger than the image

    Returns
    -------
    array (H − K_h + 1, W − K_w + 1)
    """
    ### BEGIN SOLUTION
    k_h, k_w = kernel.shape
    output = np.zeros((image.shape[0] - k_h + 1, image.shape[1] - k_w + 1), dtype=image.dtype)
    for i in range(output.shape[0]):
        for j in range(output.shape[1]):
            output[i, j] = (image[i : i + k_h, j : j + k_w] * kernel).sum()
    return output
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: how large is the output?</summary>
#
# A window of height 3 fits into 5 rows at rows 0, 1 and 2: 5 − 3 + 1 = 3 places.
#
# </details>
# <details><summary>Hint 2: one value</summary>
#
# The window at (i, j) is `image[i : i + K_h, j : j + K_w]`. It has the kernel's shape, so `*` multiplies them entry by
# entry.
#
# </details>
# <details><summary>Hint 3: faster, if you like</summary>
#
# Loop over the kernel's entries instead of the places: each entry multiplies a shifted copy of the image. Or look up
# `np.lib.stride_tricks.sliding_window_view`.
#
# </details>

# %% check="02.cross_correlate2d"
check("02.cross_correlate2d", cross_correlate2d)

# %% [markdown]
# ## Task 2 · `convolve2d`
#
# Difficulty ●○○ · 5 minutes · 3 points ·
# lesson section [Cross-correlation and convolution](../../notebooks/02_convolution.ipynb#4.-Cross-correlation-and-convolution)
#
# True convolution, as mathematics has it: the kernel runs backwards along both axes.
#
# $$y[i, j] = \sum_{u, v} k[u, v] \, x[i + K_h - 1 - u, j + K_w - 1 - v]$$

# %% task="02.convolve2d"
def convolve2d(image, kernel):
    """Convolve an image with a kernel, at all places where the kernel fits.

    Parameters
    ----------
    image : float array (H, W)
    kernel : float array (K_h, K_w), not larger than the image

    Returns
    -------
    array (H − K_h + 1, W − K_w + 1)
    """
    ### BEGIN SOLUTION
    return cross_correlate2d(image, kernel[::-1, ::-1])
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Turning the kernel by 180° is reversing both axes: `kernel[::-1, ::-1]`. You may use your first function.
#
# </details>

# %% check="02.convolve2d"
check("02.convolve2d", convolve2d)

# %% [markdown]
# ## Task 3 · `conv2d`
#
# Difficulty ●●○ · 25 minutes · 5 points ·
# lesson section [Channels, filters, bias: the convolution layer](../../notebooks/02_convolution.ipynb#3.-Channels,-filters,-bias:-the-convolution-layer)
#
# The layer as networks use it: N images with C_in channels, C_out filters that reach through all channels, a bias for
# each filter. (Deep learning calls it convolution and computes cross-correlation: no flip.)
#
# $$y[n, o, i, j] = b[o] + \sum_{c, u, v} w[o, c, u, v] \, x[n, c, i + u, j + v]$$

# %% task="02.conv2d"
def conv2d(input, weight, bias=None):
    """Convolutional layer with stride 1 and no padding.

    Parameters
    ----------
    input : float array (N, C_in, H, W)
    weight : float array (C_out, C_in, K_h, K_w)
    bias : float array (C_out,), or None for no bias

    Returns
    -------
    array (N, C_out, H − K_h + 1, W − K_w + 1)
    """
    ### BEGIN SOLUTION
    k_h, k_w = weight.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(input, (k_h, k_w), axis=(2, 3))
    output = np.einsum("nchwuv,ocuv->nohw", windows, weight)
    return output if bias is None else output + bias[:, None, None]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: start with loops</summary>
#
# Four nested loops over n, o, i, j; inside, the window `input[n, :, i : i + K_h, j : j + K_w]` has the shape of
# `weight[o]`. Multiply, add up, add the bias.
#
# </details>
# <details><summary>Hint 2: the bias</summary>
#
# Ask `if bias is not None`. If you add it at the end, give it the shape (C_out, 1, 1): a shape of (C_out,) would land on
# the width.
#
# </details>
# <details><summary>Hint 3: without loops over places</summary>
#
# `np.einsum` writes the formula down: with windows of shape (N, C, H', W', K_h, K_w) it is
# `np.einsum("nchwuv,ocuv->nohw", windows, weight)`.
#
# </details>

# %% check="02.conv2d"
check("02.conv2d", conv2d)

# %% [markdown]
# ## Task 4 · `sum_distribution`
#
# Difficulty ●●○ · 15 minutes · 4 points ·
# lesson section [The same sum, in a game of dice](../../notebooks/02_convolution.ipynb#5.-The-same-sum,-in-a-game-of-dice)
#
# X and Y are independent; X takes the value i with probability p[i], Y takes j with probability q[j]. With which
# probabilities does X + Y take the values 0, 1, 2, …?

# %% task="02.sum_distribution"
def sum_distribution(p, q):
    """Distribution of the sum of two independent random numbers.

    Parameters
    ----------
    p : float array (n,), p[i] = P(X = i)
    q : float array (m,), q[j] = P(Y = j)

    Returns
    -------
    array (n + m − 1,): entry s is P(X + Y = s).
    """
    ### BEGIN SOLUTION
    law = np.zeros(len(p) + len(q) - 1)
    for i in range(len(p)):
        for j in range(len(q)):
            law[i + j] += p[i] * q[j]
    return law
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: one pair</summary>
#
# X = i and Y = j together have probability p[i] · q[j], and then the sum is i + j.
#
# </details>
# <details><summary>Hint 2: all pairs</summary>
#
# Several pairs give the same sum; their probabilities add up: `+=`, not `=`.
#
# </details>

# %% check="02.sum_distribution"
check("02.sum_distribution", sum_distribution)

# %% [markdown]
# ## Task 5 · `sobel_magnitude`
#
# Difficulty ●●○ · 15 minutes · 4 points ·
# lesson section [Kernels made by hand](../../notebooks/02_convolution.ipynb#6.-Kernels-made-by-hand)
#
# How steep is the brightness at each pixel? Sobel's kernel measures the change from left to right, smoothed over three
# rows; its transpose measures the change from top to bottom:
#
# $$k_x = \begin{pmatrix} -1 & 0 & 1 \\ -2 & 0 & 2 \\ -1 & 0 & 1 \end{pmatrix}, \quad k_y = k_x^\mathsf{T}, \quad
# \text{magnitude} = \sqrt{g_x^2 + g_y^2}$$

# %% task="02.sobel_magnitude"
def sobel_magnitude(image):
    """Length of the brightness gradient by Sobel's kernels (weights ±1 and ±2, not scaled).

    Parameters
    ----------
    image : float array (H, W), at least 3×3

    Returns
    -------
    array (H − 2, W − 2)
    """
    ### BEGIN SOLUTION
    kernel = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    across, down = cross_correlate2d(image, kernel), cross_correlate2d(image, kernel.T)
    return np.sqrt(across**2 + down**2)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Two calls of your `cross_correlate2d`, one with the kernel and one with its transpose; then square, add, take the root.
# `np.hypot` does the last three at once.
#
# </details>

# %% check="02.sobel_magnitude"
check("02.sobel_magnitude", sobel_magnitude)

# %% [markdown]
# Once it passes, look at what it does to a photograph:

# %%
if check("02.sobel_magnitude", sobel_magnitude).passed:
    coffee = data.photograph("coffee")[::3, ::3].mean(axis=2) / 255
    pictures = viz.image_row([coffee, sobel_magnitude(coffee)], ["photograph", "sobel_magnitude"], share=False, height=2)
    show(pictures, "02/exercise-edges")

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). A convolutional layer takes 3 channels to 8, with 5×5 kernels and biases. How many parameters has
# it?

# %% task="02.answer_parameters"
def answer_parameters():
    """A whole number."""
    ### BEGIN SOLUTION
    return 8 * (3 * 5 * 5) + 8
    ### END SOLUTION


# %% check="02.answer_parameters"
check("02.answer_parameters", answer_parameters)

# %% [markdown]
# **Question 2** (1 point). For which kernels do convolution and cross-correlation give the same result, whatever the image?
#
# - `"a"`: for all of them
# - `"b"`: for those equal to their transpose
# - `"c"`: for those that look the same after a turn by 180°
# - `"d"`: for those whose entries add up to zero

# %% task="02.answer_same_result"
def answer_same_result():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% check="02.answer_same_result"
check("02.answer_same_result", answer_same_result)

# %% [markdown]
# **Question 3** (1 point). Three fair dice with faces 1 to 6: how likely is a sum of 10? (Your `sum_distribution` can tell.
# Mind what index 0 means.)

# %% task="02.answer_three_dice"
def answer_three_dice():
    """A probability between 0 and 1."""
    ### BEGIN SOLUTION
    die = np.full(6, 1 / 6)  # index 0 is the face 1, so three dice start at 3
    return sum_distribution(sum_distribution(die, die), die)[10 - 3]
    ### END SOLUTION


# %% check="02.answer_three_dice"
check("02.answer_three_dice", answer_three_dice)
