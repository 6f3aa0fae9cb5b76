# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 05 · Fast convolution
#
# [Start](00_start_here.ipynb) · previous: [04 Equivariance](04_equivariance.ipynb) ·
# next: [06 Backpropagation](06_backpropagation.ipynb) ·
# [exercises of this unit](../exercises/05_fast_convolution/05_fast_convolution.ipynb)
#
# **After this lesson you can**
#
# - compute one convolution in six ways and say why they must agree;
# - say what a stride in memory is, and which operations on an array copy;
# - write im2col, and its adjoint col2im, and say why the adjoint *adds*;
# - derive the convolution theorem and Winograd's F(2, 3), and do both with small numbers;
# - count flops and bytes of each way, and say where it loses digits;
# - say from a roofline plot what limits a layer: arithmetic or memory.
#
# **Time** about 95 minutes, with the questions. The code runs in less than a minute. This lesson can wait until you are
# curious: lesson 06 explains once more what it needs of section 3. On a short evening, read sections 1 to 4 and 8.
#
# **You should know** lessons 02 (cross-correlation), 03 (padding, stride, cost) and 04, section 7 (the matrix).

# %%
import cnncourse

rng = cnncourse.setup(seed=0, threads=1)

# %% [markdown]
# (This time with `threads=1`: we compare *algorithms*, so each gets one core and the same rules.)

# %%
import numpy as np
import torch
import torch.nn.functional as F

from cnncourse import data, show, table, viz
from cnncourse.numpy_nn.algorithms import fft, im2col, loops, shifted, toeplitz, winograd
from cnncourse.timing import seconds
from cnncourse.viz.costs import cost_panels, roofline
from cnncourse.viz.matrices import matrix_row

# %% [markdown]
# ## A puzzle
#
# A lens out of focus turns each point into a disc. That is a convolution: here with a disc in a 41×41 kernel.
# (In the figure the kernel is enlarged. It has 41 pixels in a row, and the photograph has 128.)

# %%
photo = data.photograph("cat").mean(axis=2)[20:148, 120:248][None, None] / 255
yy, xx = np.mgrid[-20:21, -20:21]
disc = (xx**2 + yy**2 <= 20**2).astype(float)[None, None]
disc /= disc.sum()
blurred = im2col.conv2d(photo, disc)
print(photo.shape[2:], "pixels become", blurred.shape[2:], " products per pixel:", disc.size)

# %% tags=["plumbing"]
# The photograph, the blurred one, and the kernel.
show(
    viz.image_row(
        [photo[0, 0], blurred[0, 0], disc[0, 0]],
        ["photograph", "out of focus", "the kernel"],
        height=2.2,
        share=False,
    ),
    "05/cat-out-of-focus",
)

# %% [markdown]
# > **Predict.** Each output pixel is a sum of 41 · 41 = 1,681 products. Can *the same* blur of a large photograph be had
# > with fewer than a hundred multiplications for each pixel? And the smallest case: a kernel of three numbers gives two outputs by six
# > products. Can two outputs be had from **four** multiplications?
#
# Sections 5 and 6 answer these questions. First, what has to be computed.

# %% [markdown]
# ## 1. The definition: seven loops
#
# $$ y[n, o, i, j] = \sum_{c} \sum_{u, v} w[o, c, u, v]\; x[n, c, i + u - P, j + v - P] $$
#
# One loop per letter, of which four count outputs ($n$ the image, $o$ the output channel, $i, j$ the place) and three
# count the terms of a sum ($c$ the input channel, $u, v$ the place in the kernel). Outside the image $x$ counts as zero:
# that is the padding $P$. A multiplication and an addition are two **flops** (floating-point operations), so there are
#
# $$ \text{flops} = 2 \cdot N \cdot C_{out} \cdot H_{out} \cdot W_{out} \cdot C_{in} \cdot K^2 . $$
#
# Our example for the whole lesson: a colour patch of the cat, 3×24×24, and eight random 3×3 filters, padding 1.

# %%
cat = data.photograph("cat")
x = np.ascontiguousarray(cat[60:132:3, 160:232:3].transpose(2, 0, 1)[None] / 255)
w = rng.normal(size=(8, 3, 3, 3))
N, C_in, H, W = x.shape
C_out, _, K, _ = w.shape
by_loops = loops.conv2d(x, w, padding=1)
H_out, W_out = by_loops.shape[2:]
by_torch = F.conv2d(torch.from_numpy(x), torch.from_numpy(w), padding=1).numpy()
print("input", x.shape, " output", by_loops.shape)
print(f"{2 * N * C_out * H_out * W_out * C_in * K**2:,} flops")
print("agrees with PyTorch to 1e-12:", np.abs(by_loops - by_torch).max() < 1e-12)

# %% tags=["plumbing"]
# The image and three of its maps.
show(
    viz.image_row(
        [x[0].transpose(1, 2, 0), *by_loops[0, :3]],
        ["the image", "map 0", "map 1", "map 2"],
        height=2,
        share=False,
    ),
    "05/patch-and-feature-maps",
)

# %% [markdown]
# Clear, and slow: Python spends far longer around each multiplication than the processor does on it. The other five
# ways give *large* pieces of work to compiled code. The largest piece there is: a matrix product.
#
# ## 2. Toeplitz: one big matrix
#
# Lesson 04, section 7, wrote a convolution as a matrix $M$ on the flattened image. With channels it has a row for each
# (output channel, place) and a column for each (input channel, pixel).

# %%
small = toeplitz.conv_matrix(np.arange(1.0, 10).reshape(1, 1, 3, 3), 4, 4)
M = toeplitz.conv_matrix(w, H, W, padding=1)
by_matrix = (x.reshape(N, -1) @ M.T).reshape(by_loops.shape)
print(f"M: {M.shape[0]:,} × {M.shape[1]:,} entries, of which {np.mean(M != 0):.1%} are not zero")
print("agrees with the loops to 1e-12:", np.abs(by_matrix - by_loops).max() < 1e-12)

# %% tags=["plumbing"]
# The matrix of a small image.
show(
    matrix_row(
        [small], ["3×3 kernel 1 … 9 on a 4×4 image: four windows"], [(2, 4)], values=True, cell=0.36
    ),
    "05/small-toeplitz-matrix",
)

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(by_matrix, by_loops, atol=1e-12)

# %% [markdown]
# One product, two lines; and nearly all of it multiplies by zero (the empty cells of the figure). $M$ is for thinking: sections 3 and 5 use it so. For
# computing we want a matrix without the zeros.
#
# ## 3. im2col: every window a column
#
# Look at the rows of $M$ from the image's side. Each output is a dot product of *all* weights of a filter with *one*
# window. So write each window as a column. By hand: a 3×3 image with windows of 2×2.

# %%
tiny = np.arange(1.0, 10).reshape(1, 1, 3, 3)
columns = im2col.im2col(tiny, 2)
kernel = np.array([[1.0, 2, 3, 4]])
print("kernel 1 2 3 4 as a row, times the columns:", (kernel @ columns[0])[0])

# %% tags=["plumbing"]
# The image and its columns.
show(
    matrix_row([tiny[0, 0], columns[0]], ["the image", "its columns"], values=True, cell=0.42),
    "05/windows-as-columns",
)

# %% tags=["check"]
# Check that the text is true.
assert (kernel @ columns[0])[0, 0] == 1 * 1 + 2 * 2 + 3 * 4 + 4 * 5

