# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 11 · AlexNet and ZFNet: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson: [11 AlexNet and ZFNet](../../notebooks/11_alexnet.ipynb) ·
# previous: [exercises 10](../10_lenet/10_lenet.ipynb) ·
# next: [exercises 12](../12_vgg/12_vgg.ipynb)
#
# The error of the competition, the paper's parts one by one, then its five convolutions. About 130 minutes.
#
# Tasks 1 to 6 use NumPy and the standard library, task 7 PyTorch. Arguments stay as they were. Two of the tasks are random; their
# checks look at the distribution of many results.

# %%
import numpy as np
from torch import nn

from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `top_k_error`
#
# Difficulty ●○○ · 15 minutes · 4 points ·
# lesson section [The competition, and the drop of 2012](../../notebooks/11_alexnet.ipynb#1.-The-competition,-and-the-drop-of-2012)
#
# The competition allowed five guesses. A picture counts as wrong if at least k classes have a logit that is **strictly larger** than
# the logit of its label. So a class with exactly the same logit does not count against the label, whatever its index.

# %% task="11.top_k_error"
def top_k_error(logits, labels, k):
    """The share of pictures whose label is not among the k best classes.

    Parameters
    ----------
    logits : float array (N, C)
    labels : integer array (N,), classes from 0 to C − 1
    k : int from 1 to C

    Returns
    -------
    float from 0 to 1
    """
    ### BEGIN SOLUTION
    own = logits[np.arange(len(labels)), labels]
    better = (logits > own[:, None]).sum(axis=1)
    return float((better >= k).mean())
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: no sorting needed</summary>
#
# Compare the whole row with one number, the label's logit, and count.
#
# </details>
# <details><summary>Hint 2: one logit of each row</summary>
#
# `logits[np.arange(N), labels]` takes entry `labels[n]` of row n. `[:, None]` makes it a column.
#
# </details>

# %% check="11.top_k_error"
check("11.top_k_error", top_k_error)

# %% [markdown]
# ## Task 2 · `local_response_norm`
#
# Difficulty ●●○ · 20 minutes · 5 points ·
# lesson section [Local response normalisation](../../notebooks/11_alexnet.ipynb#5.-Local-response-normalisation)
#
# At each pixel, channel c is divided by what `size` neighbouring channels make of it:
#
# $$y_c = \frac{x_c}{\Big(k + \alpha\sum_{j} x_j^2\Big)^{\beta}}, \qquad c - \lfloor n/2\rfloor \le j \le c + \lfloor n/2\rfloor$$
#
# with n = `size`, which is odd. Channels below 0 or beyond the last do not exist and add nothing. As in the paper, α multiplies the **sum** of the
# squares. (PyTorch's layer of that name divides α by `size` first.)

# %% task="11.local_response_norm"
def local_response_norm(input, size=5, alpha=1e-4, beta=0.75, k=2.0):
    """Divide each value by what the neighbouring channels make of it.

    Parameters
    ----------
    input : float array (N, C, H, W)
    size : odd int, channels in a window
    alpha, beta, k : floats

    Returns
    -------
    array (N, C, H, W)
    """
    ### BEGIN SOLUTION
    C, reach = input.shape[1], size // 2
    output = np.empty_like(input)
    for c in range(C):
        near = input[:, max(0, c - reach) : c + reach + 1]
        output[:, c] = input[:, c] / (k + alpha * (near**2).sum(axis=1)) ** beta
    return output
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: one channel at a time</summary>
#
# A loop over c is enough. For each c, slice the channels of its window and sum their squares over axis 1.
#
# </details>
# <details><summary>Hint 2: the ends</summary>
#
# A slice may end beyond the last channel. It must not begin below 0, because negative numbers count from the end: `max(0, …)`.
#
# </details>

# %% check="11.local_response_norm"
check("11.local_response_norm", local_response_norm)

# %% [markdown]
# ## Task 3 · `dropout`
#
# Difficulty ●●○ · 15 minutes · 6 points ·
# lesson section [Dropout](../../notebooks/11_alexnet.ipynb#6.-Dropout)
#
# *Inverted* dropout, as networks use it while they train. Each entry of x is kept with probability 1 − p, whatever becomes of the
# others. The kept entries are divided by 1 − p (not by the share that was kept), the others become zero. The mask says which are
# kept; the backward pass needs it.

