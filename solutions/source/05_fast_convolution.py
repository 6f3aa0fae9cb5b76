# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 05 · Fast convolution: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson:
# [05 Fast convolution](../../notebooks/05_fast_convolution.ipynb) ·
# previous: [exercises 04](../04_equivariance/04_equivariance.ipynb) ·
# next: [exercises 06](../06_backpropagation/06_backpropagation.ipynb)
#
# The same numbers by other ways: as one large matrix product, as a product of spectra, and with fewer multiplications
# than there are products to form. About 85 minutes.
#
# Rules as before: NumPy and the standard library, arguments stay as they were, every way that gives the right numbers is
# right. `float64` in should stay as exact as `float64`. Where an argument may be a pair, it is (height, width).

# %%
import numpy as np

from cnncourse import data, show, viz
from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `im2col`
#
# Difficulty ●●○ · 25 minutes · 5 points ·
# lesson section [im2col: every window a column](../../notebooks/05_fast_convolution.ipynb#3.-im2col:-every-window-a-column)
#
# Write every window as a column. A convolution is then one matrix product: `weight.reshape(C_out, -1) @ columns`.
#
# Within a column the channel comes first, then the window's rows, then its columns; the windows are numbered along the
# rows of the image. That is the layout of PyTorch's `unfold`.

# %% task="05.im2col"
def im2col(input, kernel_size, stride=1, padding=0):
    """Write every window of a batch of images as a column.

    Parameters
    ----------
    input : float array (N, C, H, W)
    kernel_size : int or pair (K_h, K_w)
    stride : int or pair (S_h, S_w)
    padding : int or pair (P_h, P_w), zeros added on both sides

    Returns
    -------
    array (N, C·K_h·K_w, L)
        L = H_out · W_out places, H_out = ⌊(H + 2·P_h − K_h) / S_h⌋ + 1 and likewise W_out. Entry
        [n, (c, u, v), (i, j)] is the padded input's [n, c, i·S_h + u, j·S_w + v].
    """
    ### BEGIN SOLUTION
    (K_h, K_w), (S_h, S_w), (P_h, P_w) = pair(kernel_size), pair(stride), pair(padding)
    padded = np.pad(input, ((0, 0), (0, 0), (P_h, P_h), (P_w, P_w)))
    N, C, H, W = padded.shape
    H_out, W_out = (H - K_h) // S_h + 1, (W - K_w) // S_w + 1
    columns = np.empty((N, C, K_h, K_w, H_out, W_out), dtype=input.dtype)
    for u in range(K_h):
        for v in range(K_w):
            columns[:, :, u, v] = padded[:, :, u : u + S_h * H_out : S_h, v : v + S_w * W_out : S_w]
    return columns.reshape(N, C * K_h * K_w, H_out * W_out)


def pair(value):
    """An int stands for the same number along both axes."""
    return value if isinstance(value, tuple) else (value, value)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: ints and pairs</summary>
#
# A small helper of your own, in the same cell, saves trouble in every later task:
# `pair(2)` gives `(2, 2)`, `pair((2, 3))` gives `(2, 3)`.
#
# </details>
# <details><summary>Hint 2: six axes first</summary>
#
# Fill an array of shape (N, C, K_h, K_w, H_out, W_out), and `reshape` at the very end. `reshape` never moves anything: the
# axes must stand in this order before.
#
# </details>
# <details><summary>Hint 3: two short loops</summary>
#
# For one entry (u, v) of the window, the values at all places are a strided slice of the padded input:
# `padded[:, :, u : u + S_h * H_out : S_h, v : v + S_w * W_out : S_w]`.
#
# </details>

# %% check="05.im2col"
check("05.im2col", im2col)

# %% [markdown]
# ## Task 2 · `col2im`
#
# Difficulty ●●○ · 20 minutes · 5 points ·
# lesson section [col2im, the adjoint](../../notebooks/05_fast_convolution.ipynb#col2im,-the-adjoint)
#
# The way back: each entry goes to the pixel from which `im2col` reads it. Several windows may have read the same pixel;
# what comes back from them is **summed**. (So it is not the inverse of `im2col` but its adjoint, the transposed matrix.
# The gradient of a convolution will need exactly this.)