# %% [markdown]
# With channels a column has $C_{in} K^2$ entries (channel first, then the window's rows), and there are
# $L = H_{out} W_{out}$ columns. The filters are the rows of `w.reshape(C_out, -1)`. The layer is **one matrix product**
# (a *GEMM*, general matrix multiplication, as the libraries call it):
#
# $$ \underbrace{Y}_{C_{out} \times L} = \underbrace{\text{w.reshape}(C_{out}, -1)}_{C_{out} \times C_{in}K^2}
#    \;\cdot\; \underbrace{\text{im2col}(x)}_{C_{in}K^2 \times L} . $$


# %%
def conv_by_im2col(x, w, padding):
    columns = im2col.im2col(x, w.shape[2:], padding=padding)
    H_out, W_out = (
        size + 2 * padding - K + 1 for size, K in zip(x.shape[2:], w.shape[2:], strict=True)
    )
    return (w.reshape(len(w), -1) @ columns).reshape(len(x), len(w), H_out, W_out)


columns = im2col.im2col(x, 3, padding=1)
unfolded = F.unfold(torch.from_numpy(x), 3, padding=1).numpy()
print("agrees with the loops to 1e-12:", np.abs(conv_by_im2col(x, w, 1) - by_loops).max() < 1e-12)
print("the columns are PyTorch's unfold:", np.array_equal(columns, unfolded))
print(f"{x.size:,} numbers in the image, {columns.size:,} in its columns")

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(conv_by_im2col(x, w, 1), by_loops, atol=1e-12)
assert columns.size == K**2 * x.size

# %% [markdown]
# No flop is wasted. The price is memory: at stride 1 each pixel inside the image is in $K^2$ columns.
#
# ### Strides: all windows without a copy
#
# Lesson 02 took all windows of an image with `sliding_window_view`, and it took no time. How can that be, if they have
# $K^2$ times as many numbers? We have to look at memory.
#
# Memory is a line. An array is a start on that line, a shape, and one **stride** per axis: how far to walk on the line
# when that index grows by one. For an array with axes $n, c, h, w$,
#
# $$ \text{address}(n, c, h, w) = n\,s_N + c\,s_C + h\,s_H + w\,s_W . $$
#
# In **NCHW** order neighbours in a row are neighbours in memory: $s_W = 1$, $s_H = W$, $s_C = HW$, $s_N = CHW$.
# In **NHWC** order the channels of a pixel are: $s_C = 1$, $s_W = C$, $s_H = WC$, $s_N = HWC$.
# The shapes we write stay (N, C, H, W) in both cases. Here are the addresses in a tiny image of 3×2×4:

# %%
n, c, h, w_index = np.indices((1, 3, 2, 4))
nchw = n * 3 * 2 * 4 + c * 2 * 4 + h * 4 + w_index
nhwc = n * 2 * 4 * 3 + h * 4 * 3 + w_index * 3 + c

# %% tags=["plumbing"]
# The addresses, in the place of the numbers.
figure, axes = viz.figure_grid(2, 3, size=(7.2, 2.9))
for row, (name, address) in enumerate([("NCHW", nchw), ("NHWC", nhwc)]):
    for channel in range(3):
        viz.draw_values(axes[row, channel], address[0, channel].astype(float), 0, 27)
        axes[row, channel].set_title(f"{name}, channel {channel}")
show(figure, "05/addresses-in-memory")

# %% [markdown]
# NumPy counts its strides in bytes, PyTorch in elements. `transpose` changes the strides and moves nothing.
# PyTorch calls NHWC memory `channels_last`, and the shape that it reports does not change:

# %%
batch = np.zeros((2, 3, 32, 48), dtype=np.float32)
nhwc_view = batch.transpose(0, 2, 3, 1)
tensor = torch.from_numpy(batch)
last = tensor.to(memory_format=torch.channels_last)
rows = [
    ("NumPy, NCHW", batch.shape, batch.strides, "bytes"),
    ("its NHWC view", nhwc_view.shape, nhwc_view.strides, "bytes"),
    ("PyTorch, NCHW", tensor.shape, tensor.stride(), "elements"),
    ("PyTorch, channels_last", last.shape, last.stride(), "elements"),
]
table([(name, str(tuple(shape)), str(steps), unit) for name, shape, steps, unit in rows],
      ["", "shape", "strides", "in"])  # fmt: skip

# %% [markdown]
# Now the windows. The number at place $(u, v)$ of the window at $(i, j)$ is $x[n, c, i + u, j + v]$. Its address is
#
# $$ n\,s_N + c\,s_C + (i + u)\,s_H + (j + v)\,s_W = n\,s_N + c\,s_C + i\,s_H + j\,s_W + u\,s_H + v\,s_W . $$
#
# So all windows together are an array with *six* axes on the same memory, and its strides are those of the image, with
# the last two written once more. That is a description, and a description costs nothing. The columns of im2col are the
# same six axes in another order. Channel and window are flattened to one axis, and the places to another.
#
# > **Predict.** We make the columns from the windows by `transpose` and `reshape`. Do they still share their memory
# > with the image?

# %%
padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
s_N, s_C, s_H, s_W = padded.strides
windows = np.lib.stride_tricks.as_strided(
    padded, (N, C_in, H_out, W_out, K, K), (s_N, s_C, s_H, s_W, s_H, s_W), writeable=False
)
by_strides = windows.transpose(0, 1, 4, 5, 2, 3).reshape(N, C_in * K**2, H_out * W_out)
print("equal to im2col:", np.array_equal(by_strides, columns))
print("the windows share memory with the image:", np.shares_memory(windows, padded))
print("the columns share memory with the image:", np.shares_memory(by_strides, padded))

