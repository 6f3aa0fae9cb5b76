# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 01 · Images as tensors
#
# [Start](00_start_here.ipynb) · next: [02 Convolution](02_convolution.ipynb) ·
# [exercises of this unit](../exercises/01_images_as_tensors/01_images_as_tensors.ipynb)
#
# **After this lesson you can**
#
# - read and change a picture as an array, and say what each axis, each number and each stride means;
# - turn a photograph into the tensor that a network wants, and back, without the three classic accidents;
# - normalise a data set per channel, and say what that has to do with padding by zeros;
# - count what a fully connected layer costs on an image, and *prove* what it does not know about images;
# - say what the four big tasks of vision ask for, as arrays with shapes.
#
# **Time** about 75 minutes, with the questions. The code runs in under a minute.
#
# **You should know** Python, NumPy arrays, the idea of training a network by gradient descent. PyTorch is
# explained where it comes up.

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %% [markdown]
# Every notebook of the course begins with that cell. It seeds every random generator and fixes the number of
# threads, so that you see the numbers that the text talks about. `rng` is a NumPy random generator.

# %%
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cnncourse import data, show, viz

# %% [markdown]
# ## A puzzle
#
# On the left is a photograph. On the right are the same pixels, each moved to another place by one fixed shuffle.
# No pixel is lost, and whoever knows the shuffle can undo it.

# %%
# a crop, every second pixel, made grey
cat = data.photograph("cat")[20:260:2, 90:330:2].mean(axis=2)
shuffle = rng.permutation(cat.size)
shuffled_cat = cat.ravel()[shuffle].reshape(cat.shape)

show(
    viz.image_row([cat, shuffled_cat], ["a cat", "the same pixels, shuffled"], height=3),
    "01/cat-and-shuffled-pixels",
)

# %% [markdown]
# Now imagine a whole data set treated like this: *every* image, in training and in test, shuffled in the *same*
# way. We train a network on it from scratch.
#
# > **Predict.** Compared with the unshuffled data, how much accuracy is lost (a) by a fully connected network,
# > (b) by a convolutional one? Write down two numbers. You will measure both in section 8, and for one of the
# > two you will be able to prove the answer before measuring.

# %% [markdown]
# ## 1. A grey picture is one array
#
# A grey picture is a grid of numbers, one a pixel: an array with two axes, height `H` and width `W`.

# %%
camera = data.photograph("camera")
print("shape (H, W):", camera.shape)
print("type of a pixel:", camera.dtype, "from", camera.min(), "to", camera.max())
print("pixels:", camera.size, "bytes:", camera.nbytes)

# %% [markdown]
# `uint8` is a whole number from 0 to 255 in one byte: 0 is drawn black, 255 white. Below is the
# photograph, a part of it, and a part of that part with its numbers written into the pixels: the eyebrow and the
# camera.

# %%
rows, columns = slice(138, 151), slice(250, 268)
show(
    viz.image_row(
        [camera, camera[60:160, 200:300]],
        ["the photograph", "rows 60–159, columns 200–299"],
        height=3,
    ),
    "01/photograph-and-part",
)
show(
    viz.pixel_grid(camera[rows, columns], "rows 138–150, columns 250–267", first=(138, 250)),
    "01/pixel-values",
)

# %% [markdown]
# Two conventions to get used to:
#
# - **Row first.** `camera[i, j]` is row `i` from the *top*, column `j` from the *left*. Mathematics writes a point
#   as $(x, y)$, across first and then up; an array index is (down, across). Mixing them up is the most common
#   accident with images, and on a square picture no error tells you.
# - **A pixel has no unit.** The number is not even proportional to the light that fell on the sensor: files store
#   a curved scale that spends more of the 256 values on dark shades. We come back to that under the claims.

# %%
i, j = 100, 300
print("row 100, column 300:", camera[i, j])
print("row 300, column 100:", camera[j, i])

# %% [markdown]
# ## 2. A colour picture is three
#
# A colour picture holds three numbers a pixel: how much red, green and blue. Each of the three is a grey picture of
# its own, a **channel**.

# %%
astronaut = data.photograph("astronaut")
print("shape (H, W, C):", astronaut.shape, astronaut.dtype)
print("a pixel of the orange suit, (R, G, B):", astronaut[400, 250])

red, green, blue = (astronaut[:, :, c] for c in range(3))
show(
    viz.image_row(
        [astronaut, red, green, blue],
        ["colour", "channel 0: red", "channel 1: green", "channel 2: blue"],
    ),
    "01/colour-and-channels",
)

# %% [markdown]
# The orange suit is light in red and dark in blue. Skin, teeth and the white collar are light in all three: what is
# grey or white has three equal values. So the channels of a photograph are far from independent:

# %%
flat = astronaut.reshape(-1, 3).astype(float)
print(np.corrcoef(flat.T))

# %% [markdown]
# Those are correlations between red, green and blue over all pixels. Keep the habit: a claim about images
# ("the channels look alike") can nearly always be turned into a number.

# %% [markdown]
# ## 3. Whole numbers or fractions
#
# Let us make the photograph brighter by adding 100 to every pixel.
#
# > **Predict.** What will the sky behind the photographer look like?

# %%
wrapped = camera + np.uint8(100)  # still uint8
brighter = np.clip(camera / 255 + 100 / 255, 0, 1)  # as fractions, cut off at white

