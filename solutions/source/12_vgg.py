# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 12 · VGG: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson: [12 VGG](../../notebooks/12_vgg.ipynb) ·
# previous: [exercises 11](../11_alexnet/11_alexnet.ipynb) ·
# next: [exercises 13](../13_inception/13_inception.ipynb)
#
# A network from one rule: count what it saves, write its block, then the whole of it. About 50 minutes.
#
# The modules are written in PyTorch. Name, order and nest the layers as you like: the check finds them by their shapes and by
# the order of their calls, loads its own numbers into them, and compares what comes out.

# %%
from torch import nn

from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `stack_parameters`
#
# Difficulty ●○○ · 5 minutes · 2 points ·
# lesson section [Three 3×3 against one 7×7](../../notebooks/12_vgg.ipynb#2.-Three-3×3-against-one-7×7)
#
# Several equal convolutions in a row, each with `channels` channels in and out. How many weights do they hold together? Biases
# are not counted.

# %% task="12.stack_parameters"
def stack_parameters(layers, kernel_size, channels):
    """Count the weights of a stack of equal convolutions, biases left out.

    Parameters
    ----------
    layers : int, number of convolutions
    kernel_size : int, K of the square kernels
    channels : int, channels in and out of each

    Returns
    -------
    int
    """
    ### BEGIN SOLUTION
    return layers * kernel_size**2 * channels**2
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# One layer has C filters, and each filter has a K×K kernel for each of its C input channels.
#
# </details>

# %% check="12.stack_parameters"
check("12.stack_parameters", stack_parameters)

# %% [markdown]
# ## Task 2 · `vgg_block`
#
# Difficulty ●○○ · 15 minutes · 4 points ·
# lesson section [The rule](../../notebooks/12_vgg.ipynb#1.-The-rule)
#
# `convs` times a 3×3 convolution with bias, stride 1, padding 1, and ReLU behind it; then 2×2 max pooling, stride 2. The first
# convolution takes `c_in` channels to `c_out`. No batch norm.

# %% task="12.vgg_block"
def vgg_block(convs, c_in, c_out):
    """Build one block of VGG.

    Parameters
    ----------
    convs : int ≥ 1, number of convolutions
    c_in, c_out : ints, channels of the input and of each convolution's output

    Returns
    -------
    torch.nn.Module : (N, c_in, H, W) → (N, c_out, H // 2, W // 2)
    """
    ### BEGIN SOLUTION
    layers = []
    for i in range(convs):
        layers += [nn.Conv2d(c_in if i == 0 else c_out, c_out, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool2d(2))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: a list of layers</summary>
#
# Collect the layers in a list and return `nn.Sequential(*layers)`. It is a module.
#
# </details>
# <details><summary>Hint 2: two numbers of channels</summary>
#
# Only the first convolution takes `c_in` channels; what comes out of it has `c_out`.
#
# </details>

# %% check="12.vgg_block"
check("12.vgg_block", vgg_block)

# %% [markdown]
# ## Task 3 · `VGG`
#
# Difficulty ●●○ · 25 minutes · 6 points ·
# lesson section [The rule](../../notebooks/12_vgg.ipynb#1.-The-rule)
#
# The configuration is a list of widths and `"M"`: a width is a 3×3 convolution with bias, padding 1 and ReLU; `"M"` is 2×2 max
# pooling. VGG-11 is `[64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"]`. The images are 3×32×32. How the last
# feature map becomes logits, the *head*, is your choice: pool it globally or flatten it, one linear layer or several. Any
# widths and two poolings or more must work. No batch norm.

# %% task="12.VGG"
class VGG(nn.Module):
    """A VGG network for 3×32×32 images.

    Parameters
    ----------
    config : list of ints (widths) and "M" (max pooling)
    num_classes : int

    The forward pass takes (N, 3, 32, 32) to logits (N, num_classes).
    """

    def __init__(self, config, num_classes):
        ### BEGIN SOLUTION
        super().__init__()
        layers, width = [], 3
        for item in config:
            if item == "M":
                layers.append(nn.MaxPool2d(2))
            else:
                layers += [nn.Conv2d(width, item, 3, padding=1), nn.ReLU()]
                width = item
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(width, num_classes)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.head(self.features(x).mean(dim=(2, 3)))
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: remember the width</summary>
#
# Walk through the configuration and keep the present number of channels in a variable. It starts at 3.
#
# </details>
# <details><summary>Hint 2: a head for any size</summary>
#
# `maps.mean(dim=(2, 3))` gives one number a channel, whatever the size of the maps. A linear layer takes them to the classes.
#
# </details>
# <details><summary>Hint 3: logits</summary>
#
# No softmax and no ReLU at the end: the loss has the softmax in it.
#
# </details>

# %% check="12.VGG"
check("12.VGG", VGG)

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). Three 3×3 convolutions in a row see as far as one 7×7. With C channels in and out everywhere, they hold 27C² weights, and the
# 7×7 holds 49C². How many weights do the three save at C = 10?

# %% task="12.answer_stack_ratio"
def answer_stack_ratio():
    """A whole number."""
    ### BEGIN SOLUTION
    return (49 - 27) * 10**2
    ### END SOLUTION


# %% check="12.answer_stack_ratio"
check("12.answer_stack_ratio", answer_stack_ratio)

# %% [markdown]
# **Question 2** (1 point). Which layer of VGG-16 holds the most parameters?
#
# - `"a"`: the first convolution
# - `"b"`: the last convolution
# - `"c"`: the first fully connected layer
# - `"d"`: the last fully connected layer

# %% task="12.answer_where_weights_are"
def answer_where_weights_are():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% check="12.answer_where_weights_are"
check("12.answer_where_weights_are", answer_where_weights_are)
