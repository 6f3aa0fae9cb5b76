# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 03 · Shapes and receptive fields: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson:
# [03 Shapes and receptive fields](../../notebooks/03_shapes_and_receptive_fields.ipynb) ·
# previous: [exercises 02](../02_convolution/02_convolution.ipynb) ·
# next: [exercises 04](../04_equivariance/04_equivariance.ipynb)
#
# Stride, padding, dilation, groups: here you build the convolution that PyTorch has, and the three small calculators
# (size, receptive field, cost) that anyone who designs a network carries in their head. About 80 minutes.
#
# Rules as before: NumPy and the standard library, arguments stay as they were. Where an argument may be an int or a pair,
# a pair is (height, width).

# %%
import numpy as np

from cnncourse import data, show, viz
from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `conv_output_size`
#
# Difficulty ●○○ · 10 minutes · 5 points ·
# lesson section [How many windows fit?](../../notebooks/03_shapes_and_receptive_fields.ipynb#1.-How-many-windows-fit?)
#
# How many places has a window along one axis? Count the steps that it can make, and add the place where it starts.

# %% task="03.conv_output_size"
def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    """Length of a convolution's output along one axis.

    Parameters
    ----------
    size : length of the input
    kernel_size : number of taps of the kernel
    stride : how far the window moves each time
    padding : how many pixels are added on *each* side
    dilation : distance from tap to tap

    Returns
    -------
    int
    """
    ### BEGIN SOLUTION
    reach = dilation * (kernel_size - 1) + 1
    return (size + 2 * padding - reach) // stride + 1
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: what the kernel covers</summary>
#
# K taps, D apart: K − 1 gaps of D, so from the first tap to the last it covers D(K − 1) + 1 pixels.
#
# </details>
# <details><summary>Hint 2: steps</summary>
#
# The padded input has size + 2P pixels. What the kernel does not cover is room for steps of S; a last piece shorter than S
# is no step: round down.
#
# </details>

# %% check="03.conv_output_size"
check("03.conv_output_size", conv_output_size)

# %% [markdown]
# ## Task 2 · `conv2d`
#
# Difficulty ●●● · 40 minutes · 6 points ·
# lesson sections [Stride](../../notebooks/03_shapes_and_receptive_fields.ipynb#4.-Stride), [Dilation](../../notebooks/03_shapes_and_receptive_fields.ipynb#5.-Dilation), [Groups](../../notebooks/03_shapes_and_receptive_fields.ipynb#6.-Groups,-depthwise,-1×1:-which-channels-meet)
#
# The whole convolution, as `torch.nn.functional.conv2d` has it: zero padding on all sides, a stride, a dilation, groups.
# Each option has its own point, so you can add them one after the other.

