# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 20 · One dimension, three dimensions, graphs: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson:
# [20 One dimension, three dimensions, graphs](../../notebooks/20_one_three_graphs.ipynb) ·
# previous: [exercises 19](../19_segmentation/19_segmentation.ipynb) ·
# next: [exercises 21](../21_scaling_up/21_scaling_up.ipynb)
#
# Convolution in time that never looks ahead, convolution of clips, of graphs, of turned kernels, and of patches. About 145 minutes.
#
# All tasks use NumPy.

# %%
import numpy as np

from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `causal_conv1d`
#
# Difficulty ●●○ · 20 minutes · 6 points ·
# lesson section [One dimension, and only the past](../../notebooks/20_one_three_graphs.ipynb#1.-One-dimension,-and-only-the-past)
#
# A cross-correlation in time. Output t may depend on inputs up to t only, so zeros stand before the beginning:
#
# $$y_{n,o,t} = \sum_{c} \sum_{k} w_{o,c,k}\; x_{n,\,c,\;t - D (K - 1 - k)}$$
#
# The last tap (k = K − 1) meets the present. Neighbouring taps look at steps that are D = `dilation` apart.

# %% task="20.causal_conv1d"
def causal_conv1d(input, weight, dilation=1):
    """Cross-correlate along time without looking ahead.

    Parameters
    ----------
    input : float array (N, C_in, L)
    weight : float array (C_out, C_in, K)
    dilation : int, at least 1; D · (K − 1) may be larger than L

    Returns
    -------
    array (N, C_out, L)
    """
    ### BEGIN SOLUTION
    L, K = input.shape[2], weight.shape[2]
    past = dilation * (K - 1)
    padded = np.pad(input, ((0, 0), (0, 0), (past, 0)))
    output = 0
    for k in range(K):
        seen = padded[:, :, k * dilation : k * dilation + L]
        output = output + np.einsum("oc,ncl->nol", weight[:, :, k], seen)
    return output
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: zeros first</summary>
#
# Put D · (K − 1) zeros before the beginning of every signal: `np.pad` takes a pair (before, after) for each axis.
#
# </details>
# <details><summary>Hint 2: one tap at a time</summary>
#
# Tap k sees L steps of the padded signal, from step k · D on. Multiply them by the matrix `weight[:, :, k]` and add up.
#
# </details>

# %% check="20.causal_conv1d"
check("20.causal_conv1d", causal_conv1d)

# %% [markdown]
# ## Task 2 · `stack_receptive_field`
#
# Difficulty ●○○ · 10 minutes · 3 points ·
# lesson section [A long memory from few layers](../../notebooks/20_one_three_graphs.ipynb#2.-A-long-memory-from-few-layers)
#
# Causal layers with kernels of K taps follow each other, each with a dilation of its own. How many steps of the input does one output
# of the last layer see, the present included?

# %% task="20.stack_receptive_field"
def stack_receptive_field(kernel_size, dilations):
    """Count the steps of the input that one output depends on.

    Parameters
    ----------
    kernel_size : int, K, the same in all layers
    dilations : list or tuple of ints, one for each layer; may be empty

    Returns
    -------
    int
    """
    ### BEGIN SOLUTION
    steps = 1
    for dilation in dilations:
        steps += (kernel_size - 1) * dilation
    return steps
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Between K taps there are K − 1 gaps, each of D steps. How far back does one layer reach, and what does a second layer add?
#
# </details>

# %% check="20.stack_receptive_field"
check("20.stack_receptive_field", stack_receptive_field)

# %% [markdown]
# ## Task 3 · `conv3d`
#
# Difficulty ●●○ · 20 minutes · 5 points ·
# lesson section [Three dimensions](../../notebooks/20_one_three_graphs.ipynb#3.-Three-dimensions)
#
# Unit 02's convolution with one axis more. The kernel slides along time, height and width (stride 1, no padding), and sums over its frames,
# rows, columns, and over the channels.

