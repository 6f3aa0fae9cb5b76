# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 16 · What CNNs learn: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson:
# [16 What CNNs learn](../../notebooks/16_what_cnns_learn.ipynb) ·
# previous: [exercises 15](../15_senet_to_convnext/15_senet_to_convnext.ipynb) ·
# next: [exercises 17](../17_transfer_learning/17_transfer_learning.ipynb)
#
# Two looks into a network that leave no trace, and five parts of explanations and of their judge. About 125 minutes.
#
# Tasks 1 and 7 use PyTorch, tasks 2 to 6 NumPy.

# %%
import numpy as np
import torch
from torch.nn import functional as F

from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `saliency`
#
# Difficulty ●●○ · 25 minutes · 7 points ·
# lesson section [The gradient as a map](../../notebooks/16_what_cnns_learn.ipynb#4.-The-gradient-as-a-map)
#
# At each pixel the largest absolute derivative of the label's logit over the channels.
#
# $$M_{ij} = \max_c \left| \partial z_{label} / \partial x_{cij} \right|$$
#
# Work in evaluation mode, and leave everything as you found it. Afterwards each module has its own mode again (they may differ
# from module to module), and the parameters' `.grad` (which may be None), their `requires_grad`, the running statistics and the images
# are as before. The images do not ask for gradients, either.

# %% task="16.saliency"
def saliency(model, images, labels):
    """Largest absolute derivative of each image's own logit, at each pixel.

    Parameters
    ----------
    model : nn.Module, (N, C, H, W) → logits (N, classes); it comes in any mode
    images : float tensor (N, C, H, W)
    labels : integer tensor (N,)

    Returns
    -------
    tensor (N, H, W)
    """
    ### BEGIN SOLUTION
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    x = images.detach().clone().requires_grad_()
    logits = model(x)
    (gradient,) = torch.autograd.grad(logits[torch.arange(len(x)), labels].sum(), x)
    for module, mode in modes:
        module.training = mode
    return gradient.abs().amax(dim=1)
    ### END SOLUTION

# %% [markdown]
# <details><summary>Hint 1: one backward pass for all images</summary>
#
# In evaluation mode no image sees another. So the gradient of the *sum* of all labels' logits holds, for each image, the gradient of its
# own logit.
#
# </details>
# <details><summary>Hint 2: no trace in `.grad`</summary>
#
# `torch.autograd.grad(value, x)` returns a tuple with the gradient with respect to x, and adds nothing to the `.grad` of parameters.
#
# </details>
# <details><summary>Hint 3: modes</summary>
#
# `model.modules()` goes through all modules, the network itself included. Note `module.training` of each before `model.eval()`.
#
# </details>

# %% check="16.saliency"
check("16.saliency", saliency)

# %% [markdown]
# ## Task 2 · `guided_relu_backward`
#
# Difficulty ●○○ · 5 minutes · 3 points ·
# lesson section [Three rules for one ReLU](../../notebooks/16_what_cnns_learn.ipynb#5.-Three-rules-for-one-ReLU)
#
# The backward step of a ReLU in guided backpropagation: it passes on a gradient only where the ReLU's input *and* the gradient are positive.

# %% task="16.guided_relu_backward"
def guided_relu_backward(grad_output, input):
    """What guided backpropagation passes back through a ReLU.

    Parameters
    ----------
    grad_output : float array of any shape, the gradient that arrives at the ReLU's output
    input : float array of the same shape, what the ReLU got

    Returns
    -------
    array of the same shape
    """
    ### BEGIN SOLUTION
    return np.where((input > 0) & (grad_output > 0), grad_output, 0)
    ### END SOLUTION

# %% [markdown]
# <details><summary>Hint</summary>
#
# Two comparisons, joined by `&`, give a mask. Put each of them in brackets: `&` binds more tightly than `>`.
#
# </details>

# %% check="16.guided_relu_backward"
check("16.guided_relu_backward", guided_relu_backward)

# %% [markdown]
# ## Task 3 · `integrated_gradients`
#
# Difficulty ●●○ · 20 minutes · 4 points ·
# lesson section [Integrated gradients](../../notebooks/16_what_cnns_learn.ipynb#6.-Integrated-gradients)
#
# $$M = (x - b) \cdot \frac{1}{steps} \sum_{k=0}^{steps - 1} \nabla z\Big(b + \tfrac{k + 1/2}{steps} (x - b)\Big)$$
#
# You get the gradient as a function. It takes any number of samples at once, and treats each of them on its own.

