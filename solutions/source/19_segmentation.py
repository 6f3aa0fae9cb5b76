# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 19 · Segmentation and U-Net: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson:
# [19 Segmentation and U-Net](../../notebooks/19_segmentation.ipynb) ·
# previous: [exercises 18](../18_detection/18_detection.ipynb) ·
# next: [exercises 20](../20_one_three_graphs/20_one_three_graphs.ipynb)
#
# Measures of a segmentation, a loss for small things and its gradient, the way back up, and a U-Net that you build and train. About
# 175 minutes.
#
# Tasks 1 to 7 use NumPy and the standard library, tasks 8 and 9 PyTorch. Arguments stay as they were, and every way that gives the
# right numbers is right.

# %%
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `confusion_matrix`
#
# Difficulty ●○○ · 15 minutes · 5 points ·
# lesson section [How good is a segmentation?](../../notebooks/19_segmentation.ipynb#2.-How-good-is-a-segmentation?)
#
# Count the pixels of all pictures by their true class (row) and the class that they were given (column). Data sets mark pixels
# whose class is not known with a label such as 255. These pixels count nothing, whatever is predicted there. But a pixel for which the
# *prediction* is this label counts, if the label is one of the classes.

# %% task="19.confusion_matrix"
def confusion_matrix(target, prediction, num_classes, ignore_index=255):
    """Count pixels by true class and given class.

    Parameters
    ----------
    target : integer array (N, H, W) of any integer dtype, classes from 0 to num_classes − 1, or ignore_index
    prediction : integer array (N, H, W); classes wherever the target is not ignore_index, anything elsewhere
    num_classes : int
    ignore_index : int, any; pixels with this target are left out

    Returns
    -------
    array (num_classes, num_classes) of whole numbers: rows are the truth
    """
    ### BEGIN SOLUTION
    counted = target != ignore_index
    codes = num_classes * target[counted].astype(np.int64) + prediction[counted].astype(np.int64)
    return np.bincount(codes, minlength=num_classes**2).reshape(num_classes, num_classes)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: which pixels</summary>
#
# `counted = target != ignore_index` is a mask. `target[counted]` and `prediction[counted]` are flat arrays of the same length.
#
# </details>
# <details><summary>Hint 2: how to count pairs</summary>
#
# `table[t, p] += 1` with arrays t and p adds 1 *once* to each place. `np.add.at(table, (t, p), 1)` adds each time. Or give each pair a
# number of its own, num_classes · t + p, and count these with `np.bincount`. Does this number fit into 8 bits?
#
# </details>

# %% check="19.confusion_matrix"
check("19.confusion_matrix", confusion_matrix)

# %% [markdown]
# ## Task 2 · `mean_iou`
#
# Difficulty ●○○ · 10 minutes · 5 points ·
# lesson section [How good is a segmentation?](../../notebooks/19_segmentation.ipynb#2.-How-good-is-a-segmentation?)
#
# The mean of the classes' IoUs, from such a table. A class that is nowhere, neither true nor predicted, is left out. A class that is in
# only one of the two has an IoU of 0, and counts.

# %% task="19.mean_iou"
def mean_iou(confusion):
    """Mean intersection over union of the classes that are true or predicted somewhere.

    Parameters
    ----------
    confusion : integer array (num_classes, num_classes), rows are the truth; at least one pixel is counted

    Returns
    -------
    float
    """
    ### BEGIN SOLUTION
    both = np.diagonal(confusion)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - both
    occurs = union > 0
    return float((both[occurs] / union[occurs]).mean())
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# The pixels of both are on the diagonal. Row sums count the truth, column sums the prediction. The union counts the pixels of both once.
#
# </details>

# %% check="19.mean_iou"
check("19.mean_iou", mean_iou)

# %% [markdown]
# ## Task 3 · `dice_loss`
#
# Difficulty ●●○ · 15 minutes · 5 points ·
# lesson section [Losses when the thing is small](../../notebooks/19_segmentation.ipynb#9.-Losses-when-the-thing-is-small)
#
# One channel, one mask per picture. With $p = 1/(1 + e^{-z})$ for each logit $z$,
#
# $$L = \frac{1}{N} \sum_n \left(1 - \frac{2 \sum p\,t + \varepsilon}{\sum p + \sum t + \varepsilon}\right),$$
#
# where the inner sums run over the pixels of picture $n$. It must be right for logits such as 1,000 or −1,000.

