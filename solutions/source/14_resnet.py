# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 14 · ResNet: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson: [14 ResNet](../../notebooks/14_resnet.ipynb) ·
# previous: [exercises 13](../13_inception/13_inception.ipynb)
#
# One addition, forward and backward, then the two blocks, then a whole network. About 100 minutes.
#
# Tasks 1 and 2 use NumPy, the others PyTorch. Name, order and nest layers as you like.

# %%
import numpy as np
import torch
from torch import nn

from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `residual_forward`
#
# Difficulty ●○○ · 15 minutes · 4 points ·
# lesson section [Learn the change, not the thing](../../notebooks/14_resnet.ipynb#2.-Learn-the-change,-not-the-thing)
#
# The smallest residual block: its convolutions are 1×1, that is, matrices applied to the channels of each pixel.
#
# $$y = \operatorname{relu}\big(x + W_2\operatorname{relu}(W_1 x)\big)$$

# %% task="14.residual_forward"
def residual_forward(input, weight1, weight2):
    """Apply y = relu(x + W2 relu(W1 x)) to the channels of each pixel.

    Parameters
    ----------
    input : float array (N, C, H, W)
    weight1 : float array (M, C)
    weight2 : float array (C, M)

    Returns
    -------
    array (N, C, H, W)
    """
    ### BEGIN SOLUTION
    hidden = np.maximum(np.einsum("mc,nchw->nmhw", weight1, input), 0)
    return np.maximum(input + np.einsum("cm,nmhw->nchw", weight2, hidden), 0)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `np.einsum("mc,nchw->nmhw", weight1, input)` sums over C, for each image and pixel.
#
# </details>

# %% check="14.residual_forward"
check("14.residual_forward", residual_forward)

# %% [markdown]
# ## Task 2 · `residual_backward`
#
# Difficulty ●●○ · 25 minutes · 8 points ·
# lesson section [The way back](../../notebooks/14_resnet.ipynb#3.-The-way-back)
#
# The input acts in two ways, through the shortcut and through the matrices. Their gradients add up.

# %% task="14.residual_backward"
def residual_backward(grad_output, input, weight1, weight2):
    """Gradients of the loss by the input and the weights of `residual_forward`.

    Parameters
    ----------
    grad_output : float array (N, C, H, W)
    input : float array (N, C, H, W)
    weight1 : float array (M, C)
    weight2 : float array (C, M)

    Returns
    -------
    grad_input : array (N, C, H, W)
    grad_weight1 : array (M, C)
    grad_weight2 : array (C, M)
    """
    ### BEGIN SOLUTION
    before = np.einsum("mc,nchw->nmhw", weight1, input)
    hidden = np.maximum(before, 0)
    total = input + np.einsum("cm,nmhw->nchw", weight2, hidden)
    grad_total = grad_output * (total > 0)
    grad_before = np.einsum("cm,nchw->nmhw", weight2, grad_total) * (before > 0)
    grad_input = grad_total + np.einsum("mc,nmhw->nchw", weight1, grad_before)
    grad_weight1 = np.einsum("nmhw,nchw->mc", grad_before, input)
    return grad_input, grad_weight1, np.einsum("nchw,nmhw->cm", grad_total, hidden)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: name every step</summary>
#
# before = W1·x, hidden = relu(before), total = x + W2·hidden, y = relu(total). Compute these again, then go back line by line.
#
# </details>
# <details><summary>Hint 2: the gates</summary>
#
# Multiply by (total > 0) first. That gradient goes to the shortcut *and* to W2.
#
# </details>

# %% check="14.residual_backward"
check("14.residual_backward", residual_backward)

# %% [markdown]
# ## Task 3 · `BasicBlock`
#
# Difficulty ●●○ · 20 minutes · 8 points ·
# lesson section [Blocks: new shapes, and the bottleneck](../../notebooks/14_resnet.ipynb#5.-Blocks:-new-shapes,-and-the-bottleneck)
#
# 3×3 (stride) – BN – ReLU – 3×3 – BN, plus the shortcut, then ReLU. The shortcut is the input itself, without parameters; where
# the shape changes, in channels or by a stride, it is 1×1 (stride) – BN of the input.