# %% task="20.conv3d"
def conv3d(input, weight, bias=None):
    """Cross-correlate clips with filters of three axes.

    Parameters
    ----------
    input : float array (N, C_in, T, H, W)
    weight : float array (C_out, C_in, K_t, K_h, K_w)
    bias : float array (C_out,) or None

    Returns
    -------
    array (N, C_out, T − K_t + 1, H − K_h + 1, W − K_w + 1)
    """
    ### BEGIN SOLUTION
    K_t, K_h, K_w = weight.shape[2:]
    T, H, W = input.shape[2] - K_t + 1, input.shape[3] - K_h + 1, input.shape[4] - K_w + 1
    output = 0
    for t in range(K_t):
        for i in range(K_h):
            for j in range(K_w):
                seen = input[:, :, t : t + T, i : i + H, j : j + W]
                output = output + np.einsum("oc,ncthw->nothw", weight[:, :, t, i, j], seen)
    return output if bias is None else output + bias[:, None, None, None]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: loops over the kernel</summary>
#
# Loop over the K_t · K_h · K_w entries. Each entry is a matrix (C_out, C_in) that meets a moved part of the clip.
#
# </details>
# <details><summary>Hint 2: the bias</summary>
#
# NumPy lines up shapes from the right. `bias[:, None, None, None]` has the shape (C_out, 1, 1, 1).
#
# </details>

# %% check="20.conv3d"
check("20.conv3d", conv3d)

# %% [markdown]
# ## Task 4 · `normalized_adjacency`
#
# Difficulty ●●○ · 15 minutes · 6 points ·
# lesson section [Graphs: no grid, no order](../../notebooks/20_one_three_graphs.ipynb#5.-Graphs:-no-grid,-no-order)
#
# $$\hat A = D^{-1/2} (A + I)\, D^{-1/2}$$
#
# D is the diagonal matrix of the row sums of A + I. Where A has a loop already it stays, and I is added all the same. The graph may be directed: D
# holds the row sums on both sides.

# %% task="20.normalized_adjacency"
def normalized_adjacency(adjacency):
    """Add each node to its neighbours, and balance the weights.

    Parameters
    ----------
    adjacency : array (M, M) of floats, ints or bools, at least 0 everywhere

    Returns
    -------
    float array (M, M)
    """
    ### BEGIN SOLUTION
    with_loops = adjacency + np.eye(len(adjacency))
    root = 1 / np.sqrt(with_loops.sum(axis=1))
    return root[:, None] * with_loops * root
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# A diagonal matrix from the left multiplies the rows, one from the right the columns: `d[:, None] * A * d` needs no matrix product.
#
# </details>

# %% check="20.normalized_adjacency"
check("20.normalized_adjacency", normalized_adjacency)

# %% [markdown]
# ## Task 5 · `graph_conv`
#
# Difficulty ●○○ · 10 minutes · 5 points ·
# lesson section [Graphs: no grid, no order](../../notebooks/20_one_three_graphs.ipynb#5.-Graphs:-no-grid,-no-order)
#
# $$Y = \hat A\, X\, W$$
#
# Â is that of task 4, and you may call your function. There is no bias and no ReLU.

# %% task="20.graph_conv"
def graph_conv(adjacency, features, weight):
    """Sum over the neighbours, then apply one matrix to every node.

    Parameters
    ----------
    adjacency : float array (M, M), at least 0; row i holds what node i hears
    features : float array (M, C_in), a row per node
    weight : float array (C_in, C_out)

    Returns
    -------
    array (M, C_out)
    """
    ### BEGIN SOLUTION
    with_loops = adjacency + np.eye(len(adjacency))
    root = 1 / np.sqrt(with_loops.sum(axis=1))
    heard = root[:, None] * (with_loops @ (root[:, None] * features))
    return heard @ weight
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Two matrix products. Which order is cheaper depends on C_in and C_out; the result is the same.
#
# </details>

# %% check="20.graph_conv"
check("20.graph_conv", graph_conv)