# %% task="05.col2im"
def col2im(columns, input_shape, kernel_size, stride=1, padding=0):
    """Add every window's entries back to where they came from: the adjoint of `im2col`.

    Parameters
    ----------
    columns : float array (N, C·K_h·K_w, L), in the layout of `im2col`
    input_shape : (N, C, H, W), the shape of the input without padding
    kernel_size, stride, padding : int or pair, as in `im2col`

    Returns
    -------
    array (N, C, H, W)
        What falls on the padding is dropped; pixels that no window reads are 0.
    """
    ### BEGIN SOLUTION
    (K_h, K_w), (S_h, S_w), (P_h, P_w) = pair(kernel_size), pair(stride), pair(padding)
    N, C, H, W = input_shape
    padded = np.zeros((N, C, H + 2 * P_h, W + 2 * P_w), dtype=columns.dtype)
    H_out, W_out = (H + 2 * P_h - K_h) // S_h + 1, (W + 2 * P_w - K_w) // S_w + 1
    entries = columns.reshape(N, C, K_h, K_w, H_out, W_out)
    for u in range(K_h):
        for v in range(K_w):
            padded[:, :, u : u + S_h * H_out : S_h, v : v + S_w * W_out : S_w] += entries[:, :, u, v]
    return padded[:, :, P_h : P_h + H, P_w : P_w + W]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: run im2col backwards</summary>
#
# Reshape the columns to the six axes of `im2col`. Where that read from a slice of the padded image, add to this slice.
#
# </details>
# <details><summary>Hint 2: a sum needs a beginning</summary>
#
# Start with zeros of the *padded* size, use `+=`, and cut the padding off at the end: rows `P_h : P_h + H`. (`P_h : -P_h`
# is empty where P_h = 0.)
#
# </details>
# <details><summary>Hint 3: indices that occur twice</summary>
#
# `x[index] += y` with an index array adds once where an index is repeated. Slices have no such trap; `np.add.at` has none
# either.
#
# </details>

# %% check="05.col2im"
check("05.col2im", col2im)

# %% [markdown]
# ## Task 3 · `conv2d_fft`
#
# Difficulty ●●● · 25 minutes · 4 points ·
# lesson section [FFT: multiply spectra instead](../../notebooks/05_fast_convolution.ipynb#5.-FFT:-multiply-spectra-instead)
#
# The same values as unit 02's `conv2d` (without bias), by the correlation theorem: the spectrum of a circular
# cross-correlation is the image's spectrum times the *conjugate* of the kernel's,
#
# $$\mathcal F(y) = \mathcal F(x) \cdot \overline{\mathcal F(w)}.$$
#
# (Loops give the same numbers and so the same points. But then you have missed the fun.)

# %% task="05.conv2d_fft"
def conv2d_fft(input, weight):
    """Convolutional layer (a cross-correlation; stride 1, no padding) by the Fourier transform.

    Parameters
    ----------
    input : float array (N, C_in, H, W)
    weight : float array (C_out, C_in, K_h, K_w), K_h ≤ H and K_w ≤ W

    Returns
    -------
    float array (N, C_out, H − K_h + 1, W − K_w + 1)
    """
    ### BEGIN SOLUTION
    (H, W), (K_h, K_w) = input.shape[2:], weight.shape[2:]
    image_spectra = np.fft.rfft2(input)
    kernel_spectra = np.fft.rfft2(weight, s=(H, W))  # pads the kernels with zeros
    spectra = np.einsum("nchw,ochw->nohw", image_spectra, kernel_spectra.conj())
    return np.fft.irfft2(spectra, s=(H, W))[:, :, : H - K_h + 1, : W - K_w + 1]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: one image, one channel, one filter</summary>
#
# `np.fft.fft2(kernel, s=(H, W))` pads the kernel with zeros to the image's size and transforms it. Multiply, transform
# back with `np.fft.ifft2`, take the real part.
#
# </details>
# <details><summary>Hint 2: which part is valid?</summary>
#
# The result is a *circular* correlation. At (i, j) it holds the window that begins there; windows that would stick out
# wrap around. Keep the first H − K_h + 1 rows and W − K_w + 1 columns.
#
# </details>
# <details><summary>Hint 3: channels</summary>
#
# The transform is linear, so the sum over input channels may be taken before the way back: one inverse transform for each
# output map. `np.einsum("nchw,ochw->nohw", …)` multiplies and sums. With `irfft2`, give `s=(H, W)`: it cannot guess an odd
# width.
#
# </details>

# %% check="05.conv2d_fft"
check("05.conv2d_fft", conv2d_fft)

# %% [markdown]
# ## Task 4 · `winograd_f23`
#
# Difficulty ●●○ · 15 minutes · 4 points ·
# lesson section [Winograd: fewer multiplications](../../notebooks/05_fast_convolution.ipynb#6.-Winograd:-fewer-multiplications)
#
# Two outputs of a kernel of three, directly: $y_0 = d_0 g_0 + d_1 g_1 + d_2 g_2$ and $y_1 = d_1 g_0 + d_2 g_1 + d_3 g_2$,
# six multiplications. Winograd's minimal filtering $F(2, 3)$ needs four:
#
# $$m_1 = (d_0 - d_2)\, g_0, \quad m_2 = (d_1 + d_2)\, \tfrac{g_0 + g_1 + g_2}{2}, \quad
# m_3 = (d_2 - d_1)\, \tfrac{g_0 - g_1 + g_2}{2}, \quad m_4 = (d_1 - d_3)\, g_2$$
#
# $$y_0 = m_1 + m_2 + m_3, \qquad y_1 = m_2 - m_3 - m_4$$
#
# The next tile begins two entries further on.

