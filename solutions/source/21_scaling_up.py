# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 21 · Scaling up: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson:
# [21 Scaling up](../../notebooks/21_scaling_up.ipynb) ·
# previous: [exercises 20](../20_one_three_graphs/20_one_three_graphs.ipynb)
#
# A batch in pieces, the share of one process, statistics that are put together again, the time of a ring, a learning rate for
# large batches, numbers of sixteen bits and of eight. About 120 minutes.
#
# Task 1 uses PyTorch, all others NumPy.

# %%
import math

import numpy as np
from torch.nn import functional as F

from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `accumulate`
#
# Difficulty ●●○ · 20 minutes · 8 points ·
# lesson section [A batch in pieces](../../notebooks/21_scaling_up.ipynb#2.-A-batch-in-pieces)
#
# A batch that does not fit into memory comes in pieces of *different* sizes. Afterwards each parameter's `.grad` must be the gradient of
# the mean cross-entropy over **all** pictures. Each piece goes through the network by itself. The pieces may come from a generator:
# it can be gone through once, and it has no length.

# %% task="21.accumulate"
def accumulate(network, batches):
    """Leave the gradient of the mean cross-entropy over all batches in the parameters' `.grad`.

    Gradients from before are replaced. The network keeps its mode and its numbers; parameters that ask for no gradient get none.

    Parameters
    ----------
    network : torch.nn.Module that gives logits; it has no batch norm in training mode
    batches : iterable of (images, labels), tensors (n, ...) and (n,) with another n ≥ 1 each time; there is at least one

    Returns
    -------
    float
        The mean cross-entropy over all pictures.
    """
    ### BEGIN SOLUTION
    network.zero_grad()
    total, count = 0.0, 0
    for images, labels in batches:
        loss = F.cross_entropy(network(images), labels, reduction="sum")
        loss.backward()
        total += loss.item()
        count += len(images)
    for parameter in network.parameters():
        if parameter.grad is not None:
            parameter.grad /= count
    return total / count
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: every picture counts alike</summary>
#
# The mean of the pieces' mean losses counts a picture in a small piece more than one in a large piece. Sums have no such
# problem: `F.cross_entropy(..., reduction="sum")`.
#
# </details>
# <details><summary>Hint 2: the divisor comes last</summary>
#
# How many pictures there are is known only after the last piece. `backward()` adds to `.grad`, and a `.grad` can be divided:
# `parameter.grad /= count`.
#
# </details>

# %% check="21.accumulate"
check("21.accumulate", accumulate)

# %% [markdown]
# ## Task 2 · `shard`
#
# Difficulty ●●○ · 15 minutes · 6 points ·
# lesson section [Two processes, one network](../../notebooks/21_scaling_up.ipynb#3.-Two-processes,-one-network)
#
# Which pictures does one of several processes see in an epoch? All of them draw the same order from the seed and the epoch, and each
# takes every `world_size`-th picture of it, from its own rank on. All shares must have the same length, or one process would wait for
# ever: where the number of pictures is no multiple, the order goes on from its own start, as often as needed.

# %% task="21.shard"
def shard(count, world_size, rank, epoch, seed):
    """Choose the pictures of one process.

    The order is `numpy.random.default_rng([seed, epoch]).permutation(count)`.

    Parameters
    ----------
    count : int ≥ 1, number of pictures; may be smaller than world_size
    world_size : int ≥ 1, number of processes
    rank : int, 0 ≤ rank < world_size, number of this process
    epoch, seed : ints ≥ 0

    Returns
    -------
    array or list of ⌈count / world_size⌉ ints
    """
    ### BEGIN SOLUTION
    order = np.random.default_rng([seed, epoch]).permutation(count)
    each = math.ceil(count / world_size)
    return np.resize(order, each * world_size)[rank::world_size]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `np.resize(order, n)` repeats an array from its start until there are n entries. (The method `order.resize` fills with zeros.)
#
# </details>

# %% check="21.shard"
check("21.shard", shard)

# %% [markdown]
# ## Task 3 · `merge_statistics`
#
# Difficulty ●●○ · 15 minutes · 6 points ·
# lesson section [Where batch norm breaks it](../../notebooks/21_scaling_up.ipynb#4.-Where-batch-norm-breaks-it)
#
# Each of P processes knows how many values it has of each channel, their mean and their biased variance. What are the mean and the biased
# variance of all values together? Means far from zero must not cost digits.

