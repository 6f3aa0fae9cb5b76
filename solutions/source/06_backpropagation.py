# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 06 · Backpropagation through convolution: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson:
# [06 Backpropagation](../../notebooks/06_backpropagation.ipynb) ·
# previous: [exercises 05](../05_fast_convolution/05_fast_convolution.ipynb) ·
# next: [exercises 07](../07_pooling/07_pooling.ipynb)
#
# The three gradients of a convolution, with stride and padding, and the tool that tells you whether they are right. Build
# the tool first if you like: task 4 does not need the others. About 95 minutes.
#
# Rules as before: NumPy and the standard library, arguments stay as they were, every way that gives the right numbers is
# right. `float64` in should stay as exact as `float64`. Where an argument may be a pair, it is (height, width).
#
# Throughout, `grad_output` is $\partial L / \partial y$, the upstream gradient, with the shape of the output
#
# $$y[n, o, i, j] = b[o] + \sum_{c, u, v} w[o, c, u, v] \; x[n, c, \, i S_h + u - P_h, \, j S_w + v - P_w]$$
#
# where x is 0 outside the image.

# %%
import numpy as np

from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `conv2d_grad_bias`
#
# Difficulty ●○○ · 5 minutes · 2 points ·
# lesson section [The gradient of the bias](../../notebooks/06_backpropagation.ipynb#2.-The-gradient-of-the-bias)
#
# b[o] is added to every output of filter o: at every place, in every image. What is $\partial L / \partial b[o]$?

# %% task="06.conv2d_grad_bias"
def conv2d_grad_bias(grad_output):
    """Gradient of the loss by a convolution's bias.

    Parameters
    ----------
    grad_output : float array (N, C_out, H_out, W_out)

    Returns
    -------
    array (C_out,)
    """
    ### BEGIN SOLUTION
    return grad_output.sum(axis=(0, 2, 3))
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# The chain rule adds up all ways by which b[o] reaches the loss, here with the factor 1 each. A sum and not a mean, over
# all axes but one.
#
# </details>

# %% check="06.conv2d_grad_bias"
check("06.conv2d_grad_bias", conv2d_grad_bias)

# %% [markdown]
# ## Task 2 · `conv2d_grad_weight`
#
# Difficulty ●●○ · 30 minutes · 6 points ·
# lesson section [The gradient of a shared weight](../../notebooks/06_backpropagation.ipynb#3.-The-gradient-of-a-shared-weight)
#
# Look at the formula of y once more: by which places does w[o, c, u, v] reach the loss, and which pixel stands beside it
# each time?

# %% task="06.conv2d_grad_weight"
def conv2d_grad_weight(grad_output, input, kernel_size, stride=1, padding=0):
    """Gradient of the loss by a convolution's weights.

    Parameters
    ----------
    grad_output : float array (N, C_out, H_out, W_out)
    input : float array (N, C_in, H, W)
    kernel_size, stride, padding : int or pair (height, width), as they were in the forward pass

    Returns
    -------
    array (C_out, C_in, K_h, K_w)
        The sum over images and places. Rows and columns of the input that no window reached count nothing.
    """
    ### BEGIN SOLUTION
    (K_h, K_w), (S_h, S_w), (P_h, P_w) = pair(kernel_size), pair(stride), pair(padding)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))
    (C_out, H_out, W_out), C_in = grad_output.shape[1:], input.shape[1]
    grad_weight = np.empty((C_out, C_in, K_h, K_w), dtype=grad_output.dtype)
    for u in range(K_h):
        for v in range(K_w):
            seen = padded[:, :, u : u + S_h * H_out : S_h, v : v + S_w * W_out : S_w]
            grad_weight[:, :, u, v] = np.einsum("noij,ncij->oc", grad_output, seen)
    return grad_weight


def pair(value):
    """An int stands for the same number along both axes."""
    return value if isinstance(value, tuple) else (value, value)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the derivative</summary>