print("200 + 100 in uint8:", np.uint8([200]) + np.uint8([100]))
show(
    viz.image_row(
        [camera, wrapped, brighter],
        ["original", "+ 100 in uint8", "+ 100/255 in floats"],
        share=False,
    ),
    "01/overflow",
)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The sky turned dark grey. A byte cannot hold 300: it counts on from 0, and $300 - 256 = 44$ is nearly black. NumPy
# does this in silence. Sums, differences and averages of `uint8` images are all wrong in this way, and the picture on
# the right shows the cure: compute in floating point, and cut off only when you display.
# </details>
#
# So the tensor that a network gets is `float32`, divided by 255 to lie in $[0, 1]$. Four bytes a pixel instead of
# one: that is why data sets are *stored* as `uint8` and converted when a batch is made. Two different things are both
# called "an image" now, and drawing functions tell them apart by their type alone: `uint8` means 0…255, floats mean
# 0…1. A float image that still runs to 255 is drawn as pure white.

# %% [markdown]
# ## 4. Which axis comes first
#
# Files and cameras give (height, width, channel), **HWC**: the three numbers of a pixel belong together. Networks
# want (channel, height, width), **CHW**: a channel is a picture, and a network computes with pictures. The conversion
# is only a renaming of indices. As a definition:
#
# $$ T[c, h, w] = I[h, w, c] \,/\, 255 $$
#
# and as code that *is* this definition:


# %%
def to_tensor_naive(image):
    H, W, C = image.shape
    tensor = np.empty((C, H, W), dtype=np.float32)
    for c in range(C):
        for h in range(H):
            for w in range(W):
                tensor[c, h, w] = np.float32(image[h, w, c]) / 255
    return tensor


def to_tensor(image):
    return image.transpose(2, 0, 1).astype(np.float32) / 255


small = astronaut[::16, ::12]  # 32 rows and 43 columns: not square, so that a mistake shows
print("HWC", small.shape, "→ CHW", to_tensor(small).shape)
print("loops and transpose agree:", np.array_equal(to_tensor_naive(small), to_tensor(small)))

in_torch = torch.from_numpy(small).permute(2, 0, 1).float() / 255
print("PyTorch agrees:", np.array_equal(in_torch.numpy(), to_tensor(small)))

# %% [markdown]
# Now the accident that everybody has once. `reshape` also turns shape (H, W, 3) into (3, H, W), and it raises no
# error. What does it make?

# %%
right, wrong = to_tensor(small), small.reshape(3, *small.shape[:2]).astype(np.float32) / 255

titles = ["transpose, as colour", "its channel 0", "reshape, as colour", "its channel 0"]
show(viz.image_row([right, right[0], wrong, wrong[0]], titles), "01/transpose-or-reshape")

# %% [markdown]
# `transpose` says "call the axes differently"; `reshape` says "keep the numbers in their order in memory and cut the
# line at other places". The first third of the memory is the top third of the photograph, R, G, B, R, G, B in turn, and
# each of its rows fills three rows of the wrong channel 0. To see why both are instant even for a huge array, we look
# at memory.

# %% [markdown]
# ## 5. Strides: how a box lies on a line
#
# Memory is a line. An array is a start, a shape, and one **stride** an axis: how far to walk on the line when that
# index grows by one. For an array with axes $n, c, h, w$,
#
# $$ \text{address}(n, c, h, w) = n\,s_N + c\,s_C + h\,s_H + w\,s_W . $$
#
# In **NCHW** order neighbours in a row are neighbours in memory: $s_W = 1$, $s_H = W$, $s_C = HW$, $s_N = CHW$.
# In **NHWC** the channels of a pixel are: $s_C = 1$, $s_W = C$, $s_H = WC$, $s_N = HWC$.
# The shapes we speak of stay (N, C, H, W) in both cases. Here are the addresses in a tiny image:

# %%
N, C, H, W = 1, 3, 2, 4
n, c, h, w = np.indices((N, C, H, W))
nchw = n * C * H * W + c * H * W + h * W + w
nhwc = n * H * W * C + h * W * C + w * C + c

figure, axes = viz.figure_grid(2, 3, size=(7.2, 2.9))
for row, (name, address) in enumerate([("NCHW", nchw), ("NHWC", nhwc)]):
    for channel in range(C):
        viz.draw_values(axes[row, channel], address[0, channel].astype(float), 0, address.max())
        axes[row, channel].set_title(f"{name}, channel {channel}")
show(figure, "01/addresses-in-memory")

# %% [markdown]
# NumPy counts its strides in bytes, PyTorch in elements. `transpose` changes the strides and moves nothing;
# PyTorch calls NHWC memory `channels_last`, and the shape it reports does not change:

# %%
batch = np.zeros((2, 3, 32, 48), dtype=np.float32)
print("NumPy, NCHW, in bytes:        ", batch.strides)
print(
    "its NHWC view:                ",
    batch.transpose(0, 2, 3, 1).shape,
    batch.transpose(0, 2, 3, 1).strides,
)

tensor = torch.from_numpy(batch)
last = tensor.to(memory_format=torch.channels_last)
print("PyTorch, NCHW, in elements:   ", tuple(tensor.shape), tensor.stride())
print("PyTorch, channels_last:       ", tuple(last.shape), last.stride())

# %% [markdown]
# > **Predict.** Below, `view` is a transposed view of `box`. We write into the view. Does `box` change? And what does
# > `ravel` of the view do, which needs the numbers in a line?