# %% task="21.merge_statistics"
def merge_statistics(counts, means, variances):
    """Put the statistics of P parts together.

    Parameters
    ----------
    counts : int array (P,); some may be 0, not all
    means : float array (P, C)
    variances : float array (P, C), biased

    Returns
    -------
    mean : array (C,)
    variance : array (C,), biased
    """
    ### BEGIN SOLUTION
    share = (counts / counts.sum())[:, None]
    mean = (share * means).sum(axis=0)
    variance = (share * (variances + (means - mean) ** 2)).sum(axis=0)
    return mean, variance
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: two parts that are constant</summary>
#
# One part holds only 0, the other only 2, equally many. Both variances are 0. The variance of all is 1.
#
# </details>
# <details><summary>Hint 2: around which mean?</summary>
#
# The mean squared distance of a part's values from *any* number m is its variance plus (its mean − m)².
#
# </details>

# %% check="21.merge_statistics"
check("21.merge_statistics", merge_statistics)

# %% [markdown]
# ## Task 4 · `all_reduce_seconds`
#
# Difficulty ●○○ · 10 minutes · 4 points ·
# lesson section [The ring](../../notebooks/21_scaling_up.ipynb#5.-The-ring)
#
# P devices in a ring add up their gradients. The array is cut into P parts. In each round every device sends one part to its neighbour.
# After P − 1 rounds each device has the sum of one part, and after P − 1 further rounds everyone has all of them.

# %% task="21.all_reduce_seconds"
def all_reduce_seconds(size, devices, bandwidth, latency):
    """Seconds that a ring all-reduce takes.

    Parameters
    ----------
    size : float, bytes of the whole array
    devices : int ≥ 1
    bandwidth : float, bytes per second that a device sends
    latency : float, seconds before a message begins to arrive

    Returns
    -------
    float
        0 for one device.
    """
    ### BEGIN SOLUTION
    rounds = 2 * (devices - 1)
    return rounds * (latency + size / devices / bandwidth)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# A round takes the latency and the time of one message. How many bytes has a message, and how many rounds are there?
#
# </details>

# %% check="21.all_reduce_seconds"
check("21.all_reduce_seconds", all_reduce_seconds)

# %% [markdown]
# ## Task 5 · `warmup_cosine`
#
# Difficulty ●○○ · 15 minutes · 5 points ·
# lesson section [Large batches](../../notebooks/21_scaling_up.ipynb#6.-Large-batches)
#
# The learning rate starts at 0 and rises in a straight line to `peak` at step `warmup`. From there it falls along half a cosine, which
# reaches `floor` at step `total`. After that it stays at `floor`.

# %% task="21.warmup_cosine"
def warmup_cosine(step, total, warmup, peak, floor=0.0):
    """The learning rate of a step.

    Parameters
    ----------
    step : int ≥ 0
    total : int, step at which the floor is reached
    warmup : int, 0 ≤ warmup < total; with 0 the rate starts at its peak
    peak, floor : floats

    Returns
    -------
    float
    """
    ### BEGIN SOLUTION
    if step < warmup:
        return peak * step / warmup
    if step >= total:
        return floor
    angle = math.pi * (step - warmup) / (total - warmup)
    return floor + (peak - floor) * (1 + math.cos(angle)) / 2
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# (1 + cos(π x)) / 2 is 1 for x = 0 and 0 for x = 1. x is the share of the steps between `warmup` and `total` that are done.
#
# </details>

# %% check="21.warmup_cosine"
check("21.warmup_cosine", warmup_cosine)

# %% [markdown]
# ## Task 6 · `to_bfloat16`
#
# Difficulty ●●● · 25 minutes · 7 points ·
# lesson section [Sixteen bits](../../notebooks/21_scaling_up.ipynb#7.-Sixteen-bits)
#
# A bfloat16 is the upper half of a float32: sign, 8 bits of exponent, 7 bits of fraction. Round each number to the nearest one, and in the
# middle between two to the one whose last bit is 0. Numbers below 2⁻¹²⁶ are rounded as all others. −0 keeps its sign, what lies beyond the
# largest number becomes ±∞, and NaN stays NaN.

# %% task="21.to_bfloat16"
def to_bfloat16(x):
    """Round to bfloat16.

    Parameters
    ----------
    x : float32 array of any shape

    Returns
    -------
    float32 array of the same shape
        Numbers whose lower 16 bits are 0, or NaN.
    """
    ### BEGIN SOLUTION
    bits = x.view(np.uint32)
    last = (bits >> 16) & 1  # of the bits that stay
    rounded = (bits + np.uint32(0x7FFF) + last) & np.uint32(0xFFFF0000)
    return np.where(np.isnan(x), np.float32(np.nan), rounded.view(np.float32))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the bits of a float</summary>
#
# `x.view(np.uint32)` shows the 32 bits as an integer, and `.view(np.float32)` goes back. `bits & np.uint32(0xFFFF0000)` clears the lower half.
#
# </details>
# <details><summary>Hint 2: rounding by adding</summary>
#
# Cutting off rounds down. If half of the last bit that stays, 0x8000, is added before, halves go up. With 0x7FFF they go down. So add 0x7FFF
# and the last bit that stays. A carry into the exponent is right, too: 1.999 becomes 2.
#
# </details>
# <details><summary>Hint 3: NaN</summary>
#
# A NaN has all bits of the exponent set and a fraction that is not 0. Adding may run over, or make the fraction 0, which is ∞. Use
# `np.where(np.isnan(x), ...)`.
#
# </details>

