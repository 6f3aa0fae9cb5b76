# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 01 · Images as tensors: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson:
# [01 Images as tensors](../../notebooks/01_images_as_tensors.ipynb) ·
# next: [exercises 02](../02_convolution/02_convolution.ipynb)
#
# You write five small functions that every later unit uses, and answer two questions. About 50 minutes.
#
# - Replace `raise NotImplementedError()` by your code, run the cell, then run the check below it.
# - A check calls your function with many inputs and tells you what came out, what was wanted, and what the mistake
#   probably is. Run it as often as you like: nothing is counted against you.
# - Use NumPy and Python's standard library. Loops, `einsum`, slicing: every way that gives the right numbers is right.
# - Your function must leave its arguments as they were, and return its result (printing is fine, and not enough).
# - Stuck? Each task has hints that unfold one by one.

# %%
import numpy as np

from cnncourse import data, show, viz
from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `to_tensor`
#
# Difficulty ●○○ · 10 minutes · 4 points ·
# lesson section [Which axis comes first](../../notebooks/01_images_as_tensors.ipynb#4.-Which-axis-comes-first)
#
# An image file gives you bytes: `uint8`, from 0 to 255, height × width, for colour with the channels last. A network
# wants numbers between 0 and 1 in `float32`, with the channels first.

# %% task="01.to_tensor"
def to_tensor(image):
    """Turn the bytes of an image into what a network takes.

    Parameters
    ----------
    image : uint8 array, (H, W) for grey or (H, W, C) for any number C of channels

    Returns
    -------
    float32 array (C, H, W), the bytes divided by 255, so that 0 stays 0 and 255 becomes 1.
        A grey image has C = 1.
    """
    ### BEGIN SOLUTION
    if image.ndim == 2:
        image = image[:, :, np.newaxis]
    return image.transpose(2, 0, 1).astype(np.float32) / 255
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: two kinds of input</summary>
#
# `image.ndim` is 2 or 3. If it is 2, add an axis of length 1; then the rest is the same for both.
#
# </details>
# <details><summary>Hint 2: moving an axis</summary>
#
# With `transpose(2, 0, 1)` the new axes are the old ones number 2, 0 and 1. (`reshape` would keep the numbers in the
# order in which memory has them, and mix the pixels up.)
#
# </details>
# <details><summary>Hint 3: the type</summary>
#
# `uint8` divided by a Python number gives `float64`. Convert with `.astype(np.float32)`.
#
# </details>

# %% check="01.to_tensor"
check("01.to_tensor", to_tensor)

# %% [markdown]
# ## Task 2 · `channel_statistics`
#
# Difficulty ●○○ · 10 minutes · 3 points ·
# lesson section [Normalising per channel](../../notebooks/01_images_as_tensors.ipynb#Normalising-per-channel)
#
# To normalise a data set you need two numbers for each channel: its mean and its standard deviation over *all pixels of
# all images*.

# %% task="01.channel_statistics"
def channel_statistics(images):
    """Mean and standard deviation of each channel, over all images and pixels.

    Parameters
    ----------
    images : float array (N, C, H, W)

    Returns
    -------
    (mean, std) : two arrays (C,). The divisor of the variance is N·H·W.
    """
    ### BEGIN SOLUTION
    return images.mean(axis=(0, 2, 3)), images.std(axis=(0, 2, 3))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: which axes disappear?</summary>
#
# The result has one number a channel, so only axis 1 is left: average over axes 0, 2 and 3 at once.
#
# </details>
# <details><summary>Hint 2: why not average the images' standard deviations?</summary>
#
# Take two flat images, one black, one white. Each has standard deviation 0, and the two together have 0.5.
#
# </details>

# %% check="01.channel_statistics"
check("01.channel_statistics", channel_statistics)

# %% [markdown]
# ## Task 3 · `normalize`
#
# Difficulty ●○○ · 5 minutes · 3 points ·
# lesson section [Normalising per channel](../../notebooks/01_images_as_tensors.ipynb#Normalising-per-channel)
#
# Subtract each channel's mean and divide by its standard deviation. The caller keeps the original images.

# %% task="01.normalize"
def normalize(images, mean, std):
    """Normalise each channel with the given statistics.

    Parameters
    ----------
    images : float array (N, C, H, W); stays as it is
    mean, std : arrays (C,)

    Returns
    -------
    new array (N, C, H, W): (images − mean) / std, channel by channel.
    """
    ### BEGIN SOLUTION
    return (images - mean[:, None, None]) / std[:, None, None]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: shapes</summary>