# %% task="11.dropout"
def dropout(x, p, rng):
    """Drop entries at random, and make the others larger.

    Parameters
    ----------
    x : float array of any shape
    p : float, 0 ≤ p < 1, probability that an entry is dropped
    rng : numpy.random.Generator, the only source of random numbers

    Returns
    -------
    output : array of x's shape
    mask : bool array of x's shape, True where an entry is kept
    """
    ### BEGIN SOLUTION
    mask = rng.random(x.shape) >= p
    return x * mask / (1 - p), mask
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: many draws at once</summary>
#
# `rng.random(x.shape)` gives numbers that are uniform between 0 and 1. Which share of them is at least p?
#
# </details>
# <details><summary>Hint 2: a test of your own</summary>
#
# The mean of the output over many calls is x. That is what the division is for.
#
# </details>

# %% check="11.dropout"
check("11.dropout", dropout)

# %% [markdown]
# ## Task 4 · `dropout_backward`
#
# Difficulty ●○○ · 5 minutes · 3 points ·
# lesson section [Dropout](../../notebooks/11_alexnet.ipynb#6.-Dropout)
#
# Once the mask is drawn, dropout multiplies each entry by a constant. What does the gradient do?

# %% task="11.dropout_backward"
def dropout_backward(grad_output, mask, p):
    """Gradient of the loss with respect to x of `dropout`.

    Parameters
    ----------
    grad_output : float array of any shape
    mask : bool array of the same shape, True where an entry was kept
    p : float, 0 ≤ p < 1

    Returns
    -------
    array of the same shape
    """
    ### BEGIN SOLUTION
    return grad_output * mask / (1 - p)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# The derivative of c·x with respect to x is c. What is c where the mask is True, and what where it is False?
#
# </details>

# %% check="11.dropout_backward"
check("11.dropout_backward", dropout_backward)

# %% [markdown]
# ## Task 5 · `ten_crop`
#
# Difficulty ●●○ · 20 minutes · 5 points ·
# lesson section [Overlapping pooling, crops, flips and colours](../../notebooks/11_alexnet.ipynb#7.-Overlapping-pooling,-crops,-flips-and-colours)
#
# At test time, AlexNet saw each picture ten times: its four corners and its centre, and the same **five places of the mirrored
# picture**. The order is top left, top right, bottom left, bottom right, centre; then these five again, of the picture with left
# and right exchanged. H − size and W − size are even.

