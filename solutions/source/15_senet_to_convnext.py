# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 15 · SENet, MobileNet, EfficientNet, ConvNeXt: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson:
# [15 SENet, MobileNet, EfficientNet, ConvNeXt](../../notebooks/15_senet_to_convnext.ipynb) ·
# previous: [exercises 14](../14_resnet/14_resnet.ipynb) ·
# next: [exercises 16](../16_what_cnns_learn/16_what_cnns_learn.ipynb)
#
# A gate forward, backward and as a layer, what a separable convolution costs, the inverted residual, a shuffle, a norm and a coin
# toss per image. About 135 minutes.
#
# Tasks 1, 2, 4, 6, 7 and 8 use NumPy, tasks 3 and 5 PyTorch. In PyTorch, name, order and nest layers as you like.

# %%
import numpy as np
import torch
from torch import nn

from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `squeeze_excite`
#
# Difficulty ●○○ · 15 minutes · 5 points ·
# lesson section [Squeeze and excite](../../notebooks/15_senet_to_convnext.ipynb#1.-Squeeze-and-excite)
#
# Each channel is multiplied by a number between 0 and 1, its gate, and the means of all channels decide on all gates:
#
# $$y = x \cdot \sigma\big(w_2\operatorname{relu}(w_1 m + b_1) + b_2\big), \qquad m = \text{mean of } x \text{ over } H \text{ and } W$$
#
# The sigmoid σ(z) = 1 / (1 + exp(−z)) must be right for every z, such as −1,000 and 1,000, also in float32.

# %% task="15.squeeze_excite"
def squeeze_excite(input, w1, b1, w2, b2):
    """Multiply each channel of each image by its gate.

    Parameters
    ----------
    input : float array (N, C, H, W)
    w1 : float array (R, C)
    b1 : float array (R,)
    w2 : float array (C, R)
    b2 : float array (C,)

    Returns
    -------
    array (N, C, H, W)
    """
    ### BEGIN SOLUTION
    mean = input.mean(axis=(2, 3))
    hidden = np.maximum(mean @ w1.T + b1, 0)
    gate = 0.5 + 0.5 * np.tanh(0.5 * (hidden @ w2.T + b2))
    return input * gate[:, :, None, None]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: shapes</summary>
#
# The means are (N, C), the hidden values (N, R), the gates (N, C). `gate[:, :, None, None]` broadcasts along H and W.
#
# </details>
# <details><summary>Hint 2: a sigmoid without overflow</summary>
#
# exp(z) overflows for large z, and exp(z) / (1 + exp(z)) is then ∞/∞. But σ(z) = (1 + tanh(z/2)) / 2, and tanh never overflows.
#
# </details>

# %% check="15.squeeze_excite"
check("15.squeeze_excite", squeeze_excite)

# %% [markdown]
# ## Task 2 · `squeeze_excite_backward`
#
# Difficulty ●●● · 30 minutes · 10 points ·
# lesson section [Squeeze and excite](../../notebooks/15_senet_to_convnext.ipynb#1.-Squeeze-and-excite)
#
# The input acts in two ways: it is multiplied by the gates, and it decides on them. The gradients of both ways add up.

# %% task="15.squeeze_excite_backward"
def squeeze_excite_backward(grad_output, input, w1, b1, w2, b2):
    """Gradients of the loss with respect to all arguments of `squeeze_excite`.

    Parameters
    ----------
    grad_output : float array (N, C, H, W)
    input : float array (N, C, H, W)
    w1 : float array (R, C)
    b1 : float array (R,)
    w2 : float array (C, R)
    b2 : float array (C,)

    Returns
    -------
    grad_input : array (N, C, H, W)
    grad_w1 : array (R, C)
    grad_b1 : array (R,)
    grad_w2 : array (C, R)
    grad_b2 : array (C,)
    """
    ### BEGIN SOLUTION
    pixels = input.shape[2] * input.shape[3]
    mean = input.mean(axis=(2, 3))
    before = mean @ w1.T + b1
    hidden = np.maximum(before, 0)
    gate = 0.5 + 0.5 * np.tanh(0.5 * (hidden @ w2.T + b2))

    grad_gate = (grad_output * input).sum(axis=(2, 3))
    grad_logits = grad_gate * gate * (1 - gate)
    grad_before = (grad_logits @ w2) * (before > 0)
    grad_mean = grad_before @ w1
    grad_input = grad_output * gate[:, :, None, None] + grad_mean[:, :, None, None] / pixels
    return grad_input, grad_before.T @ mean, grad_before.sum(axis=0), grad_logits.T @ hidden, grad_logits.sum(axis=0)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: name every step</summary>
