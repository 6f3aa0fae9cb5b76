# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 13 · GoogLeNet and Inception: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson: [13 GoogLeNet and Inception](../../notebooks/13_inception.ipynb) ·
# previous: [exercises 12](../12_vgg/12_vgg.ipynb) ·
# next: [exercises 14](../14_resnet/14_resnet.ipynb)
#
# The parts of GoogLeNet one by one, forward and backward, then its block. About 115 minutes.
#
# Tasks 1 to 6 use NumPy and the standard library, task 7 PyTorch. Arguments stay as they were, and every way that gives the right
# numbers is right.

# %%
import numpy as np
import torch
from torch import nn

from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `mlpconv`
#
# Difficulty ●○○ · 15 minutes · 5 points ·
# lesson section [A small network at every place](../../notebooks/13_inception.ipynb#1.-A-small-network-at-every-place)
#
# A network with one hidden layer looks at the C channels of each pixel, the same network at every pixel:
#
# $$y = \operatorname{relu}\big(W_2\operatorname{relu}(W_1 x + b_1) + b_2\big)$$

# %% task="13.mlpconv"
def mlpconv(input, w1, b1, w2, b2):
    """Apply y = relu(w2 relu(w1 x + b1) + b2) to the channels of each pixel.

    Parameters
    ----------
    input : float array (N, C, H, W)
    w1 : float array (M, C)
    b1 : float array (M,)
    w2 : float array (O, M)
    b2 : float array (O,)

    Returns
    -------
    array (N, O, H, W)
    """
    ### BEGIN SOLUTION
    hidden = np.maximum(np.einsum("mc,nchw->nmhw", w1, input) + b1[:, None, None], 0)
    return np.maximum(np.einsum("om,nmhw->nohw", w2, hidden) + b2[:, None, None], 0)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: a sum over channels</summary>
#
# `np.einsum("mc,nchw->nmhw", w1, input)` sums over C, for each image and pixel.
#
# </details>
# <details><summary>Hint 2: biases</summary>
#
# `b1[:, None, None]` has the shape (M, 1, 1), and is added to each channel's whole map. `b1` alone would be added along the last axis.
#
# </details>

# %% check="13.mlpconv"
check("13.mlpconv", mlpconv)

# %% [markdown]
# ## Task 2 · `inception_cost`
#
# Difficulty ●●○ · 15 minutes · 4 points ·
# lesson section [What the block costs](../../notebooks/13_inception.ipynb#3.-What-the-block-costs)
#
# The block has six convolutions: 1×1 to `c1` channels; 1×1 to `c3[0]` and 3×3 to `c3[1]`; 1×1 to `c5[0]` and 5×5 to `c5[1]`; and, behind the
# pooling, 1×1 to `c_pool`. All maps are `height`×`width`. Count the parameters with biases, and the multiply-adds without.
# Pooling counts nothing.

# %% task="13.inception_cost"
def inception_cost(c_in, c1, c3, c5, c_pool, height, width):
    """Count what an Inception block with reductions costs.

    Parameters
    ----------
    c_in : int, channels of the input
    c1, c_pool : ints, channels of the first and the fourth branch
    c3, c5 : pairs of ints (reduced, out) of the second and the third branch
    height, width : ints, size of all maps

    Returns
    -------
    parameters : int, biases included
    multiply_adds : int, for one image, without biases
    """
    ### BEGIN SOLUTION
    layers = [(c_in, c1, 1), (c_in, c3[0], 1), (*c3, 3), (c_in, c5[0], 1), (*c5, 5), (c_in, c_pool, 1)]
    weights = sum(a * b * k**2 for a, b, k in layers)
    return weights + sum(b for _, b, _ in layers), weights * height * width
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Write the six convolutions as a list (channels in, channels out, kernel size). The rest are two sums.
#
# </details>

# %% check="13.inception_cost"
check("13.inception_cost", inception_cost)

# %% [markdown]
# ## Task 3 · `concat_backward`
#
# Difficulty ●○○ · 10 minutes · 4 points ·
# lesson section [The gradient of a concatenation](../../notebooks/13_inception.ipynb#4.-The-gradient-of-a-concatenation)
#
# The branches' maps were joined along the channels. Their gradient comes back as one array. Which part of it belongs to which branch?