# %%
box = np.zeros((2, 3), dtype=np.float32)
view = box.T
view[0, 1] = 7
print(box)
print("view shares memory with box:", np.shares_memory(view, box))
print("ravel of box shares memory: ", np.shares_memory(box.ravel(), box))
print("ravel of the view does:     ", np.shares_memory(view.ravel(), box))

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Writing into the view wrote into `box`: there is only one set of numbers, and two descriptions of it. `box.ravel()`
# is again only a description, because the numbers already lie in that order. `view.ravel()` needs them in another
# order, which no stride can express on one axis, so NumPy quietly copied. PyTorch is stricter: `tensor.view` refuses
# where a copy would be needed (and asks you to call `contiguous()` first); `tensor.reshape` copies like NumPy.
# </details>
#
# Strides will return in lesson 05: a convolution can be made fast by *describing* all windows of an image with two
# more strides, without copying a pixel.

# %% [markdown]
# ## 6. Batches
#
# Networks compute on many images at once: a batch has shape **(N, C, H, W)**. Here are the course's **scenes**:
# garments from Fashion-MNIST, coloured and laid over patches of photographs, 3×32×32.

# %%
batch = data.scenes(12)
print(
    "images:",
    batch.images.shape,
    batch.images.dtype,
    " labels:",
    batch.labels.shape,
    batch.labels.dtype,
)

names = [data.FASHION_CLASSES[label] for label in batch.labels]
show(viz.scene_row(batch.images, names, columns=6, height=1.5), "01/batch-of-scenes")

# %% [markdown]
# A batch is one array, so its images must have one size:

# %%
try:
    np.stack([data.photograph("cat"), data.photograph("coffee")])
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# In practice images are resized or cropped to a common size. That is a need of the *batch*; whether the *network*
# can take different sizes is another matter, and in section 7 we see one that cannot.
#
# ### Normalising per channel
#
# Networks learn best from inputs around zero with a spread around one (LeCun and others say why in "Efficient
# BackProp"; in lesson 02 you will see gradient descent crawl without it). For images one does it per channel, with
# the mean and standard deviation over all images and all pixels of the *training set*:
#
# $$ \mu_c = \frac{1}{NHW} \sum_{n,h,w} x[n,c,h,w], \qquad
#    \sigma_c^2 = \frac{1}{NHW} \sum_{n,h,w} \big(x[n,c,h,w] - \mu_c\big)^2, \qquad
#    \hat x[n,c,h,w] = \frac{x[n,c,h,w] - \mu_c}{\sigma_c}. $$
#
# In NumPy the sums over $n, h, w$ are `axis=(0, 2, 3)`:


# %%
def channel_statistics(images):
    return images.mean(axis=(0, 2, 3)), images.std(axis=(0, 2, 3))


def normalize(images, mean, std):
    return (images - mean[None, :, None, None]) / std[None, :, None, None]


images = data.scenes(2000).images.astype(np.float32) / 255
mean, std = channel_statistics(images)
print("mean of R, G, B:", mean, " standard deviation:", std)

normalised = normalize(images, mean, std)
print(
    "afterwards:     ",
    normalised.mean(axis=(0, 2, 3)),
    "                    ",
    normalised.std(axis=(0, 2, 3)),
)

torch_std, torch_mean = torch.std_mean(torch.from_numpy(images), dim=(0, 2, 3), correction=0)
print(
    "PyTorch agrees to 1e-5:",
    np.allclose(torch_mean, mean, atol=1e-5) and np.allclose(torch_std, std, atol=1e-5),
)

# %% [markdown]
# Now a version that looks right: compute mean and standard deviation of *each image*, then average those over the
# data set. It is tempting, because it needs only one image in memory at a time.
#
# > **Predict.** Is the mean still right? Is the standard deviation right, too small or too large?

# %%
print("mean,  right and averaged:", mean, images.mean(axis=(2, 3)).mean(axis=0))
print("std,   right and averaged:", std, images.std(axis=(2, 3)).mean(axis=0))

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The mean is right, because all images have equally many pixels. The standard deviation is too small: within one
# image the pixels scatter around *that image's* mean, and how much the images' means differ among themselves is
# forgotten. Per channel, $\sigma^2 = \text{average of the images' variances} + \text{variance of the images' means}$.
# The right way for large data sets keeps two running sums, of $x$ and of $x^2$.
# </details>
#
# ### Why padding by zeros wants a mean of zero
#
# Convolutional networks pad their images: they add a rim so that windows at the border have something to look at. The
# rim is filled with **zeros**. In an image in $[0,1]$ zero is *black*: the rim is a dark frame that was never there,
# with a hard edge. After normalising, zero is the *mean colour*.

# %%
photo = to_tensor(data.photograph("coffee")[::4, ::4])[None]
photo_mean, photo_std = channel_statistics(photo)


def pad(x):
    return np.pad(x, ((0, 0), (0, 0), (12, 12), (12, 12)))


padded_raw = pad(photo)
padded_normalised = pad(normalize(photo, photo_mean, photo_std))
back = padded_normalised * photo_std[None, :, None, None] + photo_mean[None, :, None, None]

show(
    viz.image_row(
        [padded_raw[0], back[0]],
        ["zeros around [0, 1]", "zeros around normalised values"],
        height=2.2,
    ),
    "01/cup-with-two-rims",
)

# %% [markdown]
# How bad is a rim of constant value $c$? Let $B$ be a pixel at the border of a random image. The expected squared jump
# between it and the rim is
#
# $$ \mathbb{E}\big[(B - c)^2\big] = \operatorname{Var}(B) + \big(\mathbb{E}[B] - c\big)^2 , $$
#
# smallest at $c = \mathbb{E}[B]$, the mean *of the border pixels*. For most photographs the border is not much unlike
# the rest, so the mean of all pixels is a good choice.
#
# > **Predict.** We measure the jump, as a root mean square, for zero and for the mean as rim, on four photographs and
# > on Fashion-MNIST (garments on black). Will the mean win every time?