#
# $\dfrac{\partial y[n, o, i, j]}{\partial w[o, c, u, v]} = x[n, c, i S_h + u - P_h, j S_w + v - P_w]$. Multiply by
# `grad_output[n, o, i, j]` and add up over n, i and j.
#
# </details>
# <details><summary>Hint 2: start with loops</summary>
#
# Pad the input. For every n, o, i, j the window is `padded[n, :, i * S_h : i * S_h + K_h, j * S_w : j * S_w + K_w]`, of
# shape (C_in, K_h, K_w), just like `grad_weight[o]`: add `grad_output[n, o, i, j]` times the window.
#
# </details>
# <details><summary>Hint 3: without loops over places</summary>
#
# For a fixed (u, v), the pixels beside the weight at all places are a strided slice of the padded input:
# `padded[:, :, u : u + S_h * H_out : S_h, v : v + S_w * W_out : S_w]`, of shape (N, C_in, H_out, W_out). `np.einsum` does the
# sum over n, i, j.
#
# </details>

# %% check="06.conv2d_grad_weight"
check("06.conv2d_grad_weight", conv2d_grad_weight)

# %% [markdown]
# ## Task 3 · `conv2d_grad_input`
#
# Difficulty ●●● · 35 minutes · 7 points ·
# lesson section [The gradient of the input](../../notebooks/06_backpropagation.ipynb#4.-The-gradient-of-the-input)
#
# Each output hands its gradient back to the pixels of its window, to each in proportion to the weight that lay on it. A
# pixel that several windows saw gets something from all of them.

# %% task="06.conv2d_grad_input"
def conv2d_grad_input(grad_output, weight, input_shape, stride=1, padding=0):
    """Gradient of the loss by a convolution's input.

    Parameters
    ----------
    grad_output : float array (N, C_out, H_out, W_out)
    weight : float array (C_out, C_in, K_h, K_w)
    input_shape : (N, C_in, H, W), the input's shape
    stride, padding : int or pair (height, width), as they were in the forward pass

    Returns
    -------
    array (N, C_in, H, W)
        0 for pixels that no window reached.
    """
    ### BEGIN SOLUTION
    (S_h, S_w), (P_h, P_w), (N, C_in, H, W) = pair(stride), pair(padding), input_shape
    (H_out, W_out), (K_h, K_w) = grad_output.shape[2:], weight.shape[2:]
    grad_padded = np.zeros((N, C_in, H + 2 * P_h, W + 2 * P_w), dtype=grad_output.dtype)
    for u in range(K_h):
        for v in range(K_w):
            share = np.einsum("noij,oc->ncij", grad_output, weight[:, :, u, v])
            grad_padded[:, :, u : u + S_h * H_out : S_h, v : v + S_w * W_out : S_w] += share
    return grad_padded[:, :, P_h : P_h + H, P_w : P_w + W]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: scatter</summary>
#
# Start with zeros of the *padded* size. For every n, o, i, j add `grad_output[n, o, i, j] * weight[o]` to the window at
# row `i * S_h`, column `j * S_w`. At the end cut the padding off.
#
# </details>
# <details><summary>Hint 2: which size?</summary>
#
# The output's size does not tell the input's: 7 and 8 rows both give 3 with K = 3 and S = 2. That is why the function is
# told `input_shape`.
#
# </details>
# <details><summary>Hint 3: without loops over places</summary>
#
# For a fixed (u, v) all places write to one strided slice, the same that task 2 reads. The channels change by
# `weight[:, :, u, v]`, a matrix (C_out, C_in): `np.einsum("noij,oc->ncij", …)`. Use `+=`.
#
# </details>

# %% check="06.conv2d_grad_input"
check("06.conv2d_grad_input", conv2d_grad_input)

# %% [markdown]
# ## Task 4 · `numerical_gradient`
#
# Difficulty ●●○ · 20 minutes · 4 points ·
# lesson section [Is it right? The numerical check](../../notebooks/06_backpropagation.ipynb#6.-Is-it-right?-The-numerical-check)
#
# How do you know that a gradient is right, without anybody's check? Move one entry of x a little up and a little down, and
# see what the loss does. With $L(x) = \sum f(x) \cdot$ `grad_output`,
#
# $$\frac{\partial L}{\partial x_k} \approx \frac{L(x + \varepsilon e_k) - L(x - \varepsilon e_k)}{2 \varepsilon}.$$