# %% tags=["check"]
# Check that the text is true.
assert np.array_equal(by_strides, columns)
assert np.shares_memory(windows, padded)
assert not np.shares_memory(by_strides, padded)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The windows share it: there is one set of numbers, and two descriptions of it. (To write into one would change the
# other, which is why we ask for `writeable=False`.) The transpose is only another description. But `reshape` needs
# channel and window behind one another on *one* axis, which no single stride can express. So NumPy copies, without
# telling you. PyTorch is stricter: `tensor.view` refuses where a copy would be needed, and `tensor.reshape` copies like NumPy.
# </details>
#
# ### col2im, the adjoint
#
# im2col copies numbers, so it is linear: a matrix $A$ of zeros and ones. Training needs the way back (lesson 06). Not
# the inverse but the **adjoint** $A^\top$, the map for which
#
# $$ \langle A x,\, y \rangle = \langle x,\, A^\top y \rangle \quad \text{for all } x, y. $$
#
# ($\langle a, b \rangle$ is the dot product: multiply entry by entry and add up.)
#
# Derive it. $(Ax)[k] = x[p(k)]$, where $p(k)$ is the pixel that column entry $k$ reads. (An entry that reads the padding
# is zero. It adds nothing, and we leave it out of the sums.) Then
# $\langle Ax, y\rangle = \sum_k x[p(k)]\, y[k]$. Collect the terms of each pixel $q$:
# $\sum_q x[q] \big(\sum_{k:\, p(k) = q} y[k]\big)$. So
#
# $$ (A^\top y)[q] = \sum_{k:\; p(k) = q} y[k] . $$
#
# What was *copied* to several windows is *summed* from them. That is `col2im`.
#
# > **Predict.** We take the 3×3 image above and apply col2im to its own four columns. Which number comes back in the
# > middle, where the image has 5? And in the corners and on the edges?

# %%
columns = im2col.im2col(tiny, 2)
back = im2col.col2im(columns, tiny.shape, 2)
visits = im2col.col2im(np.ones_like(columns), tiny.shape, 2)

# %% tags=["plumbing"]
# The image, what comes back, and the number of visits.
show(
    matrix_row(
        [tiny[0, 0], back[0, 0], visits[0, 0]],
        ["x", "col2im(im2col(x))", "visits"],
        values=True,
        cell=0.5,
    ),
    "05/there-and-back",
)

# %% tags=["check"]
# Check that the text is true.
assert np.array_equal(back, visits * tiny)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Each pixel comes back as often as it was read: the middle 5 as 20. So col2im is not the inverse of im2col; dividing
# by the number of visits would make it one. But the gradient is the sum, not the mean.
# </details>
#
# The defining equation, tested with stride, padding and random numbers, and against PyTorch's `fold`:

# %%
image = rng.normal(size=(2, 3, 9, 8))
columns = im2col.im2col(image, (3, 2), (2, 1), (1, 0))
upstream = rng.normal(size=columns.shape)
returned = im2col.col2im(upstream, image.shape, (3, 2), (2, 1), (1, 0))
left, right = np.sum(columns * upstream), np.sum(image * returned)
folded = F.fold(torch.from_numpy(upstream), (9, 8), (3, 2), stride=(2, 1), padding=(1, 0)).numpy()
print(f"<im2col x, y> = {left:.3f}   <x, col2im y> = {right:.3f}")
print("col2im agrees with PyTorch's fold:", np.allclose(returned, folded))
by_columns = im2col.col2im(w.reshape(8, -1).T @ by_loops.reshape(1, 8, -1), x.shape, 3, padding=1)
by_transpose = (by_loops.reshape(1, -1) @ M).reshape(x.shape)
print("col2im after the filters' transpose = M transposed:", np.allclose(by_columns, by_transpose))

# %% tags=["check"]
# Check that the text is true.
assert abs(left - right) < 1e-10
assert np.allclose(returned, folded)
assert np.allclose(by_columns, by_transpose)

# %% [markdown]
# The last line ties the two matrices together: $M x = w \cdot A x$, so $M^\top y = A^\top (w^\top y)$.
#
# ## 4. Shifted: a matrix product for each kernel position
#
# Swap the loops. Instead of "for each window all kernel positions", take *one* kernel position $(u, v)$ and all windows
# at once. Its share of the output is a 1×1 convolution of the shifted image: a $C_{out} \times C_{in}$ matrix times the
# image. Add up the $K^2$ shares. Nothing is copied into columns.


# %%
def conv_by_shifts(x, w, P):
    x = np.pad(x, ((0, 0), (0, 0), (P, P), (P, P)))
    (N, _, H, W), (C_out, _, K_h, K_w) = x.shape, w.shape
    y = np.zeros((N, C_out, H - K_h + 1, W - K_w + 1))
    for u, v in np.ndindex(K_h, K_w):
        y += np.einsum(
            "oc,nchw->nohw", w[:, :, u, v], x[:, :, u : u + y.shape[2], v : v + y.shape[3]]
        )
    return y


four_weights = [(0, 0, -1), (0, 2, 1), (2, 0, -1), (2, 2, 1)]  # (u, v, weight)
shares = [weight * x[:, :1, u : u + 22, v : v + 22] for u, v, weight in four_weights]
print("agrees with the loops to 1e-12:", np.abs(conv_by_shifts(x, w, 1) - by_loops).max() < 1e-12)

# %% tags=["plumbing"]
# Four shifted copies and their sum.
show(
    viz.image_row(
        [*(s[0, 0] for s in shares), sum(shares)[0, 0]],
        ["− shift (0, 0)", "+ shift (0, 2)", "− shift (2, 0)", "+ shift (2, 2)", "sum"],
        signed=True,
        height=1.9,
    ),
    "05/four-shifted-copies",
)

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(conv_by_shifts(x, w, 1), by_loops, atol=1e-12)

# %% [markdown]
# Four shifted pictures, two added and two subtracted, are a kernel with four weights. The package's `shifted` goes one
# step further: in the flattened image a shift is a slice that *starts later*, so no slice is copied either. It then
# computes a few outputs at the row ends that belong to no window, and drops them. Its price: the output is read and
# written $K^2$ times.
#
# ## 5. FFT: multiply spectra instead
#
# The **discrete Fourier transform** (DFT) of $n$ numbers writes them as a sum of waves that fit $0, 1, 2, \dots$ times
# into the $n$ places. (In this section, $i$ in an exponent is the imaginary unit.)
#
# $$ X[f] = \sum_{k=0}^{n-1} x[k]\, e^{-2\pi i f k / n}, \qquad
#    x[k] = \frac1n \sum_{f=0}^{n-1} X[f]\, e^{+2\pi i f k / n} . $$
#
# Shift such a complex wave, $e^{2\pi i f k / n}$, by $u$ places, and it is the same wave times a number,
# $e^{2\pi i f u / n}$. (For a sine this is not true.) A correlation adds shifted copies. So it can only multiply each
# wave by a number. *Which* number? Take the **circular** cross-correlation
# $y[j] = \sum_u w[u]\, x[(j + u) \bmod n]$ and transform it:
#
# $$ Y[f] = \sum_j \sum_u w[u]\, x[j + u]\, e^{-2\pi i f j / n} . $$
#
# Name the place that is read: $k = j + u$, so $j = k - u$. The places wrap around, so when $j$ runs over all $n$ places,
# $k$ does, too, for each $u$. The sum over $(j, u)$ becomes one over $(k, u)$, and the exponential falls into two factors:
#
# $$ Y[f] = \sum_u w[u]\, e^{+2\pi i f u / n} \; \sum_k x[k]\, e^{-2\pi i f k / n}
#    = \overline{W[f]}\; X[f] . $$
#
# (The bar, complex conjugation, turns the sign of the exponent, because $w$ is real.)
# Had we *convolved*, with $x[j - u]$, the sign in the first exponent would be $-$, and there would be no bar. This is
# the **convolution theorem**: a circular convolution is a product of spectra, and a correlation conjugates one of them.
#
# By hand: $x = (1, 2, 3, 4)$, $w = (1, -1, 0, 0)$, padded with zeros to the same length. (The spectrum $W[f]$ is `V` in the
# code, where `W` is the width.)

# %%
four, difference = np.array([1.0, 2, 3, 4]), np.array([1.0, -1, 0, 0])
X, V = np.fft.fft(four), np.fft.fft(difference)
correlated, convolved = np.fft.ifft(V.conj() * X).real, np.fft.ifft(V * X).real
spectra = [("spectrum of x", X), ("spectrum of w", V), ("conj(W) · X", V.conj() * X)]
table(spectra, {"": "", "four waves": ".0f"})
print("transformed back:  ", correlated)
print("without conjugate: ", convolved, "(the convolution)")

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(correlated, [1 - 2, 2 - 3, 3 - 4, 4 - 1])
assert np.allclose(convolved, [1 - 4, 2 - 1, 3 - 2, 4 - 3])

# %% [markdown]
# The first three outputs are the valid ones, $x[i] - x[i+1]$. The last, $4 - 1$, has **wrapped around**. With a kernel
# of $K$ entries the last $K - 1$ outputs are spoilt in this way: cut them off, and the circular correlation *is* the
# valid one.
#
# ### The same, said with matrices
#
# The circular correlation is lesson 04's averaged matrix: a circulant $M$, constant along diagonals that continue
# around the edge. The theorem says: in the basis of waves, **every** circulant matrix is diagonal.

# %%
n = 12
wave = np.fft.fft(np.eye(n))
circulant = np.stack([np.roll(np.r_[1.0, 2, 3, np.zeros(n - 3)], i) for i in range(n)])
in_waves = wave @ circulant @ np.linalg.inv(wave)
spectrum = np.fft.fft(circulant[0]).conj()
print("diagonal in the basis of waves:", np.allclose(in_waves, np.diag(spectrum)))

# %% tags=["plumbing"]
# The matrix, and the same map between waves.
show(
    matrix_row(
        [circulant, np.abs(in_waves).round(9)],
        [
            "circular, with 1 2 3\n(row: output, column: input)",
            "sizes of the entries between waves\n(row: wave out, column: wave in)",
        ],
        cell=0.26,
    ),
    "05/circulant-matrix",
)

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(in_waves, np.diag(spectrum))

# %% [markdown]
# ### An image
#
# In two dimensions transform the rows and then the columns. The sum over input channels may be taken before the
# inverse transform, since the transform is linear. The code uses `rfft2`, the transform for real numbers. It returns
# only half of the spectrum, since the other half is its complex conjugate.


# %%
def conv_by_fft(x, w, P):
    x = np.pad(x, ((0, 0), (0, 0), (P, P), (P, P)))
    size, (K_h, K_w) = x.shape[2:], w.shape[2:]
    X, V = np.fft.rfft2(x), np.fft.rfft2(w, s=size)  # pads the kernel with zeros
    y = np.fft.irfft2(np.einsum("ochw,nchw->nohw", V.conj(), X), s=size)
    return y[:, :, : size[0] - K_h + 1, : size[1] - K_w + 1]  # cut off what wrapped around


print("agrees with the loops to 1e-12:", np.abs(conv_by_fft(x, w, 1) - by_loops).max() < 1e-12)

# %% [markdown]
# And the puzzle: the spectra of the cat and of the disc, and their product. (The pictures show the logarithm of the
# size of each number. `fftshift` puts the slow waves in the middle.)

# %%
size = photo.shape[2:]
P_spectrum, D_spectrum = np.fft.fft2(photo[0, 0]), np.fft.fft2(disc[0, 0], s=size)
circular = np.fft.ifft2(P_spectrum * D_spectrum.conj()).real


def log_size(spectrum):
    return np.fft.fftshift(np.log10(np.abs(spectrum) + 1e-3))


pictures = [
    log_size(P_spectrum),
    log_size(D_spectrum),
    log_size(P_spectrum * D_spectrum.conj()),
    circular,
]
valid = tuple(slice(size_a - 40) for size_a in size)
print("inside, it is the puzzle's picture:", np.allclose(circular[valid], blurred[0, 0]))

# %% tags=["plumbing"]
# The spectra, and what is transformed back.
show(
    viz.image_row(
        pictures,
        ["spectrum of the photo", "of the disc", "their product", "transformed back"],
        height=2.2,
        share=False,
    ),
    "05/spectra",
)

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(conv_by_fft(x, w, 1), by_loops, atol=1e-12)
assert np.allclose(circular[valid], blurred[0, 0])

# %% [markdown]
# The picture on the right has 128×128 pixels. Its upper left part of 88×88 is the puzzle's picture. The rest has wrapped
# around, and is cut off.
#
# ### What it costs
#
# The **fast** Fourier transform (FFT) needs not $n^2$ but about $2.5\, n \log_2 n$ flops for $n$ real numbers. (It
# splits the sum into even and odd places, and again, and again: $\log_2 n$ times.) Here we need three transforms and a
# product of $n/2$ complex numbers, with 6 flops for each:

# %%
n = photo.size
flops = 3 * 2.5 * n * np.log2(n) + 6 * n / 2
print(f"direct: {2 * disc.size} flops for each output pixel; by FFT {flops / blurred.size:.0f}")
repeated = 2 * 2.5 * np.log2(n) + 3
print(f"for a large image, with the kernel's spectrum kept: about {repeated:.0f} flops")

# %% tags=["check"]
# Check that the text is true.
assert flops / blurred.size < 2 * disc.size / 10
assert repeated < 100

# %% [markdown]
# Our small picture pays for the rim, which is computed and then cut off, and for the kernel's spectrum, which is used
# only once. In a large image both hardly count, and the last line leaves them out: fewer than a hundred flops for each
# pixel, so fewer than a hundred multiplications. ($\log_2 n$ grows slowly: for 512×1024 pixels it is 19, and
# $5 \cdot 19 + 3 = 98$.) The first half of the puzzle is solved. $K$ does not occur in the formula at all.
#
# ## 6. Winograd: fewer multiplications
#
# The FFT's cost does not depend on $K$, so it is made for large kernels. But most layers are 3×3. Take four inputs $d$ in a
# row and the three weights $w$ of a kernel. They give two neighbouring outputs:
#
# $$ y_0 = d_0 w_0 + d_1 w_1 + d_2 w_2, \qquad y_1 = d_1 w_0 + d_2 w_1 + d_3 w_2 . $$
#
# Six multiplications, overlapping inputs. We look for four, in three steps.
#
# **Step 1: polynomials.** Multiply $a(t) = a_0 + a_1 t$ by $w(t) = w_0 + w_1 t + w_2 t^2$. The product
# $c(t) = c_0 + c_1 t + c_2 t^2 + c_3 t^3$ has four coefficients (they are the full convolution of $a$ and $w$), so it
# is known from **four values**, and each value is *one* multiplication, $c(t) = a(t)\, w(t)$. Take the simplest points,
# $0, 1, -1$, and "$\infty$", which means the leading coefficient:
#
# $$ s_0 = a_0\, w_0, \quad s_1 = (a_0 + a_1)(w_0 + w_1 + w_2), \quad s_{-1} = (a_0 - a_1)(w_0 - w_1 + w_2), \quad
#    s_\infty = a_1\, w_2 . $$
#
# **Step 2: back to coefficients.** $s_1 = c_0 + c_1 + c_2 + c_3$ and $s_{-1} = c_0 - c_1 + c_2 - c_3$. Half the sum is
# $c_0 + c_2$, half the difference $c_1 + c_3$. So
#
# $$ c_0 = s_0, \quad c_1 = \tfrac{s_1 - s_{-1}}2 - s_\infty, \quad c_2 = \tfrac{s_1 + s_{-1}}2 - s_0, \quad
#    c_3 = s_\infty . $$
#
# The halves can be put with the kernel. As matrices: $c = C\,[(G w) \odot (E a)]$, where $\odot$ multiplies entry by
# entry.

# %%
E = np.array([[1, 0], [1, 1], [1, -1], [0, 1]])  # a at 0, 1, −1, ∞
G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])  # w there, with the halves
C = np.array([[1, 0, 0, 0], [0, 1, -1, -1], [-1, 1, 1, 0], [0, 0, 0, 1]])  # values → coefficients
a, w3 = np.array([1.0, 4]), np.array([1.0, 2, 3])
by_four = C @ ((G @ w3) * (E @ a))
print("(1 + 4t)(1 + 2t + 3t²) by four products:", by_four, " directly:", np.convolve(a, w3))

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(by_four, np.convolve(a, w3))