# %% task="03.conv2d"
def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolutional layer with all its options.

    Parameters
    ----------
    input : float array (N, C_in, H, W)
    weight : float array (C_out, C_in // groups, K_h, K_w)
    bias : float array (C_out,), or None
    stride, padding, dilation : int, or pair (height, width); padding is with zeros
    groups : C_in and C_out are cut into this many blocks; outputs of a block see its inputs only

    Returns
    -------
    array (N, C_out, H_out, W_out), sizes as in `conv_output_size`.
    """
    ### BEGIN SOLUTION
    def pair(value):
        return (value, value) if isinstance(value, int) else value

    (s_h, s_w), (p_h, p_w), (d_h, d_w) = pair(stride), pair(padding), pair(dilation)
    n, c_in, height, width = input.shape
    c_out, c_group, k_h, k_w = weight.shape
    h_out = conv_output_size(height, k_h, s_h, p_h, d_h)
    w_out = conv_output_size(width, k_w, s_w, p_w, d_w)
    padded = np.pad(input, [(0, 0), (0, 0), (p_h, p_h), (p_w, p_w)])
    output = np.zeros((n, c_out, h_out, w_out), dtype=input.dtype)
    for o in range(c_out):
        first = o // (c_out // groups) * c_group  # the first input channel of this filter's group
        for i in range(h_out):
            for j in range(w_out):
                rows = slice(i * s_h, i * s_h + d_h * (k_h - 1) + 1, d_h)
                columns = slice(j * s_w, j * s_w + d_w * (k_w - 1) + 1, d_w)
                window = padded[:, first : first + c_group, rows, columns]
                output[:, o, i, j] = (window * weight[o]).sum(axis=(1, 2, 3))
    return output if bias is None else output + bias[:, None, None]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: an order to work in</summary>
#
# First turn ints into pairs. Then: zeros around the input (`np.pad`), sizes from your first function, and the loops of
# exercise 02 with i and j counting *places*, not pixels. Run the check after each.
#
# </details>
# <details><summary>Hint 2: the window at place (i, j)</summary>
#
# It starts at row i · S_h. Its rows are D_h apart, and there are K_h of them:
# `slice(i * s_h, i * s_h + d_h * (k_h - 1) + 1, d_h)`.
#
# </details>
# <details><summary>Hint 3: groups</summary>
#
# There are C_out / groups filters in a group, so filter o is in group `o // (c_out // groups)`. The inputs of group g are
# the C_in / groups neighbouring channels that start at g · C_in / groups.
#
# </details>

# %% check="03.conv2d"
check("03.conv2d", conv2d)

# %% [markdown]
# Once it passes: one kernel on a photograph, with three settings. What do you expect of the sizes?

# %%
if check("03.conv2d", conv2d).passed:
    camera = data.photograph("camera")[None, None, ::5, ::5] / 255
    edges = np.array([[[[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]]])
    settings = [{}, {"stride": 3}, {"dilation": 4}]
    maps = [conv2d(camera, edges, **setting)[0, 0] for setting in settings]
    titles = ["plain", "stride 3", "dilation 4"]
    pictures = viz.image_row(maps, [f"{t}, {m.shape[0]}×{m.shape[1]}" for t, m in zip(titles, maps, strict=True)],
                             signed=True, height=2)  # fmt: skip
    show(pictures, "03/exercise-three-edge-maps")

# %% [markdown]
# ## Task 3 · `receptive_field`
#
# Difficulty ●●○ · 15 minutes · 4 points ·
# lesson section [How far does a unit see?](../../notebooks/03_shapes_and_receptive_fields.ipynb#8.-How-far-does-a-unit-see?)
#
# How many input pixels, along one axis, can one output of a stack of layers see? Go through the layers from the input on,
# and keep two numbers: the size so far, and the *jump*, by how many input pixels neighbours are apart.

# %% task="03.receptive_field"
def receptive_field(layers):
    """Side of the receptive field in the input.

    Parameters
    ----------
    layers : list of pairs (kernel_size, stride), the layer next to the input first; convolutions and pools alike

    Returns
    -------
    int : 1 for an empty list.
    """
    ### BEGIN SOLUTION
    size, jump = 1, 1
    for kernel_size, stride in layers:
        size += (kernel_size - 1) * jump
        jump *= stride
    return size
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: by hand</summary>
#
# (3, 1), (3, 1): the second layer's unit sees 3 of the first's, whose windows overlap: 5 pixels. Each such layer adds 2.
#
# </details>
# <details><summary>Hint 2: strides</summary>
#
# After a layer of stride 2, neighbours are 2 input pixels apart, so the next kernel adds (K − 1) · 2. Which of the two comes
# first in your loop, adding or updating the jump?
#
# </details>

# %% check="03.receptive_field"
check("03.receptive_field", receptive_field)

# %% [markdown]
# ## Task 4 · `conv_cost`
#
# Difficulty ●○○ · 10 minutes · 4 points ·
# lesson section [What a layer costs](../../notebooks/03_shapes_and_receptive_fields.ipynb#7.-What-a-layer-costs)
#
# What does a layer cost to store, and what to compute? One *multiply-add* is a multiplication and the addition of its
# product to a sum, counted as one.

# %% task="03.conv_cost"
def conv_cost(c_in, c_out, kernel_size, h_out, w_out, groups=1):
    """Parameters and multiply-adds of a convolutional layer.

    Parameters
    ----------
    c_in, c_out : numbers of channels
    kernel_size : int, or pair (height, width)
    h_out, w_out : size of the output
    groups : number of groups

    Returns
    -------
    (parameters, multiply_adds) : two ints; the biases count among the parameters, and add nothing to the multiply-adds.
    """
    ### BEGIN SOLUTION
    k_h, k_w = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    weights = c_out * (c_in // groups) * k_h * k_w
    return weights + c_out, weights * h_out * w_out
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Count the weights first: C_out filters, each with C_in / groups · K_h · K_w of them. Each weight is used once at every
# place of the output.
#
# </details>

# %% check="03.conv_cost"
check("03.conv_cost", conv_cost)

# %% [markdown]
# ## Task 5 · `conv1x1`
#
# Difficulty ●●○ · 10 minutes · 3 points ·
# lesson section [Groups, depthwise, 1×1](../../notebooks/03_shapes_and_receptive_fields.ipynb#6.-Groups,-depthwise,-1×1:-which-channels-meet)
#
# A 1×1 convolution looks at one pixel at a time, and mixes its channels: a matrix product at every pixel. Write it without
# sliding any window.

# %% task="03.conv1x1"
def conv1x1(input, weight):
    """1×1 convolution.

    Parameters
    ----------
    input : float array (N, C_in, H, W)
    weight : float array (C_out, C_in, 1, 1)

    Returns
    -------
    array (N, C_out, H, W)
    """
    ### BEGIN SOLUTION
    n, c_in, height, width = input.shape
    mixed = weight[:, :, 0, 0] @ input.reshape(n, c_in, height * width)
    return mixed.reshape(n, -1, height, width)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: as a matrix product</summary>
#
# `weight[:, :, 0, 0]` is a matrix (C_out, C_in). `@` multiplies it with each matrix of a stack (N, C_in, anything).
#
# </details>
# <details><summary>Hint 2: shapes</summary>
#
# `input.reshape(N, C_in, H * W)` leaves the channels where they are and writes the pixels in one row.
#
# </details>

# %% check="03.conv1x1"
check("03.conv1x1", conv1x1)

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). A map 7 pixels wide goes through a 3×3 convolution with padding 1 and stride 2. How wide is the
# output?

# %% task="03.answer_odd_width"
def answer_odd_width():
    """A whole number."""
    ### BEGIN SOLUTION
    return conv_output_size(7, 3, stride=2, padding=1)
    ### END SOLUTION


# %% check="03.answer_odd_width"
check("03.answer_odd_width", answer_odd_width)

# %% [markdown]
# **Question 2** (1 point). A 3×32×32 image, ten 5×5 filters, stride 1, padding 2. How many multiply-adds is that?

# %% task="03.answer_multiply_adds"
def answer_multiply_adds():
    """A whole number."""
    ### BEGIN SOLUTION
    return conv_cost(3, 10, 5, 32, 32)[1]
    ### END SOLUTION


# %% check="03.answer_multiply_adds"
check("03.answer_multiply_adds", answer_multiply_adds)

# %% [markdown]
# **Question 3** (1 point). "Each 2×2 pool with stride 2 doubles the receptive field." What is true?
#
# - `"a"`: that is true
# - `"b"`: pooling leaves the receptive field as it is
# - `"c"`: it adds a little; what doubles is the jump, and so what every later layer adds
# - `"d"`: it doubles the resolution of the map

# %% task="03.answer_pool_doubles"
def answer_pool_doubles():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% check="03.answer_pool_doubles"
check("03.answer_pool_doubles", answer_pool_doubles)

# %% [markdown]
# **Question 4** (1 point). Three 3×3 convolutions with stride 1 follow each other. How wide is the receptive field of one
# output?

# %% task="03.answer_three_layers"
def answer_three_layers():
    """A whole number."""
    ### BEGIN SOLUTION
    return receptive_field([(3, 1)] * 3)
    ### END SOLUTION


# %% check="03.answer_three_layers"
check("03.answer_three_layers", answer_three_layers)