# %% task="05.winograd_f23"
def winograd_f23(signal, kernel):
    """Cross-correlate a signal with a kernel of three, two outputs at a time.

    Parameters
    ----------
    signal : float array (n,), n even and at least 4
    kernel : float array (3,)

    Returns
    -------
    array (n − 2,)
        y[i] = Σ_k kernel[k] · signal[i + k]. Source: S. Winograd, Arithmetic Complexity of Computations, 1980.
    """
    ### BEGIN SOLUTION
    g0, g1, g2 = kernel
    output = np.empty(len(signal) - 2, dtype=signal.dtype)
    for t in range(0, len(signal) - 2, 2):
        d0, d1, d2, d3 = signal[t : t + 4]
        m1 = (d0 - d2) * g0
        m2 = (d1 + d2) * (g0 + g1 + g2) / 2
        m3 = (d2 - d1) * (g0 - g1 + g2) / 2
        m4 = (d1 - d3) * g2
        output[t : t + 2] = m1 + m2 + m3, m2 - m3 - m4
    return output
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: how many tiles?</summary>
#
# A tile takes four entries and gives two outputs, so tiles begin at 0, 2, 4, …, n − 4: neighbours share two entries.
#
# </details>
# <details><summary>Hint 2: which sign is wrong?</summary>
#
# Try the kernels (1, 0, 0), (0, 1, 0) and (0, 0, 1) by hand: the outputs must be $d_0, d_1$, then $d_1, d_2$, then
# $d_2, d_3$.
#
# </details>

# %% check="05.winograd_f23"
check("05.winograd_f23", winograd_f23)

# %% [markdown]
# Once your `conv2d_fft` passes, give it a kernel that is too large to slide by hand: 41×41, a disc, as a camera out of
# focus has it.

# %%
if check("05.conv2d_fft", conv2d_fft).passed:
    photograph = data.photograph("cat").mean(axis=2)[None, None] / 255
    y, x = np.mgrid[-20:21, -20:21]
    disc = (x**2 + y**2 <= 20**2).astype(float)
    blurred = conv2d_fft(photograph, (disc / disc.sum())[None, None])
    pictures = viz.image_row([photograph[0, 0], blurred[0, 0]], ["photograph", "out of focus"], height=2)
    show(pictures, "05/exercise-out-of-focus")

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). A 3×3 convolution with stride 1 and padding 1: how many times as many numbers does `im2col` hold as
# the input?

# %% task="05.answer_im2col_memory"
def answer_im2col_memory():
    """A whole number."""
    ### BEGIN SOLUTION
    return im2col(np.zeros((1, 4, 10, 10)), 3, padding=1).size // (4 * 10 * 10)
    ### END SOLUTION


# %% check="05.answer_im2col_memory"
check("05.answer_im2col_memory", answer_im2col_memory)

# %% [markdown]
# **Question 2** (1 point). A `float32` array of shape (3, 4, 5) lies in memory row after row. How many bytes further is the
# same pixel of the next channel (the stride of axis 0)?

# %% task="05.answer_channel_stride"
def answer_channel_stride():
    """Bytes, a whole number."""
    ### BEGIN SOLUTION
    return 4 * 5 * 4
    ### END SOLUTION


# %% check="05.answer_channel_stride"
check("05.answer_channel_stride", answer_channel_stride)

# %% [markdown]
# **Question 3** (1 point). Nested in two dimensions, F(2×2, 3×3) computes 2×2 outputs from a 4×4 tile with 4·4
# multiplications. How many times fewer is that than directly?

# %% task="05.answer_winograd_saving"
def answer_winograd_saving():
    """A number."""
    ### BEGIN SOLUTION
    return (2 * 2) * (3 * 3) / (4 * 4)
    ### END SOLUTION


# %% check="05.answer_winograd_saving"
check("05.answer_winograd_saving", answer_winograd_saving)

# %% [markdown]
# **Question 4** (1 point). Image and kernel are transformed at the image's size, and the conjugate is used as above. Which
# entries of the H×W result are spoilt by wrapping around?
#
# - `"a"`: all of them
# - `"b"`: the last K_h − 1 rows and the last K_w − 1 columns
# - `"c"`: the first K_h − 1 rows and the first K_w − 1 columns
# - `"d"`: none of them

# %% task="05.answer_wrapped_part"
def answer_wrapped_part():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


# %% check="05.answer_wrapped_part"
check("05.answer_wrapped_part", answer_wrapped_part)