# %%
def jump_at_border(images, c):
    """Root mean square of (border pixel − c), for images (N, H, W)."""
    border = [images[:, 0, :], images[:, -1, :], images[:, 1:-1, 0], images[:, 1:-1, -1]]
    border = np.concatenate([side.ravel() for side in border])
    return np.sqrt(((border - c) ** 2).mean())


garments, _ = data.fashion_mnist("train")
sets = {
    name: data.photograph(name).mean(axis=2)[None] / 255
    for name in ["cat", "coffee", "motorcycle", "rocket"]
}
sets["Fashion-\nMNIST"] = garments / 255
jumps = {
    name: {"rim 0": jump_at_border(x, 0), "rim = mean": jump_at_border(x, x.mean())}
    for name, x in sets.items()
}

show(viz.bar_chart(jumps, "jump at the border", size=(7, 3)), "01/jump-at-the-rim")

# %% tags=["check"]
# Check that the text is true.
assert all(
    jumps[name]["rim = mean"] < jumps[name]["rim 0"]
    for name in ["cat", "coffee", "motorcycle", "rocket"]
)
assert jumps["Fashion-\nMNIST"]["rim = mean"] > jumps["Fashion-\nMNIST"]["rim 0"]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# For the photographs the mean wins clearly. For Fashion-MNIST it loses: the garments lie on black, so black *is* the
# mean of the border pixels, and a normalised image gets a grey frame around its black background. It does little
# harm there (the frame is the same for all images, and a network can learn to ignore what never changes), and
# centred inputs make up for it in training. But "normalise, then zero padding is neutral" is a statement
# about the data, and here you have seen data for which it is false.
# </details>

# %% [markdown]
# ## 7. Why not simply a fully connected network?
#
# We have tensors; the plainest network flattens them into a vector of $C H W$ numbers and multiplies by a matrix.
# With $M$ hidden units that is
#
# $$ \underbrace{C H W \cdot M}_{\text{weights}} + \underbrace{M}_{\text{biases}} $$
#
# parameters, whereas a convolution layer with $C_\text{out}$ filters of size $K \times K$ over $C_\text{in}$ channels
# (next lesson) has $(K^2 C_\text{in} + 1)\, C_\text{out}$.


# %%
def mlp_parameters(shape, hidden):
    C, H, W = shape
    return C * H * W * hidden + hidden


def conv_parameters(c_in, c_out, kernel_size):
    return (kernel_size**2 * c_in + 1) * c_out


for shape in [(1, 28, 28), (3, 32, 32), (3, 200, 200), (3, 224, 224)]:
    inputs, weights = np.prod(shape), np.prod(shape) * 512
    print(
        f"{str(shape):14} inputs = weights per neuron {inputs:8,}   weights with 512 neurons "
        f"{weights:11,}"
    )

total = mlp_parameters((3, 224, 224), 512)
print(f"with biases {total:,}, in float32 {total * 4 / 1e6:,.0f} MB")
print(
    f"512 filters of 3×3 on 3 channels: {conv_parameters(3, 512, 3):,};  one 3×3 filter on a grey "
    f"image: {conv_parameters(1, 1, 3)}"
)

# %%
layers = {
    "fully connected,\n3×32×32": mlp_parameters((3, 32, 32), 512),
    "fully connected,\n3×224×224": mlp_parameters((3, 224, 224), 512),
    "convolution 3×3,\nany size": conv_parameters(3, 512, 3),
}
show(
    viz.bar_chart(layers, "parameters (log scale)", decimals=0, log=True, size=(6.5, 3.2)),
    "01/parameters-of-a-dense-layer",
)

# %% [markdown]
# 77 million weights for the *first* layer, and three more problems hide behind the number:
#
# 1. **Data.** Each of the 77 million has to be learned from examples.
# 2. **One size.** The matrix fits one image size only. Run the next cell: the convolution takes both images.
# 3. **No geometry.** That is the deepest one, and the next section is about it.

# %%
linear, convolution = nn.Linear(3 * 32 * 32, 16), nn.Conv2d(3, 16, kernel_size=3)
for side in [32, 40]:
    image = torch.zeros(1, 3, side, side)
    print(f"convolution, {side}×{side}:", tuple(convolution(image).shape))
    try:
        print(f"linear,      {side}×{side}:", tuple(linear(image.flatten(1)).shape))
    except RuntimeError:
        print(
            f"linear,      {side}×{side}: refused, {image.numel()} numbers for a matrix that takes "
            f"{linear.in_features}"
        )

# %% [markdown]
# ## 8. What flattening forgets
#
# Back to the puzzle. A shuffle of the pixels is a permutation matrix $P$ acting on the flattened image $x$: rows and
# columns of zeros with a single one each, $P^\top P = 1$. The first layer of a fully connected network computes $Wx$.
# For the shuffled image $Px$ take the weights $W' = W P^\top$: the matrix $W$ with its *columns* shuffled the same way:
#
# $$ W'(Px) = W P^\top P\, x = W x . $$
#
# The same hidden values, so the same outputs and the same loss. And the gradients?
#
# $$ \frac{\partial L}{\partial W'} = \delta\,(Px)^\top = \big(\delta\, x^\top\big) P^\top
#    = \frac{\partial L}{\partial W}\, P^\top , \qquad \delta = \frac{\partial L}{\partial (Wx)} . $$
#
# The gradient's columns are shuffled too. So if the weights correspond before a step of gradient descent, they
# correspond after it. **The two networks stay twins for ever.** And random initial weights are drawn independently of
# their place, so shuffling their columns makes an equally likely start. For a fully connected network the order of the
# pixels *does not exist*. Let us see the twins train, in float64, with everything written out in NumPy:


