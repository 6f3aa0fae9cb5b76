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
# you find edges with it, and throw loaded dice. Then windows move in larger steps, you design kernels, and learn one from
# data. About 150 minutes; tasks 6 to 10 are half of it, and can wait.
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
    total = np.zeros(len(p) + len(q) - 1)
    for i in range(len(p)):
        for j in range(len(q)):
            total[i + j] += p[i] * q[j]
    return total
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
# ## Task 6 · `correlate_with_stride`
#
# Difficulty ●●○ · 15 minutes · 4 points ·
# lesson section [The sliding window, by hand](../../notebooks/02_convolution.ipynb#2.-The-sliding-window,-by-hand)
#
# A window need not move by one pixel at a time. With a **stride** $S$ only every $S$-th window counts, so the output is
# smaller:
#
# $$y[i, j] = \sum_{u, v} k[u, v] \, x[S_h \, i + u, S_w \, j + v]$$
#
# Try it with a loop over the kernel's entries only: all pixels that one entry meets are a *slice* of the image with the
# step $S$. (A loop over the windows is right, too.)

# %% task="02.correlate_with_stride"
def correlate_with_stride(image, kernel, stride):
    """Cross-correlate an image with a kernel that moves in steps, at all places where it fits.

    Parameters
    ----------
    image : float array (H, W)
    kernel : float array (K_h, K_w), not larger than the image
    stride : int, or a pair (S_h, S_w) of ints: the step downwards and to the right, at least 1

    Returns
    -------
    array ((H − K_h) // S_h + 1, (W − K_w) // S_w + 1)
    """
    ### BEGIN SOLUTION
    s_h, s_w = (stride, stride) if isinstance(stride, int) else stride
    k_h, k_w = kernel.shape
    h_out, w_out = (image.shape[0] - k_h) // s_h + 1, (image.shape[1] - k_w) // s_w + 1
    output = np.zeros((h_out, w_out), dtype=image.dtype)
    for u in range(k_h):
        for v in range(k_w):
            met = image[u : u + s_h * h_out : s_h, v : v + s_w * w_out : s_w]
            output += kernel[u, v] * met
    return output
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: how large is the output?</summary>
#
# Seven rows, a kernel of three, stride 2: the windows start at rows 0, 2 and 4. Without a stride there are H − K_h + 1
# starts, the first at 0 and the last at H − K_h. Every S-th of them counts.
#
# </details>
# <details><summary>Hint 2: what does one entry meet?</summary>
#
# Kernel entry (u, v) meets the pixels in the rows u, u + S_h, u + 2·S_h, … and the columns v, v + S_w, …, as many as the
# output has rows and columns. Where must the slice end?
#
# </details>
# <details><summary>Hint 3: another way</summary>
#
# The output is every S-th row and column of what `cross_correlate2d` gives. That is right, and slower: most of the numbers
# are thrown away.
#
# </details>

# %% check="02.correlate_with_stride"
check("02.correlate_with_stride", correlate_with_stride)

# %% [markdown]
# ## Task 7 · `separate`
#
# Difficulty ●●○ · 15 minutes · 4 points ·
# lesson section [Kernels made by hand](../../notebooks/02_convolution.ipynb#6.-Kernels-made-by-hand)
#
# Sobel's kernel is a column times a row, $k[u, v] = a[u]\, b[v]$. Such a kernel is called **separable**: you can correlate
# with the column and then with the row, which takes $K_h + K_w$ multiplications for each output in place of
# $K_h K_w$. You are given a separable kernel. Find its column and its row.
#
# They are not unique: twice the column and half the row give the same kernel. Any such pair is right.

# %% task="02.separate"
def separate(kernel):
    """Write a separable kernel as a column times a row.

    Parameters
    ----------
    kernel : float array (K_h, K_w), the outer product of two arrays; not all zero

    Returns
    -------
    (column, row) : arrays (K_h,) and (K_w,) with `np.outer(column, row)` equal to the kernel
    """
    ### BEGIN SOLUTION
    strongest = np.abs(kernel).sum(axis=1).argmax()
    row = kernel[strongest].copy()
    pixel = np.abs(row).argmax()
    return kernel[:, pixel] / row[pixel], row
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: look at the rows</summary>
#
# Write down the rows of Sobel's kernel: (−1, 0, 1), (−2, 0, 2), (−1, 0, 1). Each is a multiple of one row. The column says
# which multiple.
#
# </details>
# <details><summary>Hint 2: which row to take</summary>
#
# Any row of the kernel will do, if it is not all zeros. Then divide a *column* of the kernel by an entry of that row. Which
# column? Which entry? And may it be zero?
#
# </details>

# %% check="02.separate"
check("02.separate", separate)

# %% [markdown]
# ## Task 8 · `shift_kernel`
#
# Difficulty ●○○ · 10 minutes · 2 points ·
# lesson section [Kernels made by hand](../../notebooks/02_convolution.ipynb#6.-Kernels-made-by-hand)
#
# Now you design kernels. Which kernel, cross-correlated with a picture, moves it down by `dy` and to the right by `dx`? The
# output belongs to the pixel under the *middle* of the kernel. So both sides must be odd. Take the smallest such kernel.