# %% task="11.ten_crop"
def ten_crop(images, size):
    """Cut out ten squares of each picture.

    Parameters
    ----------
    images : float array (N, C, H, W)
    size : int, at most H and W; H − size and W − size are even

    Returns
    -------
    array (N, 10, C, size, size)
    """
    ### BEGIN SOLUTION
    down, right = images.shape[2] - size, images.shape[3] - size
    places = [(0, 0), (0, right), (down, 0), (down, right), (down // 2, right // 2)]
    crops = []
    for pictures in (images, images[..., ::-1]):
        for top, left in places:
            crops.append(pictures[:, :, top : top + size, left : left + size])
    return np.stack(crops, axis=1)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: where a crop begins</summary>
#
# The last row at which it can begin is H − size, the last column W − size. The centre begins half way.
#
# </details>
# <details><summary>Hint 2: a new axis</summary>
#
# `np.stack(list_of_arrays, axis=1)` puts ten arrays (N, C, size, size) side by side along a new second axis.
#
# </details>

# %% check="11.ten_crop"
check("11.ten_crop", ten_crop)

# %% [markdown]
# ## Task 6 · `colour_shift`
#
# Difficulty ●●● · 30 minutes · 5 points ·
# lesson section [Overlapping pooling, crops, flips and colours](../../notebooks/11_alexnet.ipynb#7.-Overlapping-pooling,-crops,-flips-and-colours)
#
# Take all N·H·W pixels of the batch as points (R, G, B), and their covariance: mean taken off, divided by N·H·W. It has three
# eigenvalues λᵢ with eigenvectors pᵢ of length 1. To every pixel of a picture, add
#
# $$\sum_{i=1}^3 a_i\,\lambda_i\,p_i,$$
#
# with three numbers aᵢ per picture, normal with mean 0 and standard deviation `sigma`. (λ, not √λ: as in the paper.) Nothing is
# clipped.

# %% task="11.colour_shift"
def colour_shift(images, rng, sigma=0.1):
    """Shift the colours of each picture along the principal axes of the batch.

    Parameters
    ----------
    images : float array (N, 3, H, W)
    rng : numpy.random.Generator, the only source of random numbers
    sigma : float, standard deviation of each aᵢ

    Returns
    -------
    array (N, 3, H, W)
    """
    ### BEGIN SOLUTION
    pixels = images.transpose(0, 2, 3, 1).reshape(-1, 3)
    centred = pixels - pixels.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(pixels))
    a = rng.normal(0, sigma, (len(images), 3))
    shift = (a * values) @ vectors.T
    return images + shift[:, :, None, None]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: pixels as rows</summary>
#
# Move the channels to the end before you reshape: `images.transpose(0, 2, 3, 1).reshape(-1, 3)`.
#
# </details>
# <details><summary>Hint 2: eigenvectors are columns</summary>
#
# `values, vectors = np.linalg.eigh(covariance)`: `vectors[:, i]` belongs to `values[i]`. Their signs do not matter. Why?
#
# </details>
# <details><summary>Hint 3: all pictures at once</summary>
#
# With a of shape (N, 3), row n of `(a * values) @ vectors.T` is picture n's shift.
#
# </details>

# %% check="11.colour_shift"
check("11.colour_shift", colour_shift)

# %% [markdown]
# ## Task 7 · `alexnet_features`
#
# Difficulty ●●○ · 25 minutes · 6 points ·
# lesson section [Layer by layer](../../notebooks/11_alexnet.ipynb#3.-Layer-by-layer)
#
# The convolutional part of the network of 2012, for pictures of 227×227 pixels. All convolutions have biases, and a ReLU behind them.
#
# | Convolution | Filters | Kernel | Stride | Padding | In groups | 3×3 max pooling, stride 2, behind it |
# | --- | --- | --- | --- | --- | --- | --- |
# | 1 | 96 | 11×11 | 4 | 0 | no | yes |
# | 2 | 256 | 5×5 | 1 | 2 | yes | yes |
# | 3 | 384 | 3×3 | 1 | 1 | no | no |
# | 4 | 384 | 3×3 | 1 | 1 | yes | no |
# | 5 | 256 | 3×3 | 1 | 1 | yes | yes |
#
# "In groups" means in `groups` groups; with `groups=1` every filter sees all channels. There is no normalisation and no dropout. Name,
# order and nest the layers as you like: the check finds them by their shapes and by the order of their calls. Two layers side by
# side for two groups are right, too. (The check takes some seconds: it runs the whole network several times.)

# %% task="11.alexnet_features"
def alexnet_features(groups=2):
    """The five convolutions of AlexNet.

    Parameters
    ----------
    groups : 1 or 2, groups of the second, fourth and fifth convolution

    Returns
    -------
    torch.nn.Module : (N, 3, 227, 227) → (N, 256, 6, 6)
    """
    ### BEGIN SOLUTION
    return nn.Sequential(
        nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2, groups=groups), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1, groups=groups), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1, groups=groups), nn.ReLU(), nn.MaxPool2d(3, 2),
    )
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: a row of layers</summary>
#
# `nn.Sequential` takes the layers one after the other. Each convolution's first argument is the number of filters of the one in front.
#
# </details>
# <details><summary>Hint 2: sizes on the way</summary>
#
# 227 → 55 → 27 → 27 → 13 → 13 → 13 → 13 → 6. `nn.MaxPool2d(3)` alone would have stride 3.
#
# </details>

# %% check="11.alexnet_features"
check("11.alexnet_features", alexnet_features)

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). An 11×11 convolution at stride 4 without padding walks over 227 pixels. How many places does it have along one side?

# %% task="11.answer_first_size"
def answer_first_size():
    """A whole number."""
    ### BEGIN SOLUTION
    return 55
    ### END SOLUTION


# %% check="11.answer_first_size"
check("11.answer_first_size", answer_first_size)

# %% [markdown]
# **Question 2** (1 point). AlexNet's second convolution takes 96 channels to 256 with 5×5 kernels in two groups. How many weights does it hold,
# biases not counted?

# %% task="11.answer_group_weights"
def answer_group_weights():
    """A whole number."""
    ### BEGIN SOLUTION
    return 256 * 48 * 5 * 5
    ### END SOLUTION


# %% check="11.answer_group_weights"
check("11.answer_group_weights", answer_group_weights)

# %% [markdown]
# **Question 3** (1 point). A network was trained with *inverted* dropout, p = 0.5. What does dropout do at test time?
#
# - `"a"`: it halves all values
# - `"b"`: it draws a new mask for each picture
# - `"c"`: it doubles all values
# - `"d"`: nothing

# %% task="11.answer_dropout_at_test"
def answer_dropout_at_test():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "d"
    ### END SOLUTION


# %% check="11.answer_dropout_at_test"
check("11.answer_dropout_at_test", answer_dropout_at_test)