# %%
def loss_and_gradient(W, V, x, labels):
    """Two layers, ReLU, softmax cross-entropy; x (N, D), W (M, D), V (10, M)."""
    hidden = np.maximum(x @ W.T, 0)
    logits = hidden @ V.T
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(x)), labels]).mean()
    d_logits = (p - np.eye(10)[labels]) / len(x)
    d_hidden = (d_logits @ V) * (hidden > 0)
    return loss, d_hidden.T @ x, d_logits.T @ hidden


train_images, train_labels = data.fashion_mnist("train")
test_images, test_labels = data.fashion_mnist("test")
x, labels = train_images[:500].reshape(500, -1) / 255, train_labels[:500]
P = rng.permutation(784)  # x[:, P] shuffles the pixels of every image

W, V = 0.05 * rng.normal(size=(32, 784)), 0.1 * rng.normal(size=(10, 32))
W_twin, V_twin = W[:, P].copy(), V.copy()
for step in range(31):
    loss, dW, dV = loss_and_gradient(W, V, x, labels)
    loss_twin, dW_twin, dV_twin = loss_and_gradient(W_twin, V_twin, x[:, P], labels)
    if step % 10 == 0:
        print(
            f"step {step:2}   loss {loss:.3f}   loss of the twin on shuffled pixels {loss_twin:.3f}"
        )
    W, V, W_twin, V_twin = (
        W - 0.1 * dW,
        V - 0.1 * dV,
        W_twin - 0.1 * dW_twin,
        V_twin - 0.1 * dV_twin,
    )

print("weights still correspond to 1e-12:", np.abs(W[:, P] - W_twin).max() < 1e-12)

# %% [markdown]
# This holds for every fully connected network, however deep, whatever it is trained for. For a convolutional network
# the proof breaks at the first step: its small windows look at *neighbouring* places, and no choice of its few
# weights undoes the shuffle. Here is what a shuffle does to neighbours:

# %%
shuffled_images = train_images.reshape(-1, 784)[:, P].reshape(-1, 28, 28)
for name, x in [("original", train_images), ("shuffled", shuffled_images)]:
    left, right = x[:, :, :-1].ravel(), x[:, :, 1:].ravel()
    print(f"{name}: correlation of horizontal neighbours {np.corrcoef(left, right)[0, 1]:.2f}")

some = [np.flatnonzero(train_labels == label)[0] for label in range(10)]
show(
    viz.image_row(
        [*train_images[some], *shuffled_images[some]],
        [*data.FASHION_CLASSES, *[""] * 10],
        columns=10,
        height=0.95,
    ),
    "01/shuffled-garments",
)

# %% [markdown]
# Now the experiment. Three networks, each trained from three different random starts on the original and on the
# shuffled images: a *linear* classifier (one matrix), an *MLP* with one hidden layer, and a small *CNN*: two
# 3×3 convolutions, each with ReLU and 2×2 max pooling, then one matrix. (What these layers do is the subject of the
# following lessons; here they only need to run.)
#
# > **Predict.** Six numbers, the test accuracies; chance would be 0.10. In particular: when the CNN is trained on
# > shuffled images, does it fall to chance? Below the MLP? Below the linear classifier?


# %%
torch.set_num_threads(1)  # for networks as small as these a second thread costs more than it brings


def make(kind):
    if kind == "linear":
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    if kind == "MLP":
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * 7 * 7, 10),
    )  # fmt: skip


def train(kind, x, labels, seed, epochs=4, rate=0.05, momentum=0.9):
    """Gradient descent with momentum, on batches of 100; the step shrinks to nothing."""
    torch.manual_seed(seed)
    network = make(kind)
    parameters = list(network.parameters())
    velocity = [torch.zeros_like(p) for p in parameters]
    batches = [batch for _ in range(epochs) for batch in torch.randperm(len(x)).split(100)]
    for step, batch in enumerate(batches):
        loss = F.cross_entropy(network(x[batch]), labels[batch])
        grads = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for p, v, g in zip(parameters, velocity, grads, strict=True):
                v.mul_(momentum).add_(g)
                p.sub_(rate * (1 - step / len(batches)) * v)
    return network


def accuracy(network, x, labels):
    with torch.no_grad():
        return (network(x).argmax(dim=1) == labels).float().mean().item()


# %% tags=["nbval-ignore-output"]
mean, std = train_images.mean() / 255, train_images.std() / 255


def prepare(images):
    """uint8 (N, 28, 28) → normalised float32 (N, 1, 28, 28)."""
    return torch.from_numpy(((images[:, None] / 255 - mean) / std).astype(np.float32))


def shuffled(x):
    return x.flatten(1)[:, torch.from_numpy(P)].reshape(x.shape)


x_train, x_test = prepare(train_images), prepare(test_images)
y_train, y_test = torch.from_numpy(train_labels), torch.from_numpy(test_labels)
networks, score, spread = {}, {}, {}
for kind in ["linear", "MLP", "CNN"]:
    score[kind], spread[kind] = {}, {}
    for name, view in [("original", lambda x: x), ("shuffled", shuffled)]:
        runs = [train(kind, view(x_train), y_train, seed) for seed in range(3)]
        accuracies = [accuracy(network, view(x_test), y_test) for network in runs]
        networks[kind, name] = runs
        score[kind][name], spread[kind][name] = np.mean(accuracies), np.std(accuracies)
    size = sum(p.numel() for p in runs[0].parameters())
    print(
        f"{kind:6} {size:6,} parameters   "
        + "   ".join(f"{n} {a:.3f}" for n, a in score[kind].items())
    )