#
# NumPy lines shapes up from the right. An array of shape (C,) meets the *width*. Which shape meets the channels?
#
# </details>
# <details><summary>Hint 2: the shape</summary>
#
# (C, 1, 1): `mean[:, None, None]`, or `mean.reshape(-1, 1, 1)`.
#
# </details>

# %% check="01.normalize"
check("01.normalize", normalize)

# %% [markdown]
# ## Your three functions at work
#
# Once they pass, they prepare a real picture. The next cell shows what a network gets to see (and says nothing before).

# %%
if all(check(f"01.{f.__name__}", f).passed for f in (to_tensor, channel_statistics, normalize)):
    cat = to_tensor(data.photograph("cat")[::3, ::3])
    ready = normalize(cat[None], *channel_statistics(cat[None]))[0]
    channels = viz.image_row(list(ready), ["red", "green", "blue"], signed=True, height=1.6)
    show(channels, "01/exercise-normalised-channels")

# %% [markdown]
# ## Task 4 · `mlp_parameters`
#
# Difficulty ●○○ · 5 minutes · 2 points ·
# lesson section [Why not simply a fully connected network?](../../notebooks/01_images_as_tensors.ipynb#6.-Why-not-simply-a-fully-connected-network?)
#
# An image is flattened and every pixel connected to every hidden unit. How many numbers does that first layer have to
# learn?

# %% task="01.mlp_parameters"
def mlp_parameters(shape, hidden):
    """Count the parameters of the first layer of an MLP on a flattened image.

    Parameters
    ----------
    shape : the image's shape, such as (3, 224, 224); any number of axes
    hidden : number of hidden units, int

    Returns
    -------
    int : weights and biases together.
    """
    ### BEGIN SOLUTION
    inputs = 1
    for side in shape:
        inputs *= side
    return inputs * hidden + hidden
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Flattening gives as many inputs as the product of the sides (`math.prod`). Each hidden unit has a weight for each input,
# and one bias.
#
# </details>

# %% check="01.mlp_parameters"
check("01.mlp_parameters", mlp_parameters)

# %% [markdown]
# ## Task 5 · `conv_parameters`
#
# Difficulty ●○○ · 10 minutes · 3 points ·
# lesson section [How many parameters?](../../notebooks/02_convolution.ipynb#How-many-parameters?) (lesson 02, if you want to read ahead)
#
# A convolutional layer has `c_out` filters. Each looks at a small window of all `c_in` channels, so it has a weight for
# each place in the window and each channel, wherever on the image it is used. Compare your numbers with the last task's.

# %% task="01.conv_parameters"
def conv_parameters(c_in, c_out, kernel_size, bias=True):
    """Count the parameters of a convolutional layer.

    Parameters
    ----------
    c_in, c_out : numbers of input and output channels
    kernel_size : int for a square window, or a pair (height, width)
    bias : whether each filter has a bias

    Returns
    -------
    int : weights, and biases where there are some.
    """
    ### BEGIN SOLUTION
    k_h, k_w = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    return c_out * c_in * k_h * k_w + (c_out if bias else 0)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: an int or a pair</summary>
#
# Turn an int into a pair first, then write the formula for pairs only:
# `k_h, k_w = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size`.
#
# </details>
# <details><summary>Hint 2: one filter</summary>
#
# One filter on a colour image, 5×5: 3 · 5 · 5 = 75 weights and 1 bias.
#
# </details>

# %% check="01.conv_parameters"
check("01.conv_parameters", conv_parameters)

# %% [markdown]
# ## Questions
#
# Return your answer from the function; the check explains it.
#
# **Question 1** (1 point). How many bytes does a batch of 32 colour images of 224×224 pixels take in `float32`?

# %% task="01.answer_batch_bytes"
def answer_batch_bytes():
    """Bytes, a whole number."""
    ### BEGIN SOLUTION
    return 32 * 3 * 224 * 224 * 4
    ### END SOLUTION


# %% check="01.answer_batch_bytes"
check("01.answer_batch_bytes", answer_batch_bytes)

# %% [markdown]
# **Question 2** (1 point). The pixels of all images are shuffled, all in the same way. Both an MLP and a CNN are trained on
# the shuffled images from scratch. What happens to their accuracy, compared with training on the images as they were?
#
# - `"a"`: the MLP gets worse, the CNN does not
# - `"b"`: the CNN gets worse, the MLP does not
# - `"c"`: both get worse
# - `"d"`: neither gets worse

# %% task="01.answer_shuffled_pixels"
def answer_shuffled_pixels():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% check="01.answer_shuffled_pixels"
check("01.answer_shuffled_pixels", answer_shuffled_pixels)