#
# mean, before = w1·mean + b1, hidden = relu(before), logits = w2·hidden + b2, gate = σ(logits), y = x · gate. Compute these again,
# then go back line by line.
#
# </details>
# <details><summary>Hint 2: one gate, many pixels</summary>
#
# A gate multiplies H·W pixels, so its gradient is a sum over them. The mean goes the other way: each pixel gets 1 / (H·W) of its
# gradient.
#
# </details>
# <details><summary>Hint 3: the slope of the sigmoid</summary>
#
# σ′(z) = s · (1 − s) where s = σ(z).
#
# </details>

# %% check="15.squeeze_excite_backward"
check("15.squeeze_excite_backward", squeeze_excite_backward)

# %% [markdown]
# ## Task 3 · `SqueezeExcitation`
#
# Difficulty ●○○ · 15 minutes · 5 points ·
# lesson section [Squeeze and excite](../../notebooks/15_senet_to_convnext.ipynb#1.-Squeeze-and-excite)
#
# The same as a layer of PyTorch: mean – layer to channels // reduction values – ReLU – layer to `channels` gates – sigmoid. Both
# layers have biases; 1×1 convolutions and linear layers are both right. (In torchvision's layer of this name the second argument
# is the width of the middle.)

# %% task="15.SqueezeExcitation"
class SqueezeExcitation(nn.Module):
    """Squeeze and excite: (N, channels, H, W) → (N, channels, H, W).

    Parameters
    ----------
    channels : int
    reduction : int, at most `channels`; the middle has channels // reduction values
    """

    def __init__(self, channels, reduction):
        ### BEGIN SOLUTION
        super().__init__()
        self.reduce = nn.Linear(channels, channels // reduction)
        self.expand = nn.Linear(channels // reduction, channels)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        hidden = torch.relu(self.reduce(x.mean(dim=(2, 3))))
        gate = torch.sigmoid(self.expand(hidden))
        return x * gate[:, :, None, None]
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# With linear layers take the mean to (N, C), and give the gates two axes of length 1 at the end. With 1×1 convolutions keep these
# axes: `x.mean(dim=(2, 3), keepdim=True)`.
#
# </details>

# %% check="15.SqueezeExcitation"
check("15.SqueezeExcitation", SqueezeExcitation)

# %% [markdown]
# ## Task 4 · `separable_cost`
#
# Difficulty ●○○ · 10 minutes · 3 points ·
# lesson section [Depthwise separable convolution](../../notebooks/15_senet_to_convnext.ipynb#3.-Depthwise-separable-convolution)
#
# How many multiply-adds does a K×K convolution take, and how many a depthwise K×K convolution with a 1×1 convolution behind it?
# Biases are not counted.

# %% task="15.separable_cost"
def separable_cost(c_in, c_out, kernel_size, h_out, w_out):
    """Count the multiply-adds of an ordinary convolution and of a depthwise separable one.

    Parameters
    ----------
    c_in, c_out : ints, channels
    kernel_size : int, side of the square kernels
    h_out, w_out : ints, height and width of the output; the depthwise step has this size, too

    Returns
    -------
    ordinary : int
    separable : int, both steps together
    """
    ### BEGIN SOLUTION
    places = h_out * w_out
    ordinary = kernel_size**2 * c_in * c_out * places
    depthwise = kernel_size**2 * c_in * places
    pointwise = c_in * c_out * places
    return ordinary, depthwise + pointwise
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# A depthwise kernel sees one channel, and there is one for each of the C_in channels. A 1×1 kernel sees all C_in channels, and there are
# C_out of them. Each number is used at every place of the output.
#
# </details>

# %% check="15.separable_cost"
check("15.separable_cost", separable_cost)

# %% [markdown]
# ## Task 5 · `InvertedResidual`
#
# Difficulty ●●○ · 25 minutes · 8 points ·
# lesson section [The inverted residual](../../notebooks/15_senet_to_convnext.ipynb#6.-The-inverted-residual)
#
# 1×1 to c_in · expand channels – BN – ReLU6, depthwise 3×3 (stride, padding 1) – BN – ReLU6, 1×1 to c_out – BN. With expand = 1 the first
# of the three is left out. Where the stride is 1 and c_in = c_out, the input is added, and nothing follows the sum; elsewhere there
# is no shortcut. The convolutions have no biases: in front of a batch norm a bias does nothing in training ([lesson
# 08](../../notebooks/08_batch_normalisation.ipynb#6.-Four-accidents)). The check accepts such idle biases.

# %% task="15.InvertedResidual"
class InvertedResidual(nn.Module):
    """MobileNetV2's block: (N, c_in, H, W) → (N, c_out, ⌈H/stride⌉, ⌈W/stride⌉).

    Parameters
    ----------
    c_in, c_out : ints, channels
    stride : int, of the depthwise convolution
    expand : int, how many times wider the middle is than the input
    """

    def __init__(self, c_in, c_out, stride, expand):
        ### BEGIN SOLUTION
        super().__init__()
        wide = c_in * expand
        self.widen = nn.Identity()
        if expand != 1:
            self.widen = nn.Sequential(nn.Conv2d(c_in, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6())
        self.depthwise = nn.Sequential(
            nn.Conv2d(wide, wide, 3, stride, padding=1, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(),
        )
        self.narrow = nn.Sequential(nn.Conv2d(wide, c_out, 1, bias=False), nn.BatchNorm2d(c_out))
        self.adds_input = stride == 1 and c_in == c_out
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        y = self.narrow(self.depthwise(self.widen(x)))
        return x + y if self.adds_input else y
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: depthwise</summary>
#
# `nn.Conv2d(C, C, 3, groups=C)` has one kernel per channel.
#
# </details>
# <details><summary>Hint 2: the narrow end</summary>
#
# Lesson 15 says why nothing follows the last batch norm.
#
# </details>

# %% check="15.InvertedResidual"
check("15.InvertedResidual", InvertedResidual)

# %% [markdown]
# ## Task 6 · `channel_shuffle`
#
# Difficulty ●○○ · 10 minutes · 4 points ·
# lesson section [Groups and channel shuffle](../../notebooks/15_senet_to_convnext.ipynb#7.-Groups-and-channel-shuffle)
#
# Deal the channels out: the first channel of each group, then the second of each group, and so on, as `torch.nn.ChannelShuffle` does.

# %% task="15.channel_shuffle"
def channel_shuffle(input, groups):
    """Bring the channels of all groups into turn.

    Parameters
    ----------
    input : float array (N, C, H, W)
    groups : int that divides C; the first C / groups channels are the first group, and so on

    Returns
    -------
    array (N, C, H, W)
    """
    ### BEGIN SOLUTION
    N, C, H, W = input.shape
    table = input.reshape(N, groups, C // groups, H, W)  # a row per group
    return table.swapaxes(1, 2).reshape(N, C, H, W)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Write the channels into a table with one row per group. Wanted are its columns, one after the other.
#
# </details>

# %% check="15.channel_shuffle"
check("15.channel_shuffle", channel_shuffle)

# %% [markdown]
# ## Task 7 · `layer_norm_channels`
#
# Difficulty ●●○ · 15 minutes · 5 points ·
# lesson section [From ResNet to ConvNeXt](../../notebooks/15_senet_to_convnext.ipynb#10.-From-ResNet-to-ConvNeXt)
#
# ConvNeXt's norm: at each place of each image, the mean and the (biased) variance over the C channels.
#
# $$y = \text{weight} \cdot \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \text{bias}$$

# %% task="15.layer_norm_channels"
def layer_norm_channels(input, weight, bias, eps=1e-6):
    """Normalise each place over its channels, then scale and shift each channel.

    Parameters
    ----------
    input : float array (N, C, H, W)
    weight, bias : float arrays (C,)
    eps : float

    Returns
    -------
    array (N, C, H, W)
    """
    ### BEGIN SOLUTION
    mean = input.mean(axis=1, keepdims=True)
    variance = input.var(axis=1, keepdims=True)
    normalized = (input - mean) / np.sqrt(variance + eps)
    return weight[:, None, None] * normalized + bias[:, None, None]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# With `keepdims=True` mean and variance have the shape (N, 1, H, W), which broadcasts along the channels.
#
# </details>

# %% check="15.layer_norm_channels"
check("15.layer_norm_channels", layer_norm_channels)

# %% [markdown]
# ## Task 8 · `stochastic_depth`
#
# Difficulty ●●○ · 15 minutes · 5 points ·
# lesson section [From ResNet to ConvNeXt](../../notebooks/15_senet_to_convnext.ipynb#10.-From-ResNet-to-ConvNeXt)
#
# In training, a residual block is left out at random. With probability p an image gets x alone, otherwise x + branch / (1 − p). Each image has
# a draw of its own, and all random numbers come from `rng`.

# %% task="15.stochastic_depth"
def stochastic_depth(x, branch, p, rng):
    """Add the branch to x, or leave it out, for each image by itself.

    Parameters
    ----------
    x, branch : float arrays (N, C, H, W)
    p : float, 0 ≤ p < 1, probability of leaving the branch out
    rng : numpy.random.Generator

    Returns
    -------
    array (N, C, H, W)
    """
    ### BEGIN SOLUTION
    keep = rng.random(len(x)) >= p
    return x + branch * keep[:, None, None, None] / (1 - p)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `rng.random(N)` draws N numbers between 0 and 1. Each of them is below p with probability p.
#
# </details>

# %% check="15.stochastic_depth"
check("15.stochastic_depth", stochastic_depth)

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). A squeeze-and-excitation gate for C = 256 channels has the reduction r = 16. How many weights do its two layers hold
# together, without biases?

# %% task="15.answer_gate_weights"
def answer_gate_weights():
    """A whole number."""
    ### BEGIN SOLUTION
    return 2 * 256**2 // 16
    ### END SOLUTION


# %% check="15.answer_gate_weights"
check("15.answer_gate_weights", answer_gate_weights)

# %% [markdown]
# **Question 2** (1 point). Compound scaling makes a network α = 1.2 times deeper, β = 1.1 times wider, and its images γ = 1.15 times higher and
# wider. By what factor do the multiply-adds of its convolutions grow?

# %% task="15.answer_compound_factor"
def answer_compound_factor():
    """A number, to three digits at least."""
    ### BEGIN SOLUTION
    return 1.2 * 1.1**2 * 1.15**2
    ### END SOLUTION


# %% check="15.answer_compound_factor"
check("15.answer_compound_factor", answer_compound_factor)

# %% [markdown]
# **Question 3** (1 point). A depthwise convolution takes far fewer multiply-adds than an ordinary one, but its time shrinks much less. Why?
#
# - `"a"`: its kernels are larger
# - `"b"`: it does few multiply-adds for each number that it must read and write
# - `"c"`: batch norm is slower behind it
# - `"d"`: it has more parameters

# %% task="15.answer_depthwise_time"
def answer_depthwise_time():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% check="15.answer_depthwise_time"
check("15.answer_depthwise_time", answer_depthwise_time)

# %% [markdown]
# **Question 4** (1 point). Why does no ReLU6 follow the last convolution of an inverted residual?
#
# - `"a"`: batch norm makes all values positive there
# - `"b"`: it would take too many parameters
# - `"c"`: in a space of few dimensions, what ReLU sets to zero cannot be made up for by other channels
# - `"d"`: ReLU6 has no gradient anywhere

# %% task="15.answer_linear_bottleneck"
def answer_linear_bottleneck():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% check="15.answer_linear_bottleneck"
check("15.answer_linear_bottleneck", answer_linear_bottleneck)