# %%
figure = viz.bar_chart(
    score, "test accuracy (axis starts at 0.7)", decimals=3, spread=spread, size=(7, 3.4)
)
figure.axes[0].set_ylim(0.7, 0.92)
show(figure, "01/accuracy-shuffled")

# %% tags=["check"]
# Check that the text is true.
assert abs(score["MLP"]["original"] - score["MLP"]["shuffled"]) < 0.02
assert abs(score["linear"]["original"] - score["linear"]["shuffled"]) < 0.02
assert score["CNN"]["original"] - score["CNN"]["shuffled"] > 0.015
assert score["CNN"]["original"] > score["MLP"]["original"] + 0.005
assert score["CNN"]["shuffled"] > 0.7

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# - **Linear and MLP**: no difference beyond the scatter between random starts, as proved. What you see *is* that
#   scatter.
# - **CNN, original**: the best of all, with a fifth of the MLP's parameters.
# - **CNN, shuffled**: it loses its lead and more. But it does not fall to chance, and that surprises many. Its last
#   layer is a matrix that still sees every place of the maps, so the network can always act as a clumsy
#   linear classifier on scrambled features. What it loses is what its windows had found in neighbourhoods.
#
# LeCun, Bottou, Bengio and Haffner said it in 1998 (section II): a fully connected network ignores the topology of its
# input, so any fixed order of the pixels trains as well. A convolutional network *assumes* something about images.
# Where the assumption is right it is worth more than 40,000 extra parameters; where it is wrong it costs.
# </details>

# %% [markdown]
# ## 9. What vision asks for
#
# Here is a scene with four garments, on a larger canvas. The same picture can be the input of quite different tasks.

# %%
scene = data.scene(11, size=64, objects=4)
names = [data.FASHION_CLASSES[label] for label in scene.labels]
print("objects, rearmost first:", names)

show(
    viz.scene_row(
        [scene.image] * 4,
        [
            "what is in it?",
            "what is where?\n(detection)",
            "which class is each pixel?\n(semantic segmentation)",
            "which object is each pixel?\n(instance segmentation)",
        ],
        regions=[None, None, scene.semantic, scene.instances],
        boxes=[None, scene.boxes, None, None],
        height=2.3,
    ),
    "01/four-tasks",
)

# %% [markdown]
# | Task | Question | Answer, as arrays |
# | --- | --- | --- |
# | **classification** | what is the picture of? | one score a class: (N, classes) |
# | **detection** | what is where? | for each object a class and a box (y0, x0, y1, x1) |
# | **semantic segmentation** | which class is each pixel? | one score a class and pixel: (N, classes, H, W) |
# | **instance segmentation** | which object is each pixel? | for each object a class and a mask (H, W) |
#
# The two segmentations differ only where objects of one class meet. Count them in this scene:

# %%
print("classification:", sorted(set(names)))
print("detection: boxes", scene.boxes.shape, "first:", names[0], scene.boxes[0])
print(
    "semantic: values",
    np.unique(scene.semantic),
    "→ kinds of things",
    len(np.unique(scene.semantic)) - 1,
)
print(
    "instance: values", np.unique(scene.instances), "→ things", len(np.unique(scene.instances)) - 1
)

y0, x0, y1, x1 = scene.boxes[0]
inside = scene.instances[y0:y1, x0:x1] == 1
print(f"of the first garment's box, its visible pixels fill {inside.mean():.0%}")

# %% [markdown]
# Each task needs the answers to keep more of the *where* than the one before. Classification may forget where a
# garment lies; segmentation must carry its place through the whole network. Lessons 03 and 04 make that exact
# (shapes, receptive fields, equivariance), lessons 18 and 19 (planned) build networks for it.

# %% [markdown]
# ## 10. What makes images hard
#
# To us these are one garment, seen under different conditions. As vectors of numbers they are far apart.


# %%
def darker(x):
    return 0.4 * x


def less_contrast(x):
    return 0.5 + 0.4 * (x - 0.5)


def moved(x):
    """Four pixels to the right, one down: a little change of viewpoint."""
    out = np.zeros_like(x)
    out[..., 1:, 4:] = x[..., :-1, :-4]
    return out


def turned(x):
    """On its side: a large change of viewpoint."""
    return np.rot90(x, axes=(-2, -1))


gravel = data.photograph("gravel")[:280, :280].reshape(28, 10, 28, 10).mean(axis=(1, 3)) / 255


def cluttered(x):
    return np.maximum(x, 0.8 * gravel)


changes = {
    "light": darker,
    "contrast": less_contrast,
    "moved": moved,
    "turned": turned,
    "clutter": cluttered,
}
garment = (
    test_images[np.flatnonzero(test_labels == data.FASHION_CLASSES.index("pullover"))[3]] / 255
)
versions = {"original": garment, **{name: change(garment) for name, change in changes.items()}}
show(
    viz.image_row(list(versions.values()), list(versions), height=1.5, low=0, high=1),
    "01/five-changes",
)

# %% [markdown]
# > **Predict.** We measure the Euclidean distance of each version to the original, pixel by pixel. For comparison:
# > the distance from the original to the nearest image *of another class* in the training set. Which of the five
# > versions are nearer than that stranger?

# %%
pullover = data.FASHION_CLASSES.index("pullover")
others, other_labels = (
    train_images[train_labels != pullover] / 255,
    train_labels[train_labels != pullover],
)
to_others = np.linalg.norm((others - garment).reshape(len(others), -1), axis=1)
nearest = to_others.argmin()
stranger = data.FASHION_CLASSES[other_labels[nearest]]