# %% [markdown]
# ## Task 6 · `graph_conv_backward`
#
# Difficulty ●●○ · 20 minutes · 6 points ·
# lesson section [Graphs: no grid, no order](../../notebooks/20_one_three_graphs.ipynb#5.-Graphs:-no-grid,-no-order)
#
# The gradients of the loss with respect to X and W, given G = ∂L/∂Y. The graph may be directed.

# %% task="20.graph_conv_backward"
def graph_conv_backward(grad_output, adjacency, features, weight):
    """Gradients of the loss with respect to features and weight of `graph_conv`.

    Parameters
    ----------
    grad_output : float array (M, C_out)
    adjacency : float array (M, M), at least 0
    features : float array (M, C_in)
    weight : float array (C_in, C_out)

    Returns
    -------
    grad_features : array (M, C_in)
    grad_weight : array (C_in, C_out)
    """
    ### BEGIN SOLUTION
    with_loops = adjacency + np.eye(len(adjacency))
    root = 1 / np.sqrt(with_loops.sum(axis=1))
    A = root[:, None] * with_loops * root
    heard = A @ features  # what met the weight
    grad_heard = grad_output @ weight.T
    return A.T @ grad_heard, heard.T @ grad_output
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: name the middle</summary>
#
# H = Â X, Y = H W. Go back from Y to H and W first, as in a linear layer, and then from H to X.
#
# </details>
# <details><summary>Hint 2: who heard me?</summary>
#
# Entry (i, j) of Â is the weight with which i hears j. The features of j acted in all nodes i that heard it: column j of Â.
#
# </details>

# %% check="20.graph_conv_backward"
check("20.graph_conv_backward", graph_conv_backward)

# %% [markdown]
# ## Task 7 · `permutation_error`
#
# Difficulty ●●○ · 15 minutes · 5 points ·
# lesson section [Graphs: no grid, no order](../../notebooks/20_one_three_graphs.ipynb#5.-Graphs:-no-grid,-no-order)
#
# A layer on graphs should not care how the nodes are numbered. The largest absolute difference between layer(P A Pᵀ, P X) and P layer(A, X)
# says whether it does. Row i of P X is X[permutation[i]].

# %% task="20.permutation_error"
def permutation_error(layer, adjacency, features, permutation):
    """Measure how far a layer is from being equivariant to a new numbering.

    Parameters
    ----------
    layer : function of an array (M, M) and an array (M, C), which returns an array (M, C')
    adjacency : float array (M, M)
    features : float array (M, C)
    permutation : integer array (M,), each of 0 … M − 1 once

    Returns
    -------
    float, the largest absolute difference
    """
    ### BEGIN SOLUTION
    renamed = adjacency[np.ix_(permutation, permutation)]
    first_renamed = layer(renamed, features[permutation])
    then_renamed = layer(adjacency, features)[permutation]
    return float(np.max(np.abs(first_renamed - then_renamed)))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# P from the left moves the rows, Pᵀ from the right the columns in the same way. `np.ix_(p, p)` picks both at once.
#
# </details>

# %% check="20.permutation_error"
check("20.permutation_error", permutation_error)

# %% [markdown]
# ## Task 8 · `lift_rotations`
#
# Difficulty ●○○ · 10 minutes · 5 points ·
# lesson section [Quarter turns](../../notebooks/20_one_three_graphs.ipynb#4.-Quarter-turns)
#
# A valid cross-correlation of a picture with one kernel in four directions: turned by 0, 90, 180 and 270° anticlockwise, with row 0 on top.

# %% task="20.lift_rotations"
def lift_rotations(image, kernel):
    """Cross-correlate with the kernel turned by 0 to 3 quarters.

    Parameters
    ----------
    image : float array (H, W)
    kernel : float array (K, K)

    Returns
    -------
    array (4, H − K + 1, W − K + 1)
    """
    ### BEGIN SOLUTION
    K = len(kernel)
    H_out, W_out = image.shape[0] - K + 1, image.shape[1] - K + 1
    maps = []
    for quarters in range(4):
        turned = np.rot90(kernel, quarters)
        maps.append(
            sum(turned[i, j] * image[i : i + H_out, j : j + W_out] for i in range(K) for j in range(K))
        )
    return np.stack(maps)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `np.rot90(kernel, r)` turns anticlockwise by r quarters. The rest is unit 02's `cross_correlate2d`, four times.