# %% task="02.shift_kernel"
def shift_kernel(dy, dx):
    """The smallest kernel with a middle that moves a picture, by cross-correlation.

    Parameters
    ----------
    dy, dx : ints, how far the picture moves down and to the right; negative: up and to the left

    Returns
    -------
    float array (2·|dy| + 1, 2·|dx| + 1)
    """
    ### BEGIN SOLUTION
    kernel = np.zeros((2 * abs(dy) + 1, 2 * abs(dx) + 1))
    kernel[abs(dy) - dy, abs(dx) - dx] = 1
    return kernel
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: one pixel down</summary>
#
# After the move, the pixel in the middle of the window is the one that was *above* it. Which entry of a 3×1 kernel lies on
# that pixel?
#
# </details>
# <details><summary>Hint 2: the middle</summary>
#
# The middle has the index (|dy|, |dx|). From there go dy rows up and dx columns to the left.
#
# </details>

# %% check="02.shift_kernel"
check("02.shift_kernel", shift_kernel)

# %% [markdown]
# ## Task 9 · `slope_kernel`
#
# Difficulty ●●○ · 15 minutes · 3 points ·
# lesson section [Kernels made by hand](../../notebooks/02_convolution.ipynb#6.-Kernels-made-by-hand)
#
# Design a kernel of any given size that measures how steeply a picture rises to the right. Cross-correlated with a picture it
# must answer
#
# - 0 where the picture is flat, however bright it is;
# - 1 where each pixel is larger by 1 than its left neighbour (and as large as those above and below);
# - 0 where each pixel is larger by 1 than the one above it (and as large as its left neighbour).
#
# Many kernels do this, and each of them is right.

# %% task="02.slope_kernel"
def slope_kernel(height, width):
    """A kernel that measures the rise of a picture per column.

    Parameters
    ----------
    height, width : ints, the sides of the kernel, each at least 2

    Returns
    -------
    float array (height, width)
    """
    ### BEGIN SOLUTION
    ramp = np.arange(width) - (width - 1) / 2  # adds up to 0
    kernel = np.tile(ramp, (height, 1))
    return kernel / (kernel * ramp).sum()
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: three sums</summary>
#
# On a flat picture of ones the answer is the sum of all weights. On a picture whose pixels are their column's number it is
# the sum of weight times column. What is it on the third picture?
#
# </details>
# <details><summary>Hint 2: the form</summary>
#
# Negative weights on the left, positive ones on the right, the same in every row: the first and the third demand are met.
# An example is (−1, 0, 1) in every row. How does it go on for other widths?
#
# </details>
# <details><summary>Hint 3: the scale</summary>
#
# Compute what your kernel answers to a picture that rises by 1 per column, and divide the kernel by it.
#
# </details>

# %% check="02.slope_kernel"
check("02.slope_kernel", slope_kernel)

# %% [markdown]
# ## Task 10 · `learn_kernel`
#
# Difficulty ●●● · 20 minutes · 5 points ·
# lesson section [A kernel learned from data](../../notebooks/02_convolution.ipynb#7.-A-kernel-learned-from-data)
#
# Someone has filtered pictures, and kept the kernel secret. You have the pictures and the outputs, perhaps with some noise.
# Which kernel did it? Find the one with the least sum of squared errors
#
# $$\sum_{n, i, j} \Big(\sum_{u, v} k[u, v] \, x[n, i + u, j + v] - y[n, i, j]\Big)^2 .$$
#
# You may go downhill in small steps, as the lesson does. Or you solve it at once: each output is one linear equation for
# the weights. Three digits of the largest weight are enough.

# %% task="02.learn_kernel"
def learn_kernel(images, outputs, kernel_size):
    """Find the kernel whose cross-correlation with the images comes nearest to the outputs.

    Parameters
    ----------
    images : float array (N, H, W)
    outputs : float array (N, H − K_h + 1, W − K_w + 1)
    kernel_size : tuple (K_h, K_w); there are more outputs than weights

    Returns
    -------
    float array (K_h, K_w), right to a thousandth of its largest weight
    """
    ### BEGIN SOLUTION
    windows = np.lib.stride_tricks.sliding_window_view(images, kernel_size, axis=(1, 2))
    equations = windows.reshape(outputs.size, -1)  # one row of pixels for each output
    weights, *_ = np.linalg.lstsq(equations, outputs.ravel(), rcond=None)
    return weights.reshape(kernel_size)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: one equation</summary>
#
# Output (n, i, j) is the dot product of the weights with the window of picture n at (i, j). Write each window as one row of
# K_h · K_w pixels: then all outputs are `rows @ weights`.
#
# </details>
# <details><summary>Hint 2: all windows</summary>
#
# `np.lib.stride_tricks.sliding_window_view(images, kernel_size, axis=(1, 2))` has the shape (N, H_out, W_out, K_h, K_w).
# Reshape it to (N · H_out · W_out, K_h · K_w), and the outputs to one long vector in the same order.
#
# </details>
# <details><summary>Hint 3: solving them</summary>
#
# `np.linalg.lstsq(rows, y, rcond=None)[0]` minimises the sum of the squared errors. With gradient descent, the gradient is
# `2 * rows.T @ (rows @ weights - y)`. Take steps of one over its largest curvature (twice the largest eigenvalue of
# `rows.T @ rows`), and some thousands of them.
#
# </details>

# %% check="02.learn_kernel"
check("02.learn_kernel", learn_kernel)

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