distance = {
    name: np.linalg.norm(version - garment)
    for name, version in versions.items()
    if name != "original"
}
distance[f"stranger:\n{stranger}"] = to_others[nearest]

show(
    viz.image_row(
        [garment, others[nearest]], ["the pullover", f"the stranger: {stranger}"], height=1.5
    ),
    "01/nearest-of-another-class",
)
show(
    viz.bar_chart(distance, "distance to the original", size=(7, 3)), "01/distance-to-the-original"
)

# %% [markdown]
# One pullover is an anecdote. The same for 500 test images: how often is the changed image farther from its original
# than the nearest training image of another class?

# %%
some, some_labels = test_images[:500].reshape(500, -1) / 255, test_labels[:500]
all_train = train_images.reshape(-1, 784) / 255
squares = (
    (some**2).sum(axis=1)[:, None] + (all_train**2).sum(axis=1)[None, :] - 2 * some @ all_train.T
)
squares[some_labels[:, None] == train_labels[None, :]] = np.inf  # same class: no stranger
to_stranger = np.sqrt(squares.min(axis=1))
for name, change in changes.items():
    changed = change(test_images[:500] / 255).reshape(500, -1)
    print(f"{name:9} {(np.linalg.norm(changed - some, axis=1) > to_stranger).mean():.0%}")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# In the space of pixels a garment that has moved by four pixels is nearly always farther from itself than some garment
# of another class is. So "compare pixel by pixel" cannot be how one recognises things: a network has to learn, or be
# built, to ignore light, contrast, place and clutter, and yet to see the small difference to the stranger.
# </details>
#
# How do the networks of section 8 stand these changes? They were trained on unchanged images only.
#
# > **Predict.** Is the CNN more robust than the MLP against all five? Which change hurts it most?

# %% tags=["nbval-ignore-output"]
robust = {}
for name, change in {"original": lambda x: x, **changes}.items():
    changed = prepare(255 * np.ascontiguousarray(change(test_images / 255)))
    robust[name] = {
        kind: np.mean(
            [accuracy(network, changed, y_test) for network in networks[kind, "original"]]
        )
        for kind in ["MLP", "CNN"]
    }
    print(f"{name:9}", "   ".join(f"{kind} {value:.2f}" for kind, value in robust[name].items()))

# %%
show(
    viz.bar_chart(robust, "test accuracy, mean of three starts", size=(8, 3.2)),
    "01/accuracy-after-changes",
)

# %% tags=["check"]
# Check that the text is true.
assert all(robust[name]["CNN"] < robust["original"]["CNN"] - 0.02 for name in changes)
assert robust["moved"]["CNN"] < 0.5

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Every change costs. The CNN stands less light better, but moving the garments by four pixels costs it nearly as dearly
# as the MLP: most of them are then misread. Did one not say that a CNN recognises a thing wherever it lies? Its
# *convolutions* treat all places alike: when the garment moves, their maps move with it. But the last layer is a
# matrix on flattened maps, and a matrix knows places only. Lesson 04 separates these two properties, **equivariance**
# and **invariance**, and measures both. The usual cure for all five changes is to train on changed images; lesson 09
# measures what that buys.
# </details>

# %% [markdown]
# ## Claims to test
#
# Sentences like these stand in many lecture notes. Decide for each in what sense it is true, then run the cell.
#
# 1. "An MLP on pixels has too many inputs to learn."
# 2. "Flattening an image destroys the information about what is next to what."
# 3. "One subtracts the mean from each image, so that padding with zeros is padding with the average."
# 4. "A pixel's value is the intensity of the light."

# %%
print("1. the MLP's accuracy is above 0.8:", score["MLP"]["original"] > 0.8, "(with 784 inputs)")

picture = data.photograph("coffee")
folded = picture.ravel().reshape(picture.shape)
print("2. flattened and folded back, the picture is equal:", np.array_equal(folded, picture))

grey = data.scenes(2000).images.mean(axis=1) / 255
own_mean = grey.mean(axis=(1, 2), keepdims=True)
print(f"3. jump at the border of scenes: rim 0 {jump_at_border(grey, 0):.3f}, "
      f"the data set's mean {jump_at_border(grey, grey.mean()):.3f}, "
      f"each image's own mean {jump_at_border(grey - own_mean, 0):.3f}")  # fmt: skip


def light(value):
    """Relative intensity of a display pixel, by sRGB (IEC 61966-2-1); exact above 10."""
    return ((value / 255 + 0.055) / 1.055) ** 2.4


half = next(value for value in range(256) if light(value) >= 0.5)
print(
    f"4. value 128 of 255 gives {light(128):.1%} of the light of 255; half the light needs value "
    f"{half}"
)

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **False as it stands.** The MLP learned well from 784 inputs. What is true: the cost grows with the image's area
#    (77 million weights at 3×224×224), the matrix fits one size only, and a CNN with fewer parameters does better.
# 2. **Misleading.** Flattening can be undone, so no information is lost *from the data*. The network is not *told* it:
#    its proof of indifference is section 8.
# 3. **One of two ways.** Subtracting each image's own mean brings the rim nearer to the border than the data set's mean
#    does. It also removes the image's overall brightness, which may matter. Today the data set's mean, per channel,
#    is usual.
# 4. **False for ordinary files.** They store an approximately perceptual scale. Whoever averages pixel values averages
#    something else than light; for recognising garments this is harmless, for measuring light it is not.
# </details>