# %% task="16.integrated_gradients"
def integrated_gradients(gradient, image, baseline, steps):
    """Mean gradient on the straight line from baseline to image, by the midpoint rule, times their difference.

    Parameters
    ----------
    gradient : function (M, …) → (M, …), for any M: the gradient at each of M samples
    image, baseline : float arrays of one shape, without an axis for the batch
    steps : int, at least 1: this many equal steps, the gradient is taken in the middle of each

    Returns
    -------
    array of the image's shape
    """
    ### BEGIN SOLUTION
    total = np.zeros_like(image)
    for k in range(steps):
        point = baseline + (k + 0.5) / steps * (image - baseline)
        total += gradient(point[None].astype(image.dtype))[0]
    return (image - baseline) * total / steps
    ### END SOLUTION

# %% [markdown]
# <details><summary>Hint 1: the batch axis</summary>
#
# `gradient` takes samples: `point[None]` is one, and `gradient(point[None])[0]` its gradient. Or stack all points and call it once.
#
# </details>
# <details><summary>Hint 2: the middle of a step</summary>
#
# With 4 steps the places are 1/8, 3/8, 5/8 and 7/8 of the way.
#
# </details>

# %% check="16.integrated_gradients"
check("16.integrated_gradients", integrated_gradients)

# %% [markdown]
# ## Task 4 · `occlusion_map`
#
# Difficulty ●●○ · 20 minutes · 4 points ·
# lesson section [Cover it and see](../../notebooks/16_what_cnns_learn.ipynb#7.-Cover-it-and-see)
#
# Cover a square with the value `fill` and note by how much the label's number falls. The square moves in steps of `stride` and stays within the image.

