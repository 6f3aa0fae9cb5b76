# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 09 · Training a CNN: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson: [09 Training a CNN](../../notebooks/09_training.ipynb) ·
# previous: [exercises 08](../08_batch_normalisation/08_batch_normalisation.ipynb) ·
# next: [exercises 10](../10_lenet/10_lenet.ipynb)
#
# The loss and its gradient, the step, the start, and images that are never the same twice. About 80 minutes.
#
# Rules as before: NumPy and the standard library, arguments stay as they were, every way that gives the right numbers is
# right. Two of the tasks are random; their check looks at the distribution of many results.

# %%
import numpy as np

from cnncourse import data, show, viz
from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `cross_entropy`
#
# Difficulty ●●○ · 15 minutes · 4 points ·
# lesson section [Softmax and cross-entropy](../../notebooks/09_training.ipynb#2.-Softmax-and-cross-entropy)
#
# Softmax makes probabilities of the logits $z$; the loss of an image is minus the logarithm of the probability that its own class
# $c$ gets:
#
# $$-\log\frac{e^{z_c}}{\sum_k e^{z_k}} = \log\sum_k e^{z_k} - z_c,$$
#
# and the batch's loss is the mean. It must be right for large logits too, such as 1,000 or −10,000: there $e^z$ is infinite or 0
# in floating point, though the loss is an ordinary number.

# %% task="09.cross_entropy"
def cross_entropy(logits, labels):
    """Mean cross-entropy of softmax.

    Parameters
    ----------
    logits : float array (N, C), of any size
    labels : integer array (N,), classes from 0 to C − 1

    Returns
    -------
    float, natural logarithm
    """
    ### BEGIN SOLUTION
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return (log_sum - shifted[np.arange(len(labels)), labels]).mean()
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: one entry of each row</summary>
#
# `logits[np.arange(N), labels]` takes entry `labels[n]` of row n. (`logits[:, labels]` would take N columns.)
#
# </details>
# <details><summary>Hint 2: large logits</summary>
#
# Adding a number to a whole row changes nothing in the formula. Subtract the row's maximum: the largest exponential is then 1,
# their sum at least 1, and its logarithm harmless. Do not form the probability: it may be too small for a float.
#
# </details>

# %% check="09.cross_entropy"
check("09.cross_entropy", cross_entropy)

# %% [markdown]
# ## Task 2 · `cross_entropy_backward`
#
# Difficulty ●●○ · 15 minutes · 4 points ·
# lesson section [Softmax and cross-entropy](../../notebooks/09_training.ipynb#2.-Softmax-and-cross-entropy)
#
# Derive the formula above by $z_k$: what comes out is what was predicted minus what was wanted. Mind the mean.

# %% task="09.cross_entropy_backward"
def cross_entropy_backward(logits, labels):
    """Gradient of `cross_entropy` by the logits.

    Parameters
    ----------
    logits : float array (N, C), of any size
    labels : integer array (N,)

    Returns
    -------
    array (N, C)
    """
    ### BEGIN SOLUTION
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    grad = exponentials / exponentials.sum(axis=1, keepdims=True)
    grad[np.arange(len(labels)), labels] -= 1
    return grad / len(labels)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: two terms</summary>
#
# The derivative of log Σ exp(z) by z_k is exp(z_k) / Σ exp(z): softmax itself. The derivative of −z_c is −1 where k = c.
#
# </details>
# <details><summary>Hint 2: a test of your own</summary>
#
# Each row of the gradient sums to zero: raising all logits of an image alike changes nothing.
#
# </details>

# %% check="09.cross_entropy_backward"
check("09.cross_entropy_backward", cross_entropy_backward)

# %% [markdown]
# ## Task 3 · `sgd_step`
#
# Difficulty ●○○ · 15 minutes · 5 points ·
# lesson section [The step](../../notebooks/09_training.ipynb#4.-The-step:-momentum,-weight-decay,-schedules)
#
# For each parameter p with gradient g and velocity v, in this order (PyTorch's rule):
#
# $$g \leftarrow g + \text{weight\_decay}\cdot p \qquad v \leftarrow \text{momentum}\cdot v + g \qquad p \leftarrow p - lr\cdot v$$
#
# The lists and arrays that come in stay as they are; new ones go out.

# %% task="09.sgd_step"
def sgd_step(params, grads, velocity, lr, momentum, weight_decay):
    """One step of gradient descent with momentum and weight decay.

    Parameters
    ----------
    params, grads, velocity : lists of float arrays, of the same shapes in the same order
    lr, momentum, weight_decay : floats

    Returns
    -------
    params : list of new arrays
    velocity : list of new arrays
    """
    ### BEGIN SOLUTION
    new_params, new_velocity = [], []
    for p, g, v in zip(params, grads, velocity, strict=True):
        v = momentum * v + (g + weight_decay * p)
        new_velocity.append(v)
        new_params.append(p - lr * v)
    return new_params, new_velocity
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `zip(params, grads, velocity)` goes through the three lists together. `p = p - lr * v` makes a new array, `p -= lr * v` changes
# the caller's.
#
# </details>