# %% task="19.dice_loss"
def dice_loss(logits, target, eps=1.0):
    """Mean over the pictures of one minus their soft Dice.

    Parameters
    ----------
    logits : float array (N, 1, H, W), of any size
    target : float array (N, 1, H, W) of zeros and ones
    eps : float, greater than 0

    Returns
    -------
    float
    """
    ### BEGIN SOLUTION
    small = np.exp(-np.abs(logits))
    p = np.where(logits >= 0, 1, small) / (1 + small)
    overlap = 2 * (p * target).sum(axis=(1, 2, 3)) + eps
    return float((1 - overlap / ((p + target).sum(axis=(1, 2, 3)) + eps)).mean())
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: a sigmoid for all logits</summary>
#
# `np.exp(z) / (1 + np.exp(z))` is ∞/∞ for large z. The sigmoid is also (1 + tanh(z / 2)) / 2.
#
# </details>
# <details><summary>Hint 2: one fraction per picture</summary>
#
# `(p * target).sum(axis=(1, 2, 3))` has the shape (N,). The mean comes last.
#
# </details>

# %% check="19.dice_loss"
check("19.dice_loss", dice_loss)

# %% [markdown]
# ## Task 4 · `dice_loss_backward`
#
# Difficulty ●●○ · 20 minutes · 5 points ·
# lesson section [Losses when the thing is small](../../notebooks/19_segmentation.ipynb#9.-Losses-when-the-thing-is-small)
#
# The lesson has the derivative with respect to $p$, for one picture. What comes between $p$ and the logits, and what does the mean add?

# %% task="19.dice_loss_backward"
def dice_loss_backward(logits, target, eps=1.0):
    """Gradient of `dice_loss` with respect to the logits.

    Parameters
    ----------
    logits : float array (N, 1, H, W), of any size
    target : float array (N, 1, H, W) of zeros and ones
    eps : float, greater than 0

    Returns
    -------
    array (N, 1, H, W)
    """
    ### BEGIN SOLUTION
    p = (1 + np.tanh(logits / 2)) / 2
    above = 2 * (p * target).sum(axis=(1, 2, 3), keepdims=True) + eps
    below = (p + target).sum(axis=(1, 2, 3), keepdims=True) + eps
    return (above - 2 * target * below) / below**2 * p * (1 - p) / len(logits)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the quotient</summary>
#
# Numerator and denominator both depend on $p_i$: by $2 t_i$ and by 1. `keepdims=True` keeps the sums ready to be combined with the pixels.
#
# </details>
# <details><summary>Hint 2: test it</summary>
#
# Change one logit by 10⁻⁶, and see by how much `dice_loss` changes.
#
# </details>

# %% check="19.dice_loss_backward"
check("19.dice_loss_backward", dice_loss_backward)

# %% [markdown]
# ## Task 5 · `conv_transpose2d`
#
# Difficulty ●●● · 30 minutes · 8 points ·
# lesson section [Back up: transposed convolution](../../notebooks/19_segmentation.ipynb#3.-Back-up:-transposed-convolution)
#
# Each pixel of the input puts down its kernel, `stride` pixels after the one before, and overlaps add up. Then `padding` rows and columns are cut
# off on each side. As in PyTorch, the weight has the input channels first, and stride and padding are an int or a pair (height, width).

# %% task="19.conv_transpose2d"
def conv_transpose2d(input, weight, stride=1, padding=0):
    """Transposed convolution, as PyTorch's.

    Parameters
    ----------
    input : float array (N, C_in, H, W)
    weight : float array (C_in, C_out, K_h, K_w)
    stride, padding : int or pair of ints (height, width)

    Returns
    -------
    array (N, C_out, (H − 1)·S_h − 2·P_h + K_h, (W − 1)·S_w − 2·P_w + K_w)
    """
    ### BEGIN SOLUTION
    S_h, S_w = stride if isinstance(stride, (tuple, list)) else (stride, stride)
    P_h, P_w = padding if isinstance(padding, (tuple, list)) else (padding, padding)
    (N, _, H, W), (_, C_out, K_h, K_w) = input.shape, weight.shape
    y = np.zeros((N, C_out, (H - 1) * S_h + K_h, (W - 1) * S_w + K_w), input.dtype)
    for u, v in np.ndindex(K_h, K_w):
        part = np.einsum("nchw,co->nohw", input, weight[:, :, u, v])
        y[:, :, u : u + (H - 1) * S_h + 1 : S_h, v : v + (W - 1) * S_w + 1 : S_w] += part
    return y[:, :, P_h : y.shape[2] - P_h, P_w : y.shape[3] - P_w]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: a loop over pixels, or one over the kernel</summary>