# %% [markdown]
# ## Summary
#
# 1. A batch of images is an array (N, C, H, W) of `float32`; files hold (H, W, C) in `uint8`, and `transpose`, never
#    `reshape`, goes from one to the other.
# 2. Strides say how the axes lie in memory: NCHW and NHWC are the same tensor, described and stored differently.
# 3. Normalise per channel over N, H and W of the training set; then padding by zeros means padding by the mean colour.
# 4. A fully connected layer on 3×224×224 pixels with 512 units has 77,070,336 weights, fits one image size, and
#    provably does not know which pixels are neighbours.
# 5. A CNN assumes that neighbourhoods matter: on shuffled pixels it loses its lead. Light, contrast, viewpoint
#    and clutter move an image farther than a change of class does, and these networks do not stand them yet.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** A photograph of 480×640 pixels in colour: how many bytes as `uint8`? How many as a `float32` tensor? And a
# batch of 64 of these?
#
# <details><summary>Answer</summary>
#
# $480 \cdot 640 \cdot 3 = 921{,}600$ bytes; four times that, 3,686,400, as `float32`; a batch takes 235,929,600 bytes,
# 236 MB. This is why loaders keep `uint8` and convert one batch at a time.
# </details>
#
# **2.** A batch has shape (8, 3, 32, 32). Which address, in elements, has the entry $n=1, c=2, h=5, w=7$ in NCHW
# memory, and which in NHWC memory?
#
# <details><summary>Answer</summary>
#
# NCHW: $1\cdot 3072 + 2 \cdot 1024 + 5 \cdot 32 + 7 = 5287$. NHWC: $1 \cdot 3072 + 5 \cdot 96 + 7 \cdot 3 + 2 = 3575$.
# </details>
#
# **3.** We shuffle *each image with its own* random shuffle. Does the MLP still not care?
#
# <details><summary>Answer</summary>
#
# It cares very much. The proof needs one $P$ for all images, since there is one $W'$. With a new shuffle for each image
# all that survives is *how many* pixels have each value, the histogram. The cell trains the MLP on that: far below
# its accuracy on one common shuffle. It is still above chance, because a bag and a sandal differ in how much
# white they have.
# </details>
#
# **4.** By mistake Fashion-MNIST is normalised with the constants of MNIST, mean 0.1307 and standard deviation 0.3081.
# What mean and standard deviation do the inputs have then?
#
# <details><summary>Answer</summary>
#
# $(\mu - 0.1307)/0.3081$ and $\sigma/0.3081$: about 0.5 and 1.15 instead of 0 and 1. A network will train, a little
# worse conditioned; the mistake is common because nothing fails.
# </details>
#
# **5.** A layer for 3×200×200 images: how many parameters, with biases, (a) fully connected with 100 units, (b) as a
# convolution with 100 filters of 5×5?
#
# <details><summary>Answer</summary>
#
# (a) $120{,}000 \cdot 100 + 100 = 12{,}000{,}100$. (b) $(25 \cdot 3 + 1) \cdot 100 = 7{,}600$, at any image size.
# </details>
#
# **6.** `image[..., ::-1]` mirrors an image left to right without copying. What is its last stride, and why
# does `torch.from_numpy` refuse it?
#
# <details><summary>Answer</summary>
#
# It is negative: the view starts at the last column and walks backwards. PyTorch's tensors have no negative
# strides. `np.ascontiguousarray` makes a copy in the usual order, which it accepts.
# </details>

# %%
print("1.", 480 * 640 * 3, 4 * 480 * 640 * 3, 64 * 4 * 480 * 640 * 3)

# one byte an element
nchw, nhwc = np.empty((8, 3, 32, 32), np.uint8), np.empty((8, 32, 32, 3), np.uint8)
print("2.", np.dot((1, 2, 5, 7), nchw.strides), np.dot((1, 5, 7, 2), nhwc.strides))

own_train = rng.permuted(train_images.reshape(-1, 784), axis=1).reshape(-1, 28, 28)
own_test = rng.permuted(test_images.reshape(-1, 784), axis=1).reshape(-1, 28, 28)
network = train("MLP", prepare(own_train), y_train, seed=0)
result = accuracy(network, prepare(own_test), y_test)
print(f"3. about {result:.1f}")

print(f"4. mean {(mean - 0.1307) / 0.3081:.2f}, standard deviation {std / 0.3081:.2f}")
print("5.", mlp_parameters((3, 200, 200), 100), conv_parameters(3, 100, 5))

mirrored = np.zeros((3, 4, 4), dtype=np.float32)[..., ::-1]
print(
    "6. strides in bytes:",
    mirrored.strides,
    torch.from_numpy(np.ascontiguousarray(mirrored)).stride(),
)

# %% [markdown]
# ## Where to read more
#
# - C. M. Bishop and H. Bishop, *Deep Learning: Foundations and Concepts* (2024), chapter 10, sections 10.1 and 10.2:
#   image data, and why networks should know about it.
# - S. J. D. Prince, *Understanding Deep Learning* (2023), chapter 10, its opening: three properties of images that
#   ask for a special architecture.
# - Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", *Proceedings
#   of the IEEE* 86 (1998), section II: why fully connected networks are wrong for images.
# - Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, "Efficient BackProp", in *Neural Networks: Tricks of the Trade*
#   (1998), section 4.3: why inputs are normalised.
# - H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms"
#   (2017), arXiv:1708.07747: the garments.
# - C. R. Harris and others, "Array programming with NumPy", *Nature* 585 (2020): arrays, views and strides.
#
# **Next:** do the [exercises of this unit](../exercises/01_images_as_tensors/01_images_as_tensors.ipynb), then go on to
# [02 Convolution](02_convolution.ipynb), which builds the layer that knows about neighbours, from two demands.