# %% task="14.BasicBlock"
class BasicBlock(nn.Module):
    """A basic residual block: (N, c_in, H, W) → (N, c_out, ⌈H/stride⌉, ⌈W/stride⌉).

    Parameters
    ----------
    c_in, c_out : ints, channels
    stride : int, of the first 3×3 convolution and of a projected shortcut
    """

    def __init__(self, c_in, c_out, stride=1):
        ### BEGIN SOLUTION
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU(),
            nn.Conv2d(c_out, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or c_in != c_out:
            self.shortcut = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return torch.relu(self.body(x) + self.shortcut(x))
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: two parts and a line</summary>
#
# Build the main path and the shortcut as two modules. The forward pass is then one line.
#
# </details>
# <details><summary>Hint 2: a module that does nothing</summary>
#
# `nn.Identity()` returns its input and has no parameters.
#
# </details>

# %% check="14.BasicBlock"
check("14.BasicBlock", BasicBlock)

# %% [markdown]
# ## Task 4 · `Bottleneck`
#
# Difficulty ●●○ · 15 minutes · 8 points ·
# lesson section [Blocks: new shapes, and the bottleneck](../../notebooks/14_resnet.ipynb#5.-Blocks:-new-shapes,-and-the-bottleneck)
#
# 1×1 – BN – ReLU – 3×3 (stride) – BN – ReLU – 1×1 – BN, plus the shortcut, then ReLU. The inner maps have `planes` channels, the
# output 4 · `planes`. The shortcut is as in task 3.

# %% task="14.Bottleneck"
class Bottleneck(nn.Module):
    """A bottleneck block: (N, c_in, H, W) → (N, 4 · planes, ⌈H/stride⌉, ⌈W/stride⌉).

    Parameters
    ----------
    c_in : int, channels of the input
    planes : int, channels of the narrow part
    stride : int, of the 3×3 convolution and of a projected shortcut
    """

    def __init__(self, c_in, planes, stride=1):
        ### BEGIN SOLUTION
        super().__init__()
        c_out = 4 * planes
        self.body = nn.Sequential(
            nn.Conv2d(c_in, planes, 1, bias=False), nn.BatchNorm2d(planes), nn.ReLU(),
            nn.Conv2d(planes, planes, 3, stride, padding=1, bias=False), nn.BatchNorm2d(planes), nn.ReLU(),
            nn.Conv2d(planes, c_out, 1, bias=False), nn.BatchNorm2d(c_out),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or c_in != c_out:
            self.shortcut = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return torch.relu(self.body(x) + self.shortcut(x))
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# When does the shape change? Compare `c_in` with what comes out, 4 · `planes`.
#
# </details>

# %% check="14.Bottleneck"
check("14.Bottleneck", Bottleneck)

# %% [markdown]
# ## Task 5 · `ResNet20`
#
# Difficulty ●●● · 20 minutes · 8 points ·
# lesson section [The networks](../../notebooks/14_resnet.ipynb#6.-The-networks)
#
# For 3×32×32 images: 3×3 convolution to 16 channels – BN – ReLU; three stages of three basic blocks, 16, 32 and 64 wide, of which
# the second and third begin with stride 2; global average pooling; a linear layer to 10 logits. Where the shape changes, the
# shortcut is either 1×1 – BN (272,474 parameters) or every second pixel, filled up with zero channels (269,722). Both are right.

# %% task="14.ResNet20"
class ResNet20(nn.Module):
    """ResNet-20: (N, 3, 32, 32) → logits (N, 10)."""

    def __init__(self):
        ### BEGIN SOLUTION
        super().__init__()
        layers = [nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
        c_in = 16
        for c_out, stride in [(16, 1), (32, 2), (64, 2)]:
            layers += [BasicBlock(c_in, c_out, stride), BasicBlock(c_out, c_out), BasicBlock(c_out, c_out)]
            c_in = c_out
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(64, 10)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.head(self.features(x).mean(dim=(2, 3)))
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Your `BasicBlock` does the work. Only the first block of a stage changes the shape.
#
# </details>

# %% check="14.ResNet20"
check("14.ResNet20", ResNet20)

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). Leave ReLU aside: y = x + F(x), twenty such blocks in a row, and in each the slope of F is 0. By what factor does the gradient
# shrink or grow from the end to the start?

# %% task="14.answer_identity_gradient"
def answer_identity_gradient():
    """A whole number."""
    ### BEGIN SOLUTION
    return 1
    ### END SOLUTION


# %% check="14.answer_identity_gradient"
check("14.answer_identity_gradient", answer_identity_gradient)

# %% [markdown]
# **Question 2** (1 point). Why is the last γ of each block sometimes started at zero?
#
# - `"a"`: it saves memory
# - `"b"`: each block starts as the identity (and ReLU), so that the network starts shallow
# - `"c"`: the block can never learn anything else
# - `"d"`: batch norm needs it in eval

# %% task="14.answer_zero_gamma"
def answer_zero_gamma():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% check="14.answer_zero_gamma"
check("14.answer_zero_gamma", answer_zero_gamma)