#
# Pixel (i, j) adds to rows i·S_h … i·S_h + K_h − 1. Or take one place (u, v) of the kernel: it adds to every S_h-th row from u on, for all pixels
# at once.
#
# </details>
# <details><summary>Hint 2: what is cut off</summary>
#
# `y[:, :, P:-P]` is empty for P = 0. Cut with `P : size - P`.
#
# </details>

# %% check="19.conv_transpose2d"
check("19.conv_transpose2d", conv_transpose2d)

# %% [markdown]
# ## Task 6 · `bilinear_kernel`
#
# Difficulty ●●○ · 15 minutes · 4 points ·
# lesson section [A start that interpolates](../../notebooks/19_segmentation.ipynb#5.-A-start-that-interpolates)
#
# The kernel for a transposed convolution of stride S that interpolates bilinearly. It is K×K with K = 2S for even S and K = 2S − 1 for odd S. A
# weight is the product of two numbers, one for each axis: 1 in the middle of the kernel, 0 at the distance S from it, and a straight line
# between. For even S no entry lies in the middle.

# %% task="19.bilinear_kernel"
def bilinear_kernel(stride):
    """The kernel with which a transposed convolution interpolates.

    Parameters
    ----------
    stride : int S, at least 1

    Returns
    -------
    array (K, K), K = 2·S − S % 2; its sum is S²
    """
    ### BEGIN SOLUTION
    K = 2 * stride - stride % 2
    distance = np.abs(np.arange(K) - (K - 1) / 2)
    hat = 1 - distance / stride
    return hat[:, None] * hat
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# The middle of K entries, counted from 0, is at (K − 1)/2. For S = 2 the line is 1/4, 3/4, 3/4, 1/4.
#
# </details>

# %% check="19.bilinear_kernel"
check("19.bilinear_kernel", bilinear_kernel)

# %% [markdown]
# ## Task 7 · `crop_and_concat`
#
# Difficulty ●○○ · 10 minutes · 5 points ·
# lesson section [U-Net](../../notebooks/19_segmentation.ipynb#7.-U-Net)
#
# In a U-Net without padding the skip is larger than what comes from below. Cut out its middle, and lay both along the channels, the skip
# first. If the difference of the sizes is odd, the remaining row or column is cut off at the bottom or at the right.

# %% task="19.crop_and_concat"
def crop_and_concat(skip, x):
    """The middle of `skip` in front of `x`.

    Parameters
    ----------
    skip : float array (N, C_1, H, W)
    x : float array (N, C_2, h, w), h ≤ H and w ≤ W

    Returns
    -------
    array (N, C_1 + C_2, h, w)
    """
    ### BEGIN SOLUTION
    h, w = x.shape[2:]
    top, left = (skip.shape[2] - h) // 2, (skip.shape[3] - w) // 2
    return np.concatenate([skip[:, :, top : top + h, left : left + w], x], axis=1)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Compute where the cut begins, along both axes. It ends h rows and w columns later.
#
# </details>

# %% check="19.crop_and_concat"
check("19.crop_and_concat", crop_and_concat)

# %% [markdown]
# ## Task 8 · `UNet`
#
# Difficulty ●●● · 30 minutes · 8 points ·
# lesson section [U-Net](../../notebooks/19_segmentation.ipynb#7.-U-Net)
#
# `depth` poolings, so depth + 1 levels. Level 0 has `width` channels, and each further one twice as many.
#
# - A level has two 3×3 convolutions with padding 1 and bias, each with a ReLU behind it, on the way down *and* (all but the lowest) on the way up.
# - Down: 2×2 max pooling. Up: a 2×2 transposed convolution with stride 2, which halves the channels, and no ReLU behind it.
# - On the way up, the maps of the same level from the way down come first, then those from below: `torch.cat`.
# - The head is a 1×1 convolution to `num_classes` channels. There is no batch norm.
#
# Height and width are multiples of 2^depth. Transposed convolutions and head may have biases or not. Name, order and nest the layers as you like.