# %% [markdown]
# **Step 3: transpose.** For a fixed kernel the full convolution $a \mapsto c$ is a 4×2 matrix,
# $T = C\,\operatorname{diag}(G w)\, E$. Written out, and transposed:
#
# $$ T = \begin{pmatrix} w_0 & 0 \\ w_1 & w_0 \\ w_2 & w_1 \\ 0 & w_2 \end{pmatrix}, \qquad
#    T^\top d = \begin{pmatrix} w_0 d_0 + w_1 d_1 + w_2 d_2 \\ w_0 d_1 + w_1 d_2 + w_2 d_3 \end{pmatrix}
#    = \begin{pmatrix} y_0 \\ y_1 \end{pmatrix} . $$
#
# The transpose is just what we want! And $T^\top = E^\top \operatorname{diag}(G w)\, C^\top$ has the same four products
# in the middle:
#
# $$ y = \underbrace{E^\top}_{A^\top} \big[ (G w) \odot (\underbrace{C^\top}_{B^\top} d) \big] . $$
#
# $A$, $B$ and $G$ are the names in the literature (this $A$ is not section 3's matrix of zeros and ones). It also calls
# the algorithm F(2, 3): two outputs, three weights. Row by row, with the sign of the last product turned around (twice,
# so that nothing changes):
#
# $$ m_1 = (d_0 - d_2)\, w_0, \quad m_2 = (d_1 + d_2)\tfrac{w_0 + w_1 + w_2}2, \quad
#    m_3 = (d_2 - d_1)\tfrac{w_0 - w_1 + w_2}2, \quad m_4 = (d_1 - d_3)\, w_2, $$
#
# $$ y_0 = m_1 + m_2 + m_3, \qquad y_1 = m_2 - m_3 - m_4 . $$
#
# By hand: $d = (1, 2, 3, 4)$, $w = (1, 2, 3)$.

