# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 08 · Batch normalisation: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson: [08 Batch normalisation](../../notebooks/08_batch_normalisation.ipynb) ·
# previous: [exercises 07](../07_pooling/07_pooling.ipynb) ·
# next: [exercises 09](../09_training/09_training.ipynb)
#
# The layer with two modes and a memory, its gradient, and how it disappears into a convolution. About 80 minutes.
#
# Rules as before: NumPy and the standard library, arguments stay as they were, every way that gives the right numbers is
# right. `float64` in should stay as exact as `float64`.

# %%
import numpy as np

from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `batch_norm`
#
# Difficulty ●●○ · 30 minutes · 9 points ·
# lesson section [When the batch is gone](../../notebooks/08_batch_normalisation.ipynb#2.-When-the-batch-is-gone:-running-statistics)
#
# In **training**, each channel is normalised by the batch's own mean and variance, over N, H and W:
#
# $$y = \gamma\,\frac{x - \mu_B}{\sqrt{\sigma^2_B + \varepsilon}} + \beta,$$
#
# where $\sigma^2_B$ has divisor $NHW$. The running values move a little towards the batch's:
#
# $$\text{running} \leftarrow (1 - \text{momentum})\cdot\text{running} + \text{momentum}\cdot\text{batch},$$
#
# and here the batch's variance has divisor $NHW - 1$: it is an estimate for data to come. In **eval**, the running values take
# the place of $\mu_B$ and $\sigma^2_B$, and stay as they are. All of this is as in PyTorch, except that PyTorch changes the
# running values in place, and here they are returned.