# %% check="09.sgd_step"
check("09.sgd_step", sgd_step)

# %% [markdown]
# ## Task 4 · `kaiming_normal`
#
# Difficulty ●○○ · 10 minutes · 4 points ·
# lesson section [The start](../../notebooks/09_training.ipynb#3.-The-start:-variance-and-symmetry)
#
# Normal numbers with mean 0 and variance 2 / fan_in, where fan_in is the number of products that one output adds up: of a weight
# (C_out, C_in, K_h, K_w) that is C_in·K_h·K_w, of a matrix (out, in) it is in.

# %% task="09.kaiming_normal"
def kaiming_normal(shape, rng):
    """Draw initial weights for a layer in front of a ReLU.

    Parameters
    ----------
    shape : tuple of at least two ints, output channels first
    rng : numpy.random.Generator; every random number comes from it

    Returns
    -------
    float array of that shape
    """
    ### BEGIN SOLUTION
    fan_in = np.prod(shape[1:])
    return rng.standard_normal(shape) * np.sqrt(2 / fan_in)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# If z has variance 1, then a·z has variance a². And `np.prod(shape[1:])` works for 2, 3, 4 and 5 axes.
#
# </details>

# %% check="09.kaiming_normal"
check("09.kaiming_normal", kaiming_normal)

# %% [markdown]
# ## Task 5 · `random_crop_flip`
#
# Difficulty ●●○ · 20 minutes · 5 points ·
# lesson section [Too few pictures](../../notebooks/09_training.ipynb#6.-Too-few-pictures:-dropout,-weight-decay,-augmentation)
#
# Each image, independently of the others: a border of `padding` zeros on all sides; one of the (2P+1)² windows of the image's own
# size, all equally likely; then mirrored left–right with probability ½.

# %% task="09.random_crop_flip"
def random_crop_flip(images, padding, rng):
    """Move each image a little, and mirror it or not.

    Parameters
    ----------
    images : float array (N, C, H, W), not to be changed
    padding : int, P
    rng : numpy.random.Generator; every random number comes from it

    Returns
    -------
    array (N, C, H, W), image n of which comes from image n
    """
    ### BEGIN SOLUTION
    N, C, H, W = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    result = np.empty_like(images)
    for n in range(N):
        top, left = rng.integers(0, 2 * padding + 1, size=2)
        window = padded[n, :, top : top + H, left : left + W]
        result[n] = window[:, :, ::-1] if rng.random() < 0.5 else window
    return result
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the window's corner</summary>
#
# In the padded image the window's upper left corner may stand in rows 0 … 2P and columns 0 … 2P; P, P is the image itself.
# `rng.integers(0, n)` gives 0 … n − 1.
#
# </details>
# <details><summary>Hint 2: each image by itself</summary>
#
# A loop over the N images, with three random decisions in each turn. `window[:, :, ::-1]` is (C, H, W) mirrored left–right.
#
# </details>

# %% check="09.random_crop_flip"
check("09.random_crop_flip", random_crop_flip)

# %% [markdown]
# Once it passes, look at one garment eight times:

# %%
if check("09.random_crop_flip", random_crop_flip).passed:
    garment = data.fashion_mnist("test")[0][0][None, None] / 255
    several = random_crop_flip(np.repeat(garment, 8, axis=0), 4, np.random.default_rng(0))[:, 0]
    show(viz.image_row(several, height=1.2), "09/exercise-augmented-boots")

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). A network for ten classes has just been initialised and knows nothing. What is its cross-entropy, about?
# (To three places.)

# %% task="09.answer_first_loss"
def answer_first_loss():
    """A number."""
    ### BEGIN SOLUTION
    return float(cross_entropy(np.zeros((1, 10)), np.array([3])))
    ### END SOLUTION


# %% check="09.answer_first_loss"
check("09.answer_first_loss", answer_first_loss)

# %% [markdown]
# **Question 2** (1 point). Two filters of a layer, and the weights by which the next layer uses them, start with equal numbers.
# What happens in training (without dropout)?
#
# - `"a"`: they stay equal
# - `"b"`: they part if the learning rate is large enough
# - `"c"`: the data make them part
# - `"d"`: momentum makes them part

# %% task="09.answer_identical_filters"
def answer_identical_filters():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "a"
    ### END SOLUTION


# %% check="09.answer_identical_filters"
check("09.answer_identical_filters", answer_identical_filters)

# %% [markdown]
# **Question 3** (1 point). Momentum is 0.9, and the gradient is always 1. Towards which number does the velocity grow?

# %% task="09.answer_velocity"
def answer_velocity():
    """A whole number."""
    ### BEGIN SOLUTION
    v = [np.zeros(1)]
    for _ in range(500):
        _, v = sgd_step([np.zeros(1)], [np.ones(1)], v, 0.0, 0.9, 0.0)
    return round(float(v[0][0]))
    ### END SOLUTION


# %% check="09.answer_velocity"
check("09.answer_velocity", answer_velocity)