# %% task="06.numerical_gradient"
def numerical_gradient(f, x, grad_output, eps=1e-6):
    """Gradient of (f(x) * grad_output).sum() by central differences.

    Parameters
    ----------
    f : function of one array; gives an array of the shape of grad_output
    x : float64 array of any shape; may change while this works, and must be as before afterwards
    grad_output : float64 array, the upstream gradient
    eps : float, the step to each side

    Returns
    -------
    array of the shape of x
    """
    ### BEGIN SOLUTION
    gradient = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        value = x[index]
        x[index] = value + eps
        above = (f(x) * grad_output).sum()
        x[index] = value - eps
        below = (f(x) * grad_output).sum()
        x[index] = value
        gradient[index] = (above - below) / (2 * eps)
    return gradient
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: all indices of an array</summary>
#
# `np.ndindex(x.shape)` gives them one after the other, as tuples: `for index in np.ndindex(x.shape): … x[index] …`.
#
# </details>
# <details><summary>Hint 2: put back what you took</summary>
#
# Keep `value = x[index]` and write it back at the end. (Adding and subtracting eps again may leave a rounding error.)
#
# </details>
# <details><summary>Hint 3: f is a whole function</summary>
#
# Moving one entry of x may change all outputs: sum over all of them.
#
# </details>

# %% check="06.numerical_gradient"
check("06.numerical_gradient", numerical_gradient)

# %% [markdown]
# With all four you can check yourself. Here your `numerical_gradient` judges your `conv2d_grad_input`, under a random
# upstream gradient, for a convolution with stride 2 and padding 1. It must say True:

# %%
tools_ready = check("06.numerical_gradient", numerical_gradient).passed
if tools_ready and check("06.conv2d_grad_input", conv2d_grad_input).passed:
    from cnncourse.numpy_nn import functional

    rng = np.random.default_rng(6)
    x, w, g = rng.standard_normal((2, 2, 6, 5)), rng.standard_normal((3, 2, 3, 3)), rng.standard_normal((2, 3, 3, 3))
    by_formula = conv2d_grad_input(g, w, x.shape, stride=2, padding=1)
    by_trying = numerical_gradient(lambda x: functional.conv2d(x, w, stride=2, padding=1), x, g)
    print(np.abs(by_formula - by_trying).max() < 1e-7)

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). A 3×3 kernel with stride 2 (no padding) on one 5×5 image with one channel: how many terms has the
# sum which is the gradient of one weight?

# %% task="06.answer_terms"
def answer_terms():
    """A whole number."""
    ### BEGIN SOLUTION
    places = (5 - 3) // 2 + 1
    return places**2
    ### END SOLUTION


# %% check="06.answer_terms"
check("06.answer_terms", answer_terms)

# %% [markdown]
# **Question 2** (1 point). A 3×3 kernel with stride 2 (no padding) on an 8×8 image: how many pixels have gradient zero, whatever
# the upstream gradient is?

# %% task="06.answer_unreached"
def answer_unreached():
    """A whole number."""
    ### BEGIN SOLUTION
    return int((conv2d_grad_input(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)), (1, 1, 8, 8), stride=2) == 0).sum())
    ### END SOLUTION


# %% check="06.answer_unreached"
check("06.answer_unreached", answer_unreached)

# %% [markdown]
# **Question 3** (1 point). A test checks `conv2d_grad_weight` with an upstream gradient of ones (`y.sum().backward()`). Which
# mistake cannot be seen that way?
#
# - `"a"`: a mean where a sum belongs
# - `"b"`: output places paired with the wrong windows' gradients, such as a flipped or shuffled `grad_output`
# - `"c"`: C_out and C_in exchanged in the shape
# - `"d"`: none: every mistake can be seen

# %% task="06.answer_ones_upstream"
def answer_ones_upstream():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% check="06.answer_ones_upstream"
check("06.answer_ones_upstream", answer_ones_upstream)