#
# </details>

# %% check="20.lift_rotations"
check("20.lift_rotations", lift_rotations)

# %% [markdown]
# ## Task 9 · `patch_embedding`
#
# Difficulty ●●○ · 15 minutes · 5 points ·
# lesson section [Where convolution ends](../../notebooks/20_one_three_graphs.ipynb#9.-Where-convolution-ends)
#
# Each picture is cut into patches of P×P pixels that do not overlap. Each patch becomes D numbers: its product with D filters, plus a bias.
# The patches are numbered row by row.

# %% task="20.patch_embedding"
def patch_embedding(images, weight, bias):
    """Turn each patch into a vector.

    Parameters
    ----------
    images : float array (N, C, H, W)
    weight : float array (D, C, P, P); P divides H and W
    bias : float array (D,)

    Returns
    -------
    array (N, (H / P) · (W / P), D)
    """
    ### BEGIN SOLUTION
    N, C, H, W = images.shape
    D, P = len(weight), weight.shape[2]
    cut = images.reshape(N, C, H // P, P, W // P, P)
    patches = cut.transpose(0, 2, 4, 1, 3, 5).reshape(N, -1, C * P * P)
    return patches @ weight.reshape(D, -1).T + bias
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: cut</summary>
#
# `images.reshape(N, C, H // P, P, W // P, P)` has the row of patches, the row in the patch, the column of patches, and the column in the
# patch as axes 2 to 5.
#
# </details>
# <details><summary>Hint 2: one matrix product</summary>
#
# Move the axes so that C and the two axes in the patch come last, in the order of the weight's. Then both can be flattened.
#
# </details>

# %% check="20.patch_embedding"
check("20.patch_embedding", patch_embedding)

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). Eight causal layers with kernels of three taps have the dilations 1, 2, 4, …, 128. How many steps of the input does
# one output see?

# %% task="20.answer_reach"
def answer_reach():
    """A whole number."""
    ### BEGIN SOLUTION
    return 1 + 2 * sum(2**layer for layer in range(8))
    ### END SOLUTION


# %% check="20.answer_reach"
check("20.answer_reach", answer_reach)

# %% [markdown]
# **Question 2** (1 point). A 3×3×3 convolution of clips has 16 channels in and 32 out, and no bias. How many weights does it have?

# %% task="20.answer_video_weights"
def answer_video_weights():
    """A whole number."""
    ### BEGIN SOLUTION
    return 3**3 * 16 * 32
    ### END SOLUTION


# %% check="20.answer_video_weights"
check("20.answer_video_weights", answer_video_weights)

# %% [markdown]
# **Question 3** (1 point). The pixels of a picture are the nodes of a graph, and each is joined to its four neighbours. Which of these can no
# stack of graph convolutions compute, with any biases and ReLUs in between?
#
# - `"a"`: a blur over each pixel and its neighbours
# - `"b"`: a wider blur, which reaches two pixels far
# - `"c"`: the change from left to right
# - `"d"`: how much a blur lies above ½, and 0 where it lies below

# %% task="20.answer_what_a_graph_lacks"
def answer_what_a_graph_lacks():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% check="20.answer_what_a_graph_lacks"
check("20.answer_what_a_graph_lacks", answer_what_a_graph_lacks)

# %% [markdown]
# **Question 4** (1 point). The features of a connected, undirected graph are multiplied by Â very many times. What is left of a column?
#
# - `"a"`: itself, since the rows are normalised
# - `"b"`: a multiple of √(degree + 1)
# - `"c"`: it grows without bound
# - `"d"`: the same number at all nodes, whatever the graph

# %% task="20.answer_after_many_layers"
def answer_after_many_layers():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% check="20.answer_after_many_layers"
check("20.answer_after_many_layers", answer_after_many_layers)