# %%
d = np.array([1.0, 2, 3, 4])  # weights 1, 2, 3
m1, m2, m3, m4 = (1 - 3) * 1, (2 + 3) * 3, (3 - 2) * 1, (2 - 4) * 3
print("products:", m1, m2, m3, m4, "  outputs:", m1 + m2 + m3, m2 - m3 - m4)
print("directly:", 1 * 1 + 2 * 2 + 3 * 3, 2 * 1 + 3 * 2 + 4 * 3)

# %% tags=["check"]
# Check that the text is true.
assert np.array_equal(E.T @ ((G @ w3) * (C.T @ d)), [14, 20])
assert np.array_equal(winograd.winograd_f23(d, w3), [m1 + m2 + m3, m2 - m3 - m4])

# %% [markdown]
# Four multiplications instead of six: the second half of the puzzle is solved. ($G w$ is computed once for a filter
# and used for every tile, so its additions and halves do not count.)
#
# **In two dimensions** do it along rows *and* columns. From now on $m$, without an index, is the number of outputs on a
# side (above it was 2): an $(m+2) \times (m+2)$ tile of the image gives $m \times m$ outputs,
#
# $$ Y = A^\top \big[ (G\, w\, G^\top) \odot (B^\top d\, B) \big] A , $$
#
# with $(m+2)^2$ products instead of $9 m^2$. And the sum over the input channels can be taken *inside* the brackets:
# for each of the $(m + 2)^2$ entries a matrix product $C_{out} \times C_{in}$ times $C_{in} \times$ tiles. So it is
# GEMMs again, but smaller ones.

# %%
At, G, Bt = winograd.F2
d, w33 = rng.normal(size=(4, 4)), rng.normal(size=(3, 3))
Y = At @ ((G @ w33 @ G.T) * (Bt @ d @ Bt.T)) @ At.T
direct = im2col.conv2d(d[None, None], w33[None, None])[0, 0]
print("F(2×2, 3×3) of one tile agrees:", np.allclose(Y, direct))
rows = []
for m in (2, 4):
    error = np.abs(winograd.conv2d(x, w, padding=1, m=m) - by_loops).max()
    rows.append((f"m = {m}", 9 * m * m, (m + 2) ** 2, 9 * m * m / (m + 2) ** 2, error < 1e-12))
table(rows, ["", "products", "become", "times fewer", "agrees with the loops to 1e-12"])

# %% tags=["plumbing"]
# The matrices of both tile sizes.
show(
    viz.kernel_row(
        [*winograd.F2, winograd.F4[2]],
        ["Aᵀ, m = 2", "G, m = 2", "Bᵀ, m = 2", "Bᵀ, m = 4"],
        values=True,
        columns=2,
    ),
    "05/winograd-matrices",
)

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(Y, direct)
assert all(row[-1] for row in rows)

# %% [markdown]
# Larger tiles save more. But $m = 4$ needs six points, $0, \pm 1, \pm 2$ and $\infty$. The powers of 2 make larger entries
# (the last matrix), and these cost digits. How many? Section 7 measures it.
#
# ## 7. All six on one image
#
# First of all: do they agree? The package's six, in float64. (Its Winograd takes the larger tiles, $m = 4$.)

# %%
six = {
    "loops": loops.conv2d,
    "toeplitz": toeplitz.conv2d,
    "im2col": im2col.conv2d,
    "shifted": shifted.conv2d,
    "fft": fft.conv2d,
    "winograd": winograd.conv2d,
}
outputs = {name: conv(x, w, padding=1) for name, conv in six.items()}
rows = [(name, np.abs(y - by_loops).max() < 1e-12, np.abs(y - by_torch).max() < 1e-12)
        for name, y in outputs.items()]  # fmt: skip
table(rows, ["", "agrees with the loops to 1e-12", "agrees with PyTorch to 1e-12"])

# %% tags=["check"]
# Check that the text is true.
assert all(all(row[1:]) for row in rows)

# %% [markdown]
# One map, six ways. Now what each costs, counted before it is timed. **Flops** by the formulas of the sections above.
# **Bytes**: each array that is written or read counts once each time (in float32, four bytes a number, eight for a
# complex one), as if nothing stayed in the cache from one step to the next. It is a model, good to a factor of two or so.