# %% task="16.occlusion_map"
def occlusion_map(predict, image, label, size, stride, fill=0.0):
    """By how much predict(image)[label] falls when a square is covered, for each place of the square.

    Parameters
    ----------
    predict : function (M, C, H, W) → (M, classes), for any M
    image : float array (C, H, W)
    label : int
    size, stride : ints, side of the square and its step; the square covers all channels
    fill : float, what covers

    Returns
    -------
    array ((H − size) // stride + 1, (W − size) // stride + 1)
        predict(image)[label] − predict(covered)[label], with its sign
    """
    ### BEGIN SOLUTION
    C, H, W = image.shape
    before = predict(image[None])[0, label]
    falls = np.empty(((H - size) // stride + 1, (W - size) // stride + 1), before.dtype)
    for i, j in np.ndindex(falls.shape):
        covered = image.copy()
        covered[:, i * stride : i * stride + size, j * stride : j * stride + size] = fill
        falls[i, j] = before - predict(covered[None])[0, label]
    return falls
    ### END SOLUTION

# %% [markdown]
# <details><summary>Hint 1: which square</summary>
#
# Entry [i, j] belongs to the square whose upper left corner is row i·stride, column j·stride.
#
# </details>
# <details><summary>Hint 2: a fresh copy</summary>
#
# Each place begins with the image as it was: `image.copy()`. The caller's image must not change.
#
# </details>

# %% check="16.occlusion_map"
check("16.occlusion_map", occlusion_map)

# %% [markdown]
# ## Task 5 · `grad_cam`
#
# Difficulty ●○○ · 10 minutes · 4 points ·
# lesson section [Class activation maps](../../notebooks/16_what_cnns_learn.ipynb#8.-Class-activation-maps)
#
# $$M = \mathrm{relu}\Big(\sum_c \alpha_c A_c\Big), \qquad \alpha_c = \text{mean of channel } c\text{'s gradients over the places}$$

# %% task="16.grad_cam"
def grad_cam(activations, gradients):
    """Grad-CAM of a layer.

    Parameters
    ----------
    activations : float array (N, C, h, w), the layer's output
    gradients : float array (N, C, h, w), the derivative of the label's logit with respect to it

    Returns
    -------
    array (N, h, w)
    """
    ### BEGIN SOLUTION
    alpha = gradients.mean(axis=(2, 3))
    return np.maximum(np.einsum("nc,nchw->nhw", alpha, activations), 0)
    ### END SOLUTION

# %% [markdown]
# <details><summary>Hint</summary>
#
# One number per image and channel, (N, C). Multiply each map by its number, sum over the channels, and apply the ReLU last: terms of
# different signs may cancel.
#
# </details>

# %% check="16.grad_cam"
check("16.grad_cam", grad_cam)

# %% [markdown]
# ## Task 6 · `pointing_game`
#
# Difficulty ●●○ · 15 minutes · 4 points ·
# lesson section [Explanations judged](../../notebooks/16_what_cnns_learn.ipynb#9.-Explanations-judged)
#
# How often does the largest value of a map lie on the object? The point is (x, y) = (column, row). Boxes are half open: x0 ≤ x < x1 and y0 ≤ y < y1.

# %% task="16.pointing_game"
def pointing_game(maps, boxes):
    """Share of maps whose maximum lies in its box.

    Parameters
    ----------
    maps : float array (N, H, W), N ≥ 1; of several equal maxima the first one in row-major order counts
    boxes : array (N, 4), (x0, y0, x1, y1)

    Returns
    -------
    float
    """
    ### BEGIN SOLUTION
    hits = 0
    for one, (x0, y0, x1, y1) in zip(maps, boxes, strict=True):
        y, x = np.unravel_index(one.argmax(), one.shape)
        hits += bool(x0 <= x < x1 and y0 <= y < y1)
    return hits / len(maps)
    ### END SOLUTION

# %% [markdown]
# <details><summary>Hint</summary>
#
# `argmax` counts through the flattened array and finds the first maximum. `np.unravel_index(index, shape)` gives row and column back.
#
# </details>

# %% check="16.pointing_game"
check("16.pointing_game", pointing_game)

# %% [markdown]
# ## Task 7 · `fgsm`
#
# Difficulty ●●○ · 25 minutes · 7 points ·
# lesson section [Adversarial examples](../../notebooks/16_what_cnns_learn.ipynb#11.-Adversarial-examples)
#
# One step of the fast gradient sign method, with sign(0) = 0 and pixels that stay within [0, 1]:
#
# $$x' = \mathrm{clip}\big(x + \varepsilon\, \mathrm{sign}(\partial L / \partial x),\ 0,\ 1\big), \qquad L = \text{cross-entropy of the labels}$$
#
# Work in evaluation mode, and leave everything as you found it. Afterwards each module has its own mode again (they may differ
# from module to module), and the parameters' `.grad` (which may be None), their `requires_grad`, the running statistics and the images
# are as before. The images do not ask for gradients, either.

# %% task="16.fgsm"
def fgsm(model, images, labels, eps):
    """Images that raise the loss, each number moved by at most eps.

    Parameters
    ----------
    model : nn.Module, (N, C, H, W) → logits (N, classes); it comes in any mode
    images : float tensor (N, C, H, W) in [0, 1]
    labels : integer tensor (N,)
    eps : float

    Returns
    -------
    tensor (N, C, H, W) in [0, 1]
    """
    ### BEGIN SOLUTION
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    x = images.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(F.cross_entropy(model(x), labels), x)
    for module, mode in modes:
        module.training = mode
    return (images + eps * gradient.sign()).clamp(0, 1)
    ### END SOLUTION

# %% [markdown]
# <details><summary>Hint 1</summary>
#
# All but the last line is as in task 1, with another number to differentiate.
#
# </details>
# <details><summary>Hint 2</summary>
#
# Does it matter whether the cross-entropy is a mean or a sum? Only the sign of the gradient is used.
#
# </details>

# %% check="16.fgsm"
check("16.fgsm", fgsm)

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). A square of 32×32 pixels moves over an image of 96×96 in steps of 16. How many covered images are there?

# %% task="16.answer_covered_images"
def answer_covered_images():
    """A whole number."""
    ### BEGIN SOLUTION
    return ((96 - 32) // 16 + 1) ** 2
    ### END SOLUTION

# %% check="16.answer_covered_images"
check("16.answer_covered_images", answer_covered_images)

# %% [markdown]
# **Question 2** (1 point). A class's logit is 5.5 for the image and −1.25 for the baseline. What do the entries of the map by integrated gradients
# add up to, with very many steps?

# %% task="16.answer_sum_of_the_map"
def answer_sum_of_the_map():
    """A number."""
    ### BEGIN SOLUTION
    return 5.5 - -1.25
    ### END SOLUTION

# %% check="16.answer_sum_of_the_map"
check("16.answer_sum_of_the_map", answer_sum_of_the_map)

# %% [markdown]
# **Question 3** (1 point). A linear function of an image of 3×64×64 has weights of 0.02 and −0.02. By how much can FGSM with ε = 0.05 raise it? (No number
# reaches the ends 0 and 1.)

# %% task="16.answer_linear_attack"
def answer_linear_attack():
    """A number, to three digits at least."""
    ### BEGIN SOLUTION
    return 0.05 * 3 * 64 * 64 * 0.02
    ### END SOLUTION

# %% check="16.answer_linear_attack"
check("16.answer_linear_attack", answer_linear_attack)

# %% [markdown]
# **Question 4** (1 point). The last layers of a network are shuffled. It finds another class now, but the map that explains the old class stays the same. What
# follows?
#
# - `"a"`: the network is robust
# - `"b"`: the last layers do nothing
# - `"c"`: the map says nothing about what the last layers do
# - `"d"`: the map is right, because it lies on the object

# %% task="16.answer_same_map"
def answer_same_map():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION

# %% check="16.answer_same_map"
check("16.answer_same_map", answer_same_map)