# %% check="21.to_bfloat16"
check("21.to_bfloat16", to_bfloat16)

# %% [markdown]
# ## Task 7 · `quantize`
#
# Difficulty ●●○ · 15 minutes · 7 points ·
# lesson section [Eight bits](../../notebooks/21_scaling_up.ipynb#10.-Eight-bits)
#
# Store weights as integers from −127 to 127, with one scale per *output channel*: w ≈ scale · q.

# %% task="21.quantize"
def quantize(weight):
    """Round weights to integers of eight bits.

    Halves are rounded to the even integer, as `np.round` does.

    Parameters
    ----------
    weight : float array (C_out, ...) with two axes or more

    Returns
    -------
    q : int8 array of the same shape
    scale : array (C_out,) of the weight's dtype
        Of each output channel: max |w| / 127, or 1 where that would be 0.
    """
    ### BEGIN SOLUTION
    rest = tuple(range(1, weight.ndim))
    scale = np.abs(weight).max(axis=rest) / 127
    scale[scale == 0] = 1
    q = np.round(weight / np.expand_dims(scale, rest))
    return q.astype(np.int8), scale
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `weight.reshape(len(weight), -1)` has one row per output channel. To divide, the scale needs the shape (C_out, 1, 1, 1), or (C_out, 1) for a
# linear layer.
#
# </details>

# %% check="21.quantize"
check("21.quantize", quantize)

# %% [markdown]
# ## Task 8 · `dequantize`
#
# Difficulty ●○○ · 5 minutes · 3 points ·
# lesson section [Eight bits](../../notebooks/21_scaling_up.ipynb#10.-Eight-bits)

# %% task="21.dequantize"
def dequantize(q, scale):
    """Weights from integers.

    Parameters
    ----------
    q : int8 array (C_out, ...) with two axes or more
    scale : float array (C_out,)

    Returns
    -------
    float array of the shape of q
        Each output channel times its scale.
    """
    ### BEGIN SOLUTION
    column = scale.reshape(-1, *[1] * (q.ndim - 1))
    return column * q
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# The scale needs as many axes as q: the first is C_out long, all others have length 1.
#
# </details>

# %% check="21.dequantize"
check("21.dequantize", dequantize)

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). Eight devices in a ring add up gradients of 96 MB. How many megabytes does each device send?

# %% task="21.answer_ring_traffic"
def answer_ring_traffic():
    """A number."""
    ### BEGIN SOLUTION
    return 2 * 7 * 96 / 8
    ### END SOLUTION


# %% check="21.answer_ring_traffic"
check("21.answer_ring_traffic", answer_ring_traffic)

# %% [markdown]
# **Question 2** (1 point). A batch of 64 goes through a network with batch norm in two pieces of 32. Why is the gradient not that of the whole batch?
#
# - `"a"`: the mean of two means is not the mean
# - `"b"`: sums in another order are rounded differently
# - `"c"`: each piece is normalised by its own mean and variance
# - `"d"`: the gradients of γ and β are lost

# %% task="21.answer_batch_norm_pieces"
def answer_batch_norm_pieces():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% check="21.answer_batch_norm_pieces"
check("21.answer_batch_norm_pieces", answer_batch_norm_pieces)

# %% [markdown]
# **Question 3** (1 point). A network trains well with batches of 256 and a learning rate of 0.1. Which rate does the linear rule give for batches of 4,096?

# %% task="21.answer_linear_rule"
def answer_linear_rule():
    """A number."""
    ### BEGIN SOLUTION
    return 0.1 * 4096 / 256
    ### END SOLUTION


# %% check="21.answer_linear_rule"
check("21.answer_linear_rule", answer_linear_rule)

# %% [markdown]
# **Question 4** (1 point). A running sum in bfloat16 has reached 256. Now 1 is added. What is the sum?

# %% task="21.answer_bfloat16_sum"
def answer_bfloat16_sum():
    """A whole number."""
    ### BEGIN SOLUTION
    return 256
    ### END SOLUTION


# %% check="21.answer_bfloat16_sum"
check("21.answer_bfloat16_sum", answer_bfloat16_sum)

# %% [markdown]
# **Question 5** (1 point). The error falls with the number n of training pictures as n to the power −0.4. How many times as many pictures halve it?

# %% task="21.answer_learning_curve"
def answer_learning_curve():
    """A number, to three digits at least."""
    ### BEGIN SOLUTION
    return 2 ** (1 / 0.4)
    ### END SOLUTION


# %% check="21.answer_learning_curve"
check("21.answer_learning_curve", answer_learning_curve)