# %%
def costs(C_in, C_out, H, K, m=4, N=1):
    """{name: (flops, bytes)} for N images C_in×H×H, kernel K, padding K // 2, float32."""
    L, padded, n_weights = N * H * H, H + 2 * (K // 2), C_out * C_in * K**2
    once = N * C_in * padded**2 + n_weights + C_out * L  # input, weights and output, each one time
    direct, entries = 2 * n_weights * L, C_out * H**2 * C_in * H**2  # entries of the big matrix
    maps = N * C_in + C_out * C_in + N * C_out
    half = padded * (padded // 2 + 1)  # a real image's spectrum has half the entries
    transforms = maps * 2.5 * padded**2 * np.log2(padded**2)
    side, tiles = m + 2, N * (-(-H // m)) ** 2
    T = side**2  # entries of a tile; below: the flops of Bᵀ d B, of Aᵀ [...] A and of G w Gᵀ
    to_tiles = 4 * side**3 * C_in * tiles + 2 * m * side * (side + m) * C_out * tiles
    to_tiles += 6 * side * (side + 3) * C_in * C_out
    shifts = N * K**2 * (C_in * padded**2 + 4 * C_out * padded * H)
    numbers = {
        "loops": (direct, once),
        "toeplitz": (2 * N * entries, once + entries),
        "im2col": (direct, once + 2 * C_in * K**2 * L),
        "shifted": (direct * padded / H, once + shifts),
        "fft": (transforms + 8 * N * C_in * C_out * half, once + 4 * maps * half),
        "winograd": (2 * C_out * C_in * T * tiles + to_tiles,
                     once + 2 * T * ((2 * C_in + C_out) * tiles + C_in * C_out)),
    }  # fmt: skip
    return {name: (int(flops), 4 * int(count)) for name, (flops, count) in numbers.items()}


# %%
counted = costs(C_in, C_out, H, K)
rows = [(name, flops / 1e6, count / 1e6, flops / count) for name, (flops, count) in counted.items()]
table(rows, {"": "", "Mflop": ".2f", "MB": ".2f", "flops per byte": ".1f"})

# %% [markdown]
# **Rounding**: we compute in float32 and compare with float64, relative to the largest output. **Time**: the fastest
# of several runs, in seconds of the processor.
#
# > **Predict.** The table has counted the flops. Will the times come in the same order? How many times as long as im2col
# > will the loops take? Which way rounds worst?

# %% tags=["nbval-ignore-output"]
x32, w32 = x.astype(np.float32), w.astype(np.float32)
calls = {name: lambda conv=conv: conv(x32, w32, padding=1) for name, conv in six.items()}
took = seconds({"loops": calls.pop("loops")}, rounds=1) | seconds(calls)
largest = np.abs(by_loops).max()
rounding = {
    name: np.abs(conv(x32, w32, padding=1) - by_loops).max() / largest for name, conv in six.items()
}
panels = {
    "flops": {name: flops for name, (flops, _) in counted.items()},
    "bytes": {name: count for name, (_, count) in counted.items()},
    "microseconds, measured": {name: took[name] * 1e6 for name in six},
    "rounding, measured": rounding,
}

# %% tags=["plumbing"]
# Flops, bytes, time and rounding of all six.
show(cost_panels(panels), "05/cost-of-six-ways")

# %% tags=["check"]
# Check that the text is true.
assert took["loops"] > 100 * took["im2col"]
assert took["toeplitz"] > 3 * took["im2col"]
assert all(error < 1e-5 for error in rounding.values())
assert counted["toeplitz"][0] == 64 * counted["im2col"][0]
assert counted["winograd"][0] > counted["im2col"][0]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Loops and im2col do the same flops; the time differs by a factor of hundreds or thousands. What Python spends around
# an operation is the whole difference. The big matrix has 64 times the flops (15.93 against 0.25 Mflop) and 31.88 MB to
# read, and is slow because of *them*.
#
# For the last four ways the image is so small that calling a dozen NumPy functions costs more than computing. In
# particular Winograd has *more* flops here than im2col: with three channels its transforms are more work than they
# save. Its rounding error is the largest: the large entries of section 6. For a fair comparison the layer must be one
# that networks have.
# </details>
#
# **A layer of a real network**: 64 channels to 64, 28×28 pixels, 3×3. Loops and the big matrix are left out here. (The matrix
# would have $(64 \cdot 28^2)^2$ entries.) Winograd runs in both tile sizes.
#
# > **Predict.** With tiles of 2 and of 4 Winograd has 2.25 and 4 times fewer products. How many times fewer *flops* are
# > left, when its transforms are counted? Is it faster than im2col by as much? Where is the FFT?

# %% tags=["nbval-ignore-output"]
channels, side = 64, 28
x64 = rng.normal(size=(1, channels, side, side))
w64 = rng.normal(size=(channels, channels, 3, 3)) / np.sqrt(9 * channels)
four_ways = {
    "im2col": im2col.conv2d,
    "shifted": shifted.conv2d,
    "fft": fft.conv2d,
    "winograd, m = 2": lambda x, w, padding: winograd.conv2d(x, w, padding=padding, m=2),
    "winograd, m = 4": lambda x, w, padding: winograd.conv2d(x, w, padding=padding, m=4),
}
exact, x32, w32 = im2col.conv2d(x64, w64, padding=1), x64.astype(np.float32), w64.astype(np.float32)
layer_time = seconds(
    {name: lambda conv=conv: conv(x32, w32, padding=1) for name, conv in four_ways.items()}
)
layer_error = {name: np.abs(conv(x32, w32, padding=1) - exact).max() / np.abs(exact).max()
               for name, conv in four_ways.items()}  # fmt: skip
by_m = {m: costs(channels, channels, side, 3, m) for m in (2, 4)}
layer_cost = {name: by_m[2 if "m = 2" in name else 4][name.split(",")[0]] for name in four_ways}
panels = {
    "flops": {name: flops for name, (flops, _) in layer_cost.items()},
    "bytes": {name: count for name, (_, count) in layer_cost.items()},
    "microseconds, measured": {name: layer_time[name] * 1e6 for name in four_ways},
    "rounding, measured": layer_error,
}

# %% tags=["plumbing"]
# Flops, bytes, time and rounding on this layer.
show(cost_panels(panels), "05/cost-on-a-layer")

# %%
savings = {m: costs_of["im2col"][0] / costs_of["winograd"][0] for m, costs_of in by_m.items()}
print(f"times fewer flops than im2col: m = 2 {savings[2]:.2f}, m = 4 {savings[4]:.2f}")

# %% tags=["nbval-ignore-output"]
At, G, Bt = (matrix.astype(np.float32) for matrix in winograd.F4)
rim = np.pad(x32, ((0, 0), (0, 0), (1, 1), (1, 1)))
tiles = np.lib.stride_tricks.sliding_window_view(rim, (6, 6), (2, 3))[:, :, ::4, ::4]
products = np.ones_like(tiles)
transforms = seconds({
    "image": lambda: Bt @ tiles @ Bt.T,
    "kernels": lambda: G @ w32 @ G.T,
    "outputs": lambda: At @ products @ At.T,
})  # fmt: skip
share = sum(transforms.values()) / layer_time["winograd, m = 4"]
print(f"the three transforms alone take {share:.0%} of Winograd's time with m = 4")

# %% tags=["check"]
# Check that the text is true.
assert min(layer_cost, key=lambda name: layer_cost[name][0]) == "winograd, m = 4"
assert layer_error["winograd, m = 4"] > 2 * layer_error["im2col"]
assert layer_error["winograd, m = 4"] < 1e-4
assert layer_error["winograd, m = 2"] < 1e-5
assert share > 0.2
assert layer_time["fft"] > layer_time["im2col"]
assert all(layer_cost["fft"][k] > layer_cost["im2col"][k] for k in (0, 1))

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Counted with its transforms, Winograd saves a factor of 1.88 and of 2.89, less than the 2.25 and 4 of the textbook. In time it saves less
# still: on the computer that made this page it saved nothing, and both tile sizes took longer than im2col. A large part
# of the time goes into the transforms. They are thousands of products of 6×6 matrices, far too small for the
# processor's full speed. im2col does all its flops in one large GEMM. *Fewer flops are not less time.* Section 9 shows
# what else decides.
#
# And the FFT is the slowest here: for one image it transforms 64 · 64 kernels, each padded to the image's size. It has
# more flops than im2col and many more bytes.
#
# The larger tile loses about a decimal digit. float32 has seven of them, so six are left. A 16-bit format has three or
# fewer: there a digit is a large loss.
# </details>
#
# ### An image that is dark on one side
#
# An output of im2col is a sum over one window. An output of the FFT is a sum over all frequencies, and each frequency is
# a sum over the whole image.
#
# > **Predict.** The left half of an image is 10,000 times as dark as the right half. In the dark half, which way has
# > the larger *relative* error in float32, im2col or FFT? Or are they about equal, as in the figure above?

# %%
contrast = rng.uniform(size=(1, 1, 64, 64)) * np.where(np.arange(64) < 32, 1e-4, 1.0)
blur = np.full((1, 1, 3, 3), 1 / 9)
truth = im2col.conv2d(contrast, blur)
dark = np.s_[..., :28]
relative = {}
for name, conv in {"im2col": im2col.conv2d, "fft": fft.conv2d}.items():
    single = conv(contrast.astype(np.float32), blur.astype(np.float32))
    relative[name] = np.abs(single[dark] / truth[dark] - 1).max()
rows = [(name, error < 1e-6, error < 1e-4) for name, error in relative.items()]
table(rows, ["relative error in the dark half", "below 1e-6", "below 1e-4"])

# %% tags=["check"]
# Check that the text is true.
assert relative["im2col"] < 1e-6
assert relative["fft"] > 100 * relative["im2col"]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The FFT's is larger, by more than a hundred times. Its rounding error is about equal *everywhere*: the rounding of the
# bright half has spread over the dark one. im2col's dark outputs never see a bright pixel.
# </details>
#
# ## 8. Which wins where: the kernel's size
#
# im2col's cost grows with $K^2$. That of the FFT (section 5: convolution by the fast Fourier transform, which multiplies
# spectra) hardly grows at all. So they must cross.
#
# > **Predict.** Eight images, eight channels to eight, 32×32 pixels. From which $K$ on is the FFT faster: 3, 5, 9, 17?

# %% tags=["nbval-ignore-output"]
sizes = [1, 3, 5, 7, 9, 13, 17, 25]
batch = rng.normal(size=(8, 8, 32, 32)).astype(np.float32)
ms, agree = {"im2col": [], "fft": [], "shifted": [], "PyTorch": []}, []
for K in sizes:
    filters = rng.normal(size=(8, 8, K, K)).astype(np.float32) / K
    tensors = torch.from_numpy(batch), torch.from_numpy(filters)
    calls = {
        name: lambda conv=six[name], w=filters, P=K // 2: conv(batch, w, padding=P)
        for name in list(ms)[:3]
    }
    calls["PyTorch"] = lambda tensors=tensors, P=K // 2: F.conv2d(*tensors, padding=P).numpy()
    agree.append(all(np.allclose(call(), calls["PyTorch"](), atol=1e-3) for call in calls.values()))
    for name, one in seconds(calls, rounds=2).items():
        ms[name].append(one * 1e3)
counted = [costs(8, 8, 32, K, N=8) for K in sizes]
mflop = {name: [c[name][0] / 1e6 for c in counted] for name in ("im2col", "fft")}
for title, lines in (("fewer flops", mflop), ("less time", ms)):
    faster = [K for K, a, b in zip(sizes, lines["im2col"], lines["fft"], strict=True) if b < a]
    print(f"the FFT needs {title} than im2col at K =", *faster)

# %% tags=["plumbing"]
# Flops and time over the kernel's size.
figure, axes = viz.figure_grid(1, 2, size=(9.5, 3.4))
for place, lines, ylabel in (
    (axes[0, 0], mflop, "Mflop, counted"),
    (axes[0, 1], ms, "milliseconds, measured"),
):
    viz.draw_lines(place, sizes, lines)
    place.set(xlabel="kernel size K", ylabel=ylabel, yscale="log")
    place.legend()
show(figure, "05/cost-over-kernel-size")

# %% tags=["check"]
# Check that the text is true.
speed = {name: np.median(np.divide(mflop[name], ms[name])) for name in mflop}
assert all(agree)
assert ms["im2col"][0] < ms["fft"][0]
assert ms["fft"][-1] < ms["im2col"][-1] / 2
assert mflop["fft"][1] < mflop["im2col"][1]
assert speed["im2col"] > 1.5 * speed["fft"]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# By count, the FFT is ahead early. By the clock, only later: its flops are slower ones. It walks through memory in
# large steps and multiplies small matrices of complex numbers, one for each frequency, while im2col's flops are those
# of one GEMM. Where exactly the lines cross depends on your computer, on the channels and on the image. *That* they
# cross does not. PyTorch's compiled kernel and our shifted products take longer for larger $K$ as well. (Section 4's `shifted`
# copies no windows. With only eight channels the copies are much of im2col's work, so `shifted` can be the faster one.)
# </details>
#
# The kernel of the puzzle is far on the right. The same blur twice:

# %% tags=["nbval-ignore-output"]
puzzle = seconds(
    {"im2col": lambda: im2col.conv2d(photo, disc), "fft": lambda: fft.conv2d(photo, disc)}
)
print(f"im2col takes {puzzle['im2col'] / puzzle['fft']:.0f} times as long as the FFT")

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(fft.conv2d(photo, disc), blurred)
assert puzzle["fft"] < puzzle["im2col"] / 3

# %% [markdown]
# | Situation | Choose | Why |
# | --- | --- | --- |
# | 1×1 kernel | im2col | the image *is* the matrix: nothing is copied |
# | usual layer | im2col | one large GEMM |
# | 3×3, stride 1, many channels | Winograd, its tiles kept in the cache | up to four times fewer products; costs digits |
# | memory is short, or few channels | shifted | no columns to copy |
# | large kernel, stride 1 | FFT | cost hardly depends on $K$ |
# | proof, or a tiny example | Toeplitz, loops | nothing is hidden |
#
# (This lesson's Winograd writes all its tiles to memory, and section 7 measured what that costs. The package's fast one in
# `numpy_nn/fast/winograd.py` works on a few tiles at a time.) The package's `conv2d` chooses by such a table, in
# `numpy_nn/fast/choice.py`. So do PyTorch's libraries, with more rows, or by trying (that is what
# `torch.backends.cudnn.benchmark` switches on).
#
# ## 9. Where the machine's limit is: the roofline
#
# A processor has two limits: **peak**, how many flops it can do in a second, and **bandwidth**, how many bytes it can
# fetch from memory. A computation with $I$ flops for each byte (its **arithmetic intensity**) cannot be faster than
#
# $$ \text{flop/s} \;\le\; \min(\text{peak},\; \text{bandwidth} \cdot I) . $$
#
# Drawn on logarithmic axes that is a roof: a slope, then a level. Peak we measure by a large GEMM, bandwidth by
# copying an array that fits into no cache. Where the two lines meet is the **ridge**: only a computation with more flops
# per byte than that can be limited by arithmetic.
#
# > **Predict.** Where do these lie, on the slope or under the level part: a ReLU; the big matrix on one image; a 3×3
# > layer by im2col; by FFT?

# %% tags=["nbval-ignore-output"]
n = 768
A, B = (rng.normal(size=(n, n)).astype(np.float32) for _ in range(2))
source = np.ones(16_000_000, np.float32)
target = np.empty_like(source)
small_M = M.astype(np.float32)
vector = x.astype(np.float32).ravel()
limits = seconds({
    "GEMM": lambda: A @ B,
    "copy": lambda: np.copyto(target, source),
    "ReLU": lambda: np.maximum(source, 0, out=target),
    "big matrix, one image": lambda: small_M @ vector,
}, rounds=5)  # fmt: skip
peak, bandwidth = 2 * n**3 / limits["GEMM"], 2 * source.nbytes / limits["copy"]
points = {
    "ReLU": (1 / 8, source.size / limits["ReLU"]),
    "big matrix, one image": (2 / 4, 2 * M.size / limits["big matrix, one image"]),
}
for name, (flops, count) in layer_cost.items():
    points[name] = flops / count, flops / layer_time[name]
points["GEMM"] = 2 * n**3 / (3 * A.nbytes), peak
print(f"the ridge is at {peak / bandwidth:.0f} flops per byte")

# %% tags=["plumbing"]
# The roof and the measured points.
show(roofline(peak, bandwidth, points), "05/roofline")

# %% tags=["check"]
# Check that the text is true.
speed = {name: at for name, (_, at) in points.items()}
assert speed["ReLU"] < speed["GEMM"] / 5
assert speed["big matrix, one image"] < speed["GEMM"] / 1.5
assert speed["im2col"] > speed["ReLU"]
assert layer_cost["im2col"][0] / layer_cost["im2col"][1] > 4

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# - **ReLU** does one operation for eight bytes. It stays far below the peak however clever its code is. So do all
#   elementwise layers; this is why libraries *fuse* them into the convolution before.
# - **The big matrix** on one image uses each of its entries once: two flops for four bytes. (It can lie above the
#   slope: this $M$ may stay in the cache from one run to the next, and the slope is main memory's.) On a batch it would
#   be a GEMM: fast, and still useless.
# - **im2col** lies far to the right: each column entry is used by 64 filters. Its distance from the level part is what
#   copying columns costs.
# - **Winograd** has fewer flops for about as many bytes. So it moves to the left, towards the slope. Its points lie
#   lower, and it may still finish earlier: the height is flops in a second, not time. With m = 4 it has about a third of
#   im2col's flops, so it needs more than about a third of im2col's height to win. Does it reach that in your figure? (Where
#   its points lie far below the roof, the reason is neither peak nor bandwidth but the tiny matrices of section 7.)
# - **FFT** uses each of its 4,096 kernel spectra for one image only, then throws it away: few flops per byte. A
#   larger batch would share them. Whether its point is left or right of the ridge depends on your computer. In both
#   cases it lies far below the roof.
# </details>
#
# ## Claims to test
#
# Sentences that one reads, each measured above. Decide for each in what sense it is true, then unfold.
#
# 1. "Fewer flops means faster."
# 2. "FFT is the fast way to convolve."
# 3. "All ways give the same numbers."
# 4. "col2im undoes im2col."
#
# <details><summary><b>Verdicts</b></summary>
#
# 1. **No.** im2col and loops have the same flops, and very different times (section 7). In section 8 the FFT has fewer
#    flops than im2col from 3×3 on, but its flops are slower ones, and by the clock it is ahead only at larger kernels.
# 2. **For large kernels**; for 3×3 im2col is faster, at 25×25 the FFT (section 8).
# 3. **In exact arithmetic.** In float32 Winograd with m = 4 loses a digit, and the FFT small outputs beside large ones
#    (section 7).
# 4. **No**: it is the adjoint; pixels come back once for each window that read them (section 3).
# </details>
#
# ## Summary
#
# 1. One linear map, six ways: loops, a Toeplitz matrix, im2col and one GEMM, a GEMM for each kernel position, FFT,
#    Winograd. They agree up to rounding.
# 2. All windows are a view of the image: strides describe them without a copy. im2col copies each pixel to up to $K^2$
#    columns; its adjoint col2im sums what comes back.
# 3. Waves turn a circular correlation into a product, $Y = \overline{W} X$: the cost no longer depends on $K$.
# 4. Winograd evaluates polynomials: F(2, 3) has 4 products instead of 6, F(4×4, 3×3) 36 instead of 144, for a digit.
# 5. Time is decided by flops *and* bytes: left of the ridge of the roofline only fewer bytes help.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** The columns of a batch of 32 images, 64 channels, 56×56, for a 3×3 layer (padding 1) in float32: how much
# memory?
#
# <details><summary>Answer</summary>
#
# $32 \cdot 64 \cdot 9 \cdot 56^2 \cdot 4$ bytes = 231 MB, nine times the input. That is why our im2col takes a few
# images at a time.
# </details>
#
# **2.** What is im2col at kernel size 1, stride 1? And at kernel size = stride?
#
# <details><summary>Answer</summary>
#
# At 1 the columns are the image itself, reshaped: nothing to copy. At kernel size = stride each pixel is in exactly one
# window. Then col2im *does* undo im2col.
# </details>
#
# **3.** How many products for each output need F(6×6, 3×3), F(4×4, 3×3) and the direct way? Why not go on?
#
# <details><summary>Answer</summary>
#
# $64/36 = 1.78$, $36/16 = 2.25$, and 9. The gain from 4 to 6 is small, the transforms grow, and each larger point costs
# digits.
# </details>
#
# **4.** The FFT of a 3×3 layer with stride 2: what does the stride save?
#
# <details><summary>Answer</summary>
#
# Nothing: all outputs are computed and three of four are thrown away. im2col's columns become four times fewer.
# </details>
#
# **5.** A computer does 100 Gflop/s and reads 20 GB/s. How fast can a computation with 2 flops per byte be? With 10?
#
# <details><summary>Answer</summary>
#
# $\min(100, 20 \cdot 2) = 40$ Gflop/s; $\min(100, 200) = 100$ Gflop/s. The ridge is at 5 flops per byte.
# </details>
#
# **6.** A batch has shape (8, 3, 32, 32). Which address, in elements, has the entry $n=1, c=2, h=5, w=7$ in NCHW
# memory, and which in NHWC memory?
#
# <details><summary>Answer</summary>
#
# NCHW: $1\cdot 3072 + 2 \cdot 1024 + 5 \cdot 32 + 7 = 5287$. NHWC: $1 \cdot 3072 + 5 \cdot 96 + 7 \cdot 3 + 2 = 3575$.
# </details>
#
# **7.** `image[..., ::-1]` mirrors an image left to right without copying. What is its last stride, and why does
# `torch.from_numpy` refuse it?
#
# <details><summary>Answer</summary>
#
# It is negative: the view starts at the last column and walks backwards. PyTorch's tensors have no negative strides.
# `np.ascontiguousarray` makes a copy in the usual order, which it accepts.
# </details>

# %%
print(f"1. {32 * 64 * 9 * 56**2 * 4 / 1e6:.0f} MB")
tile = rng.normal(size=(1, 2, 6, 6))
print("2.", np.array_equal(im2col.im2col(tile, 1)[0], tile.reshape(2, 36)),
      np.array_equal(im2col.col2im(im2col.im2col(tile, 3, 3), tile.shape, 3, 3), tile))  # fmt: skip
print(f"3. {64 / 36:.2f}, {36 / 16:.2f}, 9")
every, second = im2col.im2col(tile, 3, padding=1), im2col.im2col(tile, 3, 2, 1)
print("4. columns:", every.shape[2], "and", second.shape[2])
print("5.", min(100, 20 * 2), min(100, 20 * 10), "ridge", 100 / 20)
bytes_nchw = np.empty((8, 3, 32, 32), np.uint8)  # one byte per element
bytes_nhwc = np.empty((8, 32, 32, 3), np.uint8)
print("6.", np.dot((1, 2, 5, 7), bytes_nchw.strides), np.dot((1, 5, 7, 2), bytes_nhwc.strides))
mirrored = np.zeros((3, 4, 4), dtype=np.float32)[..., ::-1]
print("7.", mirrored.strides, torch.from_numpy(np.ascontiguousarray(mirrored)).stride())

# %% [markdown]
# ## Where to read more
#
# - K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for document processing" (2006):
#   im2col.
# - A. Anderson and others, "Low-memory GEMM-based convolution algorithms for deep neural networks" (2017),
#   arXiv:1709.03395: shifted products.
# - M. Mathieu, M. Henaff, Y. LeCun, "Fast training of convolutional networks through FFTs" (2013), arXiv:1312.5851.
# - A. Lavin, S. Gray, "Fast algorithms for convolutional neural networks", CVPR (2016), arXiv:1509.09308: Winograd's
#   filtering for CNNs. The theory: S. Winograd, *Arithmetic Complexity of Computations* (1980).
# - C. R. Harris and others, "Array programming with NumPy", *Nature* 585 (2020): arrays, views and strides.
# - S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance model for multicore
#   architectures", Communications of the ACM 52 (2009).
#
# **Next:** do the [exercises of this unit](../exercises/05_fast_convolution/05_fast_convolution.ipynb), then go on to
# [06 Backpropagation](06_backpropagation.ipynb), where col2im and $M^\top$ carry gradients.
