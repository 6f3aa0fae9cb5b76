# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 04 · Equivariance: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson: [04 Equivariance](../../notebooks/04_equivariance.ipynb) ·
# previous: [exercises 03](../03_shapes_and_receptive_fields/03_shapes_and_receptive_fields.ipynb) ·
# next: [exercises 05](../05_fast_convolution/05_fast_convolution.ipynb)
#
# You build the two tools with which the lesson measures equivariance, and the matrix that shows what a convolution is:
# a linear map with very few, very often repeated numbers. About 55 minutes.
#
# Rules as before: NumPy and the standard library, arguments stay as they were, every way that gives the right numbers is
# right.

# %%
import numpy as np

from cnncourse import data, show, viz
from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `translate`
#
# Difficulty ●●○ · 20 minutes · 5 points ·
# lesson section [Two words, two measurements](../../notebooks/04_equivariance.ipynb#1.-Two-words,-two-measurements)
#
# Move every image of a batch by whole pixels. What leaves the frame either comes back on the other side ("circular") or
# is lost, and zeros move in ("zeros").
#
# $$y[n, c, i, j] = x[n, c, i - d_y, j - d_x]$$

# %% task="04.translate"
def translate(images, dy, dx, mode):
    """Move images by whole pixels.

    Parameters
    ----------
    images : float array (N, C, H, W)
    dy : int, rows to move down; negative moves up
    dx : int, columns to move to the right; negative moves to the left
    mode : "circular" (what leaves on one side enters on the other) or "zeros" (what comes from outside is 0);
        shifts may be larger than the image

    Returns
    -------
    array (N, C, H, W)
    """
    ### BEGIN SOLUTION
    moved = np.roll(images, (dy, dx), axis=(2, 3))
    if mode == "zeros":
        H, W = images.shape[2:]
        rows, columns = np.arange(H) - dy, np.arange(W) - dx
        moved[:, :, (rows < 0) | (rows >= H)] = 0
        moved[:, :, :, (columns < 0) | (columns >= W)] = 0
    return moved
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: around the border</summary>
#
# `np.roll` moves things in a circle. It takes several shifts and several axes at once, as tuples.
#
# </details>
# <details><summary>Hint 2: where does a pixel come from?</summary>
#
# Row `i` of the result comes from row `i - dy` of the image. If that is less than 0 or at least H, there is nothing to
# come: zero. The same for columns.
#
# </details>
# <details><summary>Hint 3: negative and very large shifts</summary>
#
# Slices like `[:-dy]` do surprising things for `dy = 0`, for negative `dy` and for `dy` larger than H. A test for each
# row, as in hint 2, has no such cases: `rows = np.arange(H) - dy`.
#
# </details>

# %% check="04.translate"
check("04.translate", translate)

# %% [markdown]
# ## Task 2 · `equivariance_error`
#
# Difficulty ●●○ · 15 minutes · 5 points ·
# lesson section [Two words, two measurements](../../notebooks/04_equivariance.ipynb#1.-Two-words,-two-measurements)
#
# A function $f$ is equivariant to a shift $T$ if it makes no difference whether one shifts first or last. Measure by how
# much that fails, with circular shifts on both sides:
#
# $$\max \, \bigl| f(T x) - T f(x) \bigr|$$

# %% task="04.equivariance_error"
def equivariance_error(f, images, dy, dx):
    """Largest absolute difference between shifting before and after a function.

    Parameters
    ----------
    f : function from arrays (N, C, H, W) to arrays (N, C', H, W); it treats each image by itself
    images : float array (N, C, H, W)
    dy, dx : int, the circular shift, down and to the right

    Returns
    -------
    float
        0 where f commutes with this shift.
    """
    ### BEGIN SOLUTION
    shifted_first = f(translate(images, dy, dx, "circular"))
    shifted_last = translate(f(images), dy, dx, "circular")
    return float(np.abs(shifted_first - shifted_last).max())
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: in words</summary>
#
# Shift the images, apply f. Apply f to the images, shift the result by the same amount. Subtract one from the other.
#
# </details>
# <details><summary>Hint 2: the largest of many</summary>
#
# A difference of −5 is larger than one of 2: absolute values first, then the maximum, over everything.
#
# </details>

# %% check="04.equivariance_error"
check("04.equivariance_error", equivariance_error)