# %% task="08.batch_norm"
def batch_norm(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
    """Normalise each channel, then scale and shift it.

    Parameters
    ----------
    input : float array (N, C, H, W)
    running_mean, running_var : float arrays (C,), not to be changed
    weight, bias : float arrays (C,): γ and β
    training : bool; True: the batch's statistics normalise, False: the running ones
    momentum : float in [0, 1], the weight of the new value
    eps : float, added to the variance

    Returns
    -------
    output : array (N, C, H, W)
    running_mean : array (C,), after this batch
    running_var : array (C,), after this batch
    """
    ### BEGIN SOLUTION
    if training:
        mean, var = input.mean(axis=(0, 2, 3)), input.var(axis=(0, 2, 3))
        unbiased = input.var(axis=(0, 2, 3), ddof=1)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * unbiased
    else:
        mean, var = running_mean, running_var
    factor = weight / np.sqrt(var + eps)
    output = (input - mean[:, None, None]) * factor[:, None, None] + bias[:, None, None]
    return output, running_mean, running_var
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: two steps</summary>
#
# First decide which `mean` and `var` normalise: two vectors (C,). What follows is the same in both modes.
#
# </details>
# <details><summary>Hint 2: a vector for each channel</summary>
#
# A vector (C,) broadcasts along the last axis, the width. `v[:, None, None]` has shape (C, 1, 1) and goes along the channels.
#
# </details>
# <details><summary>Hint 3: two variances</summary>
#
# `input.var(axis=(0, 2, 3))` divides by N·H·W, with `ddof=1` by one less. Each has its place. And `running_mean *= …` would
# change the caller's array: make a new one.
#
# </details>

# %% check="08.batch_norm"
check("08.batch_norm", batch_norm)

# %% [markdown]
# ## Task 2 · `batch_norm_backward`
#
# Difficulty ●●● · 30 minutes · 8 points ·
# lesson section [Backward, two ways](../../notebooks/08_batch_normalisation.ipynb#3.-Backward,-two-ways)
#
# Training mode only. An input acts in three ways: directly, through the mean, and through the variance. With
# $\hat{x} = (x - \mu_B)/\sqrt{\sigma^2_B + \varepsilon}$ and $g = \gamma\,\partial L/\partial y$, the three together are
#
# $$\frac{\partial L}{\partial x} = \frac{1}{\sqrt{\sigma^2_B + \varepsilon}}\left(g - \operatorname{mean}(g)
# - \hat{x}\cdot\operatorname{mean}(g\,\hat{x})\right),$$
#
# with means over N, H and W. You may use this form, or go back through the graph step by step: the numbers are the same.

# %% task="08.batch_norm_backward"
def batch_norm_backward(grad_output, input, weight, eps=1e-5):
    """Gradients of the loss by input, weight and bias of batch norm in training mode.

    Parameters
    ----------
    grad_output : float array (N, C, H, W)
    input : float array (N, C, H, W)
    weight : float array (C,): γ
    eps : float, as in `batch_norm`

    Returns
    -------
    grad_input : array (N, C, H, W)
    grad_weight, grad_bias : arrays (C,)
    """
    ### BEGIN SOLUTION
    axes = (0, 2, 3)
    centred = input - input.mean(axis=axes, keepdims=True)
    factor = 1 / np.sqrt((centred**2).mean(axis=axes, keepdims=True) + eps)
    normalized = centred * factor
    g = grad_output * weight[:, None, None]
    along = (g * normalized).mean(axis=axes, keepdims=True)
    grad_input = factor * (g - g.mean(axis=axes, keepdims=True) - normalized * along)
    return grad_input, (grad_output * normalized).sum(axis=axes), grad_output.sum(axis=axes)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the easy two</summary>
#
# y = γ·x̂ + β, with one γ and one β for a whole channel. So both gradients are sums over N, H and W: of the upstream gradient
# times x̂, and of the upstream gradient.
#
# </details>
# <details><summary>Hint 2: keep the axes</summary>
#
# With `keepdims=True` means have shape (1, C, 1, 1) and broadcast where they should.
#
# </details>
# <details><summary>Hint 3: how to test it yourself</summary>
#
# Unit 06's `numerical_gradient` in float64, with a random `grad_output`. With `grad_output` all ones it proves nothing: the
# outputs of a channel sum to a constant, so the right gradient is zero, and so is many a wrong one.
#
# </details>

# %% check="08.batch_norm_backward"
check("08.batch_norm_backward", batch_norm_backward)

# %% [markdown]
# ## Task 3 · `fold_batch_norm`
#
# Difficulty ●●○ · 15 minutes · 6 points ·
# lesson section [Folding into the convolution](../../notebooks/08_batch_normalisation.ipynb#7.-Folding-into-the-convolution)
#
# In eval, batch norm multiplies each channel by a number and adds another. So does a convolution. Find the one convolution which
# does the work of a convolution and the batch norm behind it.

# %% task="08.fold_batch_norm"
def fold_batch_norm(weight, bias, running_mean, running_var, gamma, beta, eps=1e-5):
    """Weight and bias of one convolution that equals convolution and batch norm (in eval).

    Parameters
    ----------
    weight : float array (C_out, C_in, K_h, K_w) of the convolution
    bias : float array (C_out,) of the convolution, or None
    running_mean, running_var : float arrays (C_out,)
    gamma, beta : float arrays (C_out,): the batch norm's weight and bias
    eps : float, added to the variance

    Returns
    -------
    weight : array (C_out, C_in, K_h, K_w)
    bias : array (C_out,)
    """
    ### BEGIN SOLUTION
    factor = gamma / np.sqrt(running_var + eps)
    start = np.zeros_like(running_mean) if bias is None else bias
    return weight * factor[:, None, None, None], (start - running_mean) * factor + beta
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Write down what happens to one output channel: γ·((w∗x + b) − μ)/√(σ² + ε) + β. Multiply out, and collect what stands before
# x and what does not.
#
# </details>

# %% check="08.fold_batch_norm"
check("08.fold_batch_norm", fold_batch_norm)

# %% [markdown]
# Once it passes, see that it works: three feature maps, both ways.

# %%
if check("08.fold_batch_norm", fold_batch_norm).passed:
    from cnncourse.numpy_nn import functional as F

    rng = np.random.default_rng(0)
    image, w, b = rng.standard_normal((1, 3, 8, 8)), rng.standard_normal((4, 3, 3, 3)), rng.standard_normal(4)
    mean, var, gamma, beta = rng.standard_normal(4), rng.uniform(0.5, 2, 4), rng.uniform(1, 2, 4), rng.standard_normal(4)
    two_layers = F.batch_norm(F.conv2d(image, w, b), mean, var, gamma, beta)
    one_layer = F.conv2d(image, *fold_batch_norm(w, b, mean, var, gamma, beta))
    print("the same:", np.allclose(two_layers, one_layer))

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). A batch norm layer stands behind a convolution with 64 output channels on 32×32 maps. How many numbers
# does it *learn*?

# %% task="08.answer_learned_numbers"
def answer_learned_numbers():
    """A whole number."""
    ### BEGIN SOLUTION
    return 2 * 64
    ### END SOLUTION


# %% check="08.answer_learned_numbers"
check("08.answer_learned_numbers", answer_learned_numbers)

# %% [markdown]
# **Question 2** (1 point). A channel of a batch has five values; their squared distances from the mean sum to 20. The running
# variance is 1, momentum 0.1. What is the running variance after this batch?

# %% task="08.answer_running_variance"
def answer_running_variance():
    """A number."""
    ### BEGIN SOLUTION
    return 0.9 * 1 + 0.1 * 20 / (5 - 1)
    ### END SOLUTION


# %% check="08.answer_running_variance"
check("08.answer_running_variance", answer_running_variance)

# %% [markdown]
# **Question 3** (1 point). Why does a convolution right before batch norm need no bias?
#
# - `"a"`: the division by the standard deviation removes it
# - `"b"`: the subtraction of the mean removes it
# - `"c"`: it would make training slower
# - `"d"`: it does need one

# %% task="08.answer_idle_bias"
def answer_idle_bias():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% check="08.answer_idle_bias"
check("08.answer_idle_bias", answer_idle_bias)