# %% task="13.concat_backward"
def concat_backward(grad_output, channels):
    """Gradients of the loss with respect to the arrays that were joined along axis 1.

    Parameters
    ----------
    grad_output : float array (N, C, H, W), C the sum of `channels`
    channels : list of ints, channels of each branch in the order in which they were joined

    Returns
    -------
    list of arrays (N, C_i, H, W), one per branch; views of grad_output are allowed
    """
    ### BEGIN SOLUTION
    return np.split(grad_output, np.cumsum(channels)[:-1], axis=1)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# A loop with a running start is enough. `np.split` does it too: it wants the *places* at which to cut, so running sums.
#
# </details>

# %% check="13.concat_backward"
check("13.concat_backward", concat_backward)

# %% [markdown]
# ## Task 4 · `separate_kernel`
#
# Difficulty ●●○ · 15 minutes · 5 points ·
# lesson section [Large kernels from small ones](../../notebooks/13_inception.ipynb#7.-Large-kernels-from-small-ones)
#
# In exercise 02 you took kernels apart that *were* a column times a row. Most are not. Find the column and the row whose outer product
# comes nearest to the kernel, in the sum of squared differences. How they share out scale and sign is up to you. If several are
# equally good, any of them is right; for a kernel of zeros the product is zero.

# %% task="13.separate_kernel"
def separate_kernel(kernel):
    """The column times row that comes nearest to a kernel.

    Parameters
    ----------
    kernel : float array (K_h, K_w)

    Returns
    -------
    column : array (K_h,)
    row : array (K_w,)
    """
    ### BEGIN SOLUTION
    left, sizes, right = np.linalg.svd(kernel, full_matrices=False)
    return left[:, 0] * sizes[0], right[0]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: a theorem</summary>
#
# The best approximation of rank one is made of the first singular vectors and the first singular value (Eckart and Young, 1936).
#
# </details>
# <details><summary>Hint 2: what np.linalg.svd returns</summary>
#
# `u, s, vh = np.linalg.svd(kernel)`: the columns of u, the values from large to small, and the *rows* of vh.
#
# </details>

# %% check="13.separate_kernel"
check("13.separate_kernel", separate_kernel)

# %% [markdown]
# ## Task 5 · `smooth_cross_entropy`
#
# Difficulty ●●○ · 15 minutes · 4 points ·
# lesson section [Label smoothing](../../notebooks/13_inception.ipynb#9.-Label-smoothing)
#
# Instead of 1 for the label and 0 for the others, the target has a share of the smoothing s for each class:
#
# $$q_k = (1 - s)\,[k = c] + \frac{s}{C}, \qquad L = -\frac{1}{N}\sum_n\sum_k q_{nk}\log p_{nk},$$
#
# with p the softmax of the logits. As in exercise 09, it must be right for logits such as 1,000 or −10,000.

# %% task="13.smooth_cross_entropy"
def smooth_cross_entropy(logits, labels, smoothing):
    """Mean cross-entropy of softmax and smoothed labels.

    Parameters
    ----------
    logits : float array (N, C), of any size
    labels : integer array (N,), classes from 0 to C − 1
    smoothing : float s, 0 ≤ s < 1

    Returns
    -------
    float, natural logarithm
    """
    ### BEGIN SOLUTION
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    own = log_p[np.arange(len(labels)), labels]
    return float(-((1 - smoothing) * own + smoothing * log_p.mean(axis=1)).mean())
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: two means</summary>
#
# Σ q log p is (1 − s) times the label's log p plus s times the *mean* log p of all classes.
#
# </details>
# <details><summary>Hint 2: large logits</summary>
#
# Do not take the logarithm of a probability, which may be 0 in floating point. log p = z − log Σ exp(z), after each row's
# maximum has been subtracted.
#
# </details>

# %% check="13.smooth_cross_entropy"
check("13.smooth_cross_entropy", smooth_cross_entropy)

# %% [markdown]
# ## Task 6 · `smooth_cross_entropy_backward`
#
# Difficulty ●○○ · 10 minutes · 4 points ·
# lesson section [Label smoothing](../../notebooks/13_inception.ipynb#9.-Label-smoothing)
#
# As before, the gradient is what was predicted minus what was wanted. What is wanted now?

# %% task="13.smooth_cross_entropy_backward"
def smooth_cross_entropy_backward(logits, labels, smoothing):
    """Gradient of `smooth_cross_entropy` with respect to the logits.

    Parameters
    ----------
    logits : float array (N, C), of any size
    labels : integer array (N,)
    smoothing : float s, 0 ≤ s < 1

    Returns
    -------
    array (N, C)
    """
    ### BEGIN SOLUTION
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    grad = exponentials / exponentials.sum(axis=1, keepdims=True) - smoothing / logits.shape[1]
    grad[np.arange(len(labels)), labels] -= 1 - smoothing
    return grad / len(labels)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# The targets of a row add up to 1, so each row of the gradient adds up to 0.