# %% [markdown]
# ## Task 3 · `conv_matrix`
#
# Difficulty ●●● · 20 minutes · 5 points ·
# lesson section [The matrix behind a convolution](../../notebooks/04_equivariance.ipynb#7.-The-matrix-behind-a-convolution)
#
# Write the image as one long column of pixels, row after row. A valid cross-correlation is then a matrix: one row for each
# place of the window, one column for each pixel, and in each row the kernel's entries where the window's pixels are.
#
# For an image 1×4 and a kernel (a, b) it is
#
# $$M = \begin{pmatrix} a & b & 0 & 0 \\ 0 & a & b & 0 \\ 0 & 0 & a & b \end{pmatrix}.$$

# %% task="04.conv_matrix"
def conv_matrix(kernel, height, width):
    """Matrix M with M @ image.ravel() equal to the valid cross-correlation of the image, row by row.

    Parameters
    ----------
    kernel : float array (K_h, K_w)
    height, width : int, the image's size, at least the kernel's

    Returns
    -------
    array ((height − K_h + 1) · (width − K_w + 1), height · width)
        Outputs and pixels are both numbered row by row, as `ravel` does.
    """
    ### BEGIN SOLUTION
    K_h, K_w = kernel.shape
    rows = []
    for i in range(height - K_h + 1):
        for j in range(width - K_w + 1):
            picture = np.zeros((height, width), dtype=kernel.dtype)
            picture[i : i + K_h, j : j + K_w] = kernel
            rows.append(picture.ravel())
    return np.array(rows)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: one row</summary>
#
# Draw the row as a picture first: an image of zeros with the kernel lying at (i, j). Then make one line of it.
#
# </details>
# <details><summary>Hint 2: numbers of rows and columns</summary>
#
# Output (i, j) is row number `i * W_out + j`, with W_out = width − K_w + 1. Pixel (r, c) is column number
# `r * width + c`.
#
# </details>
# <details><summary>Hint 3: how to test it</summary>
#
# Multiply with a small image whose answer you know: `conv_matrix(kernel, 3, 4) @ np.arange(12)`.
#
# </details>

# %% check="04.conv_matrix"
check("04.conv_matrix", conv_matrix)

# %% [markdown]
# Once it passes, look at the matrix of a 3×3 kernel on 6×7 pixels, and at what all of this was for:

# %%
if check("04.conv_matrix", conv_matrix).passed:
    laplacian = np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])
    camera = data.photograph("camera")[100:200:2, 200:300:2] / 255
    edges = (conv_matrix(laplacian, 50, 50) @ camera.ravel()).reshape(48, 48)
    titles = ["the matrix for 6×7 pixels", "photograph", "matrix @ photograph"]
    pictures = viz.image_row([conv_matrix(laplacian, 6, 7), camera, edges], titles, share=False, height=2)
    show(pictures, "04/exercise-matrix-of-edges")

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). "2×2 pooling with stride 2 commutes with translation." When is that true (borders aside)?
#
# - `"a"`: always
# - `"b"`: never
# - `"c"`: for shifts by an even number of pixels, and then the output moves by half of it
# - `"d"`: always, if borders are circular

# %% task="04.answer_pool_shift"
def answer_pool_shift():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% check="04.answer_pool_shift"
check("04.answer_pool_shift", answer_pool_shift)

# %% [markdown]
# **Question 2** (1 point). The matrix of a 3×3 kernel (all nine entries different from zero) on a 5×5 image is 9×25. How
# many of its entries are not zero?

# %% task="04.answer_nonzeros"
def answer_nonzeros():
    """A whole number."""
    ### BEGIN SOLUTION
    return int((conv_matrix(np.ones((3, 3)), 5, 5) != 0).sum())
    ### END SOLUTION


# %% check="04.answer_nonzeros"
check("04.answer_nonzeros", answer_nonzeros)

# %% [markdown]
# **Question 3** (1 point). Convolutions with stride 1 and circular borders, ReLUs between them, and at the end global
# average pooling. The image is shifted in a circle. What does the output do?
#
# - `"a"`: it moves along: it is equivariant
# - `"b"`: it stays the same: it is invariant
# - `"c"`: it changes in a way that cannot be said
# - `"d"`: "a" and "b" are two words for one thing

# %% task="04.answer_global_pool"
def answer_global_pool():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% check="04.answer_global_pool"
check("04.answer_global_pool", answer_global_pool)