# %% task="19.UNet"
class UNet(nn.Module):
    """(N, c_in, H, W) → (N, num_classes, H, W).

    Parameters
    ----------
    c_in : int
    num_classes : int
    width : int, channels of the first level
    depth : int, number of poolings
    """

    def __init__(self, c_in, num_classes, width=16, depth=2):
        ### BEGIN SOLUTION
        super().__init__()

        def level(a, b):
            return nn.Sequential(
                nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.Conv2d(b, b, 3, padding=1), nn.ReLU()
            )

        widths = [width * 2**k for k in range(depth + 1)]
        self.down = nn.ModuleList([level(a, b) for a, b in zip([c_in, *widths], widths, strict=False)])
        self.raise_ = nn.ModuleList([nn.ConvTranspose2d(2 * w, w, 2, stride=2) for w in widths[:-1]])
        self.up = nn.ModuleList([level(2 * w, w) for w in widths[:-1]])
        self.head = nn.Conv2d(width, num_classes, 1)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        fine = []
        for k, level in enumerate(self.down):
            x = level(F.max_pool2d(x, 2) if k else x)
            fine.append(x)
        for k in reversed(range(len(self.up))):
            x = self.up[k](torch.cat([fine[k], self.raise_[k](x)], dim=1))
        return self.head(x)
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: a helper</summary>
#
# A function that returns the four layers of a level as an `nn.Sequential` is used 2·depth + 1 times.
#
# </details>
# <details><summary>Hint 2: layers in a list</summary>
#
# Layers in a plain list are not found by PyTorch: use `nn.ModuleList`. On the way down, append each level's output to a list. On the way up, go
# through it backwards.
#
# </details>

# %% check="19.UNet"
check("19.UNet", UNet)

# %% [markdown]
# ## Task 9 · `train_segmenter`
#
# Difficulty ●●● · 25 minutes · 4 points ·
# lesson section [What the skips carry](../../notebooks/19_segmentation.ipynb#8.-What-the-skips-carry)
#
# Train a network that marks the garment, on 480 scenes of 32×32 pixels. They are harder than those of the lesson: parts of *two*
# photographs lie behind each garment, and scenes in which a formula of colours finds the garment are left out. It is judged on 120 such
# scenes that it has not seen, by the mean IoU of background and garment: 1 point from 0.75, 1 more from 0.76, 2 more from 0.77. A small
# U-Net and 400 batches of 8 are enough. You have three minutes.

# %% task="19.train_segmenter"
def train_segmenter(images, masks):
    """Train a network that gives two scores for each pixel: background, garment.

    Parameters
    ----------
    images : tensor (N, 3, 32, 32), float32 in [0, 1]
    masks : tensor (N, 32, 32), int64: 0 background, 1 garment

    Returns
    -------
    Module that maps images (B, 3, 32, 32), in [0, 1], to scores (B, 2, 32, 32)
    """
    ### BEGIN SOLUTION
    net = nn.Sequential(nn.BatchNorm2d(3, affine=False), UNet(3, 2, width=8))
    steps = 400
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=steps)
    for _ in range(steps):
        batch = torch.randint(len(images), (8,))
        loss = F.cross_entropy(net(images[batch]), masks[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return net
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the loss</summary>
#
# `F.cross_entropy(scores, masks)` takes (B, 2, H, W) and (B, H, W) as they are, and returns the mean over all pixels.
#
# </details>
# <details><summary>Hint 2: pictures around zero</summary>
#
# Networks learn faster from pictures with mean 0. What prepares the pictures belongs *into* the module, so that it comes along: for example a
# first layer `nn.BatchNorm2d(3, affine=False)`.
#
# </details>

# %% check="19.train_segmenter"
check("19.train_segmenter", train_segmenter)

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). A mask has an IoU of 0.5 with the truth. What is its Dice?

# %% task="19.answer_dice_of_half"
def answer_dice_of_half():
    """A number."""
    ### BEGIN SOLUTION
    return 2 * 0.5 / (1 + 0.5)
    ### END SOLUTION


# %% check="19.answer_dice_of_half"
check("19.answer_dice_of_half", answer_dice_of_half)

# %% [markdown]
# **Question 2** (1 point). A U-Net *without padding* has one pooling. Pictures of 124×124 pixels go in. How high are the maps that come out?

# %% task="19.answer_unpadded_size"
def answer_unpadded_size():
    """A whole number."""
    ### BEGIN SOLUTION
    return ((124 - 4) // 2 - 4) * 2 - 4
    ### END SOLUTION


# %% check="19.answer_unpadded_size"
check("19.answer_unpadded_size", answer_unpadded_size)

# %% [markdown]
# **Question 3** (1 point). A garment covers 2 % of the pixels. A network marks nothing at all. Which measure is high?
#
# - `"a"`: the garment's IoU
# - `"b"`: the garment's Dice
# - `"c"`: the pixel accuracy
# - `"d"`: the garment's boundary IoU

# %% task="19.answer_flattering"
def answer_flattering():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% check="19.answer_flattering"
check("19.answer_flattering", answer_flattering)