#
# </details>

# %% check="13.smooth_cross_entropy_backward"
check("13.smooth_cross_entropy_backward", smooth_cross_entropy_backward)

# %% [markdown]
# ## Task 7 · `Inception`
#
# Difficulty ●●○ · 30 minutes · 8 points ·
# lesson section [One place, seen at four sizes](../../notebooks/13_inception.ipynb#2.-One-place,-seen-at-four-sizes)
#
# Four branches see the same input. Their maps have its height and width, and are joined along the channels in this order:
#
# 1. 1×1 convolution to `c1` channels
# 2. 1×1 convolution to `c3[0]`, then 3×3 with padding 1 to `c3[1]`
# 3. 1×1 convolution to `c5[0]`, then 5×5 with padding 2 to `c5[1]`
# 4. 3×3 max pooling with stride 1 and padding 1 (PyTorch pads with −∞), then 1×1 convolution to `c_pool`
#
# Every convolution has a bias, and a ReLU behind it. There is no batch norm. Name, order and nest the layers as you like. One joint
# 1×1 layer whose output is split afterwards is right, too.

# %% task="13.Inception"
class Inception(nn.Module):
    """GoogLeNet's block: (N, c_in, H, W) → (N, c1 + c3[1] + c5[1] + c_pool, H, W).

    Parameters
    ----------
    c_in : int, channels of the input
    c1, c_pool : ints, channels of the first and the fourth branch
    c3, c5 : pairs of ints (reduced, out) of the second and the third branch
    """

    def __init__(self, c_in, c1, c3, c5, c_pool):
        ### BEGIN SOLUTION
        super().__init__()
        self.branches = nn.ModuleList([
            nn.Sequential(nn.Conv2d(c_in, c1, 1), nn.ReLU()),
            nn.Sequential(nn.Conv2d(c_in, c3[0], 1), nn.ReLU(), nn.Conv2d(*c3, 3, padding=1), nn.ReLU()),
            nn.Sequential(nn.Conv2d(c_in, c5[0], 1), nn.ReLU(), nn.Conv2d(*c5, 5, padding=2), nn.ReLU()),
            nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), nn.Conv2d(c_in, c_pool, 1), nn.ReLU()),
        ])
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return torch.cat([branch(x) for branch in self.branches], dim=1)
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: four modules and a line</summary>
#
# Build each branch as an `nn.Sequential`. The forward pass joins what they give: `torch.cat(list_of_maps, dim=1)`.
#
# </details>
# <details><summary>Hint 2: pooling that keeps the size</summary>
#
# `nn.MaxPool2d(3)` alone has stride 3. Say stride and padding.
#
# </details>

# %% check="13.Inception"
check("13.Inception", Inception)

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). A 5×5 convolution takes 192 channels to 32. How many weights are saved if a 1×1 convolution reduces the 192 channels to 16
# first? (Biases are not counted.)

# %% task="13.answer_reduction_saves"
def answer_reduction_saves():
    """A whole number."""
    ### BEGIN SOLUTION
    return 25 * 192 * 32 - (192 * 16 + 25 * 16 * 32)
    ### END SOLUTION


# %% check="13.answer_reduction_saves"
check("13.answer_reduction_saves", answer_reduction_saves)

# %% [markdown]
# **Question 2** (1 point). A 7×7 kernel for one channel is replaced by a 1×7 kernel after a 7×1 kernel. How many weights do the two hold together?

# %% task="13.answer_separable_pairs"
def answer_separable_pairs():
    """A whole number."""
    ### BEGIN SOLUTION
    return 14
    ### END SOLUTION


# %% check="13.answer_separable_pairs"
check("13.answer_separable_pairs", answer_separable_pairs)

# %% [markdown]
# **Question 3** (1 point). There are ten classes and a smoothing of 0.1. A network fits its training pictures as well as it can. What becomes of the
# probability that it gives to the label?
#
# - `"a"`: it goes on towards 1
# - `"b"`: it goes towards 0.91
# - `"c"`: it goes towards 0.1
# - `"d"`: it goes wherever the loss is 0

# %% task="13.answer_smooth_logits"
def answer_smooth_logits():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% check="13.answer_smooth_logits"
check("13.answer_smooth_logits", answer_smooth_logits)
