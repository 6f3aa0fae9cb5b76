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
# - read and change a picture as an array, and say what each axis and each number means;
# - turn a photograph into the tensor that a network wants, and back, without the three classic accidents: rows and
#   columns exchanged, bytes that overflow, `reshape` in place of `transpose`;
# - normalise a data set per channel;
# - count what a fully connected layer costs on an image, and *prove* what it does not know about images;
# - say what the four big tasks of vision ask for, as arrays with shapes.
#
# **Time** about 75 minutes, with the questions. The code runs in about a minute. On a short evening, read sections 4, 6
# and 7; sections 8 and 9 can wait.
#
# **You should know** Python, NumPy arrays, and the idea of training a network by gradient descent. PyTorch is explained
# where it comes up.

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

from cnncourse import at_least, at_most, data, show, table, viz
from cnncourse.data import transforms

# %% [markdown]
# ## A puzzle
#
# On the left is a photograph. On the right are the same pixels, each moved to another place by one fixed shuffle.
# No pixel is lost, and with the list of the moves the shuffle can be undone.

# %%
# a crop, every second pixel, made grey
cat = data.photograph("cat")[20:260:2, 90:330:2].mean(axis=2)
shuffle = rng.permutation(cat.size)
shuffled_cat = cat.ravel()[shuffle].reshape(cat.shape)

# %% tags=["plumbing"]
# The cat, and the cat shuffled.
show(
    viz.image_row([cat, shuffled_cat], ["a cat", "the same pixels, shuffled"], height=3),
    "01/cat-and-shuffled-pixels",
)

# %% [markdown]
# Now imagine a whole data set treated like this: *every* image, in training and in test, shuffled in the *same*
# way. We train a network on it from scratch.
#
# > **Predict.** Compared with the unshuffled data, how much accuracy is lost (a) by a fully connected network,
# > (b) by a convolutional one? Write down two numbers. You will measure both in section 7, and for one of the
# > two you will be able to prove the answer before measuring.

# %% [markdown]
# ## 1. A grey picture is one array
#
# A grey picture is a grid of numbers, one per pixel: an array with two axes, height `H` and width `W`.

# %%
camera = data.photograph("camera")
print("(H, W) =", camera.shape, " type", camera.dtype, " from", camera.min(), "to", camera.max())
print(camera.size, "pixels,", camera.nbytes, "bytes")

# %% [markdown]
# `uint8` is a whole number from 0 to 255 in one byte: 0 is drawn black, 255 white. Below is the
# photograph, a part of it, and a part of that part with its numbers written into the pixels: the place where the hair
# meets the camera.

# %% tags=["plumbing"]
# The photograph, a part of it, and the numbers of a part of that.
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
#   as $(x, y)$, across first and then up; an array index is (down, across). Exchanging them is the first classic
#   accident with images, and on a square picture no error tells you.
# - **A pixel has no unit.** The number is not even proportional to the light that fell on the sensor: files store
#   a curved scale that spends more of the 256 values on dark shades. We come back to that under the claims.

# %%
print("row 100, column 300:", camera[100, 300], "   row 300, column 100:", camera[300, 100])

# %% [markdown]
# ## 2. A colour picture is three
#
# A colour picture holds three numbers per pixel: how much red, green and blue. Each of the three is a grey picture of
# its own, a **channel**.

# %%
astronaut = data.photograph("astronaut")
red, green, blue = (astronaut[:, :, c] for c in range(3))
print(
    "shape (H, W, C):",
    astronaut.shape,
    "  a pixel of the orange suit, (R, G, B):",
    astronaut[400, 250],
)

# %% tags=["plumbing"]
# The photograph and its three channels.
show(
    viz.image_row(
        [astronaut, red, green, blue],
        ["colour", "channel 0: red", "channel 1: green", "channel 2: blue"],
    ),
    "01/colour-and-channels",
)

# %% [markdown]
# The orange suit is light in red and dark in blue. The teeth and the white collar are light in all three: what is
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

# %% tags=["plumbing"]
# The photograph, and 100 added in two ways.
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
# The sky turned nearly black. A byte cannot hold 300: after 255 it counts on from 0, and $300 - 256 = 44$. NumPy
# does this without a warning. Sums and differences of `uint8` images go wrong in this way, the second classic accident.
# The picture on the right shows the cure: compute in floating point, and cut off only when you display.
# </details>
#
# So the tensor that a network gets is `float32`, divided by 255 to lie in $[0, 1]$. Four bytes per pixel instead
# of one: that is why data sets are *stored* as `uint8` and converted when a batch is made. Two different things are both
# called "an image" now, and with colour images drawing functions tell them apart by their type alone: `uint8` means
# 0…255, floats mean 0…1. A colour image of floats that still runs to 255 is drawn almost entirely white.

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
in_torch = torch.from_numpy(small).permute(2, 0, 1).float() / 255
print("HWC", small.shape, "→ CHW", to_tensor(small).shape)
print("loops and transpose agree:", np.array_equal(to_tensor_naive(small), to_tensor(small)))
print("PyTorch agrees:", np.array_equal(in_torch.numpy(), to_tensor(small)))

# %% [markdown]
# Now the third classic accident. `reshape` also turns shape (H, W, 3) into (3, H, W), and it raises no error.
#
# > **Predict.** What does the photograph look like after `reshape`? What is in its channel 0?

# %%
transposed = to_tensor(small)
reshaped = small.reshape(3, *small.shape[:2]).astype(np.float32) / 255

# %% tags=["plumbing"]
# Both results, in colour and their channel 0.
titles = ["transpose, as colour", "its channel 0", "reshape, as colour", "its channel 0"]
show(
    viz.image_row([transposed, transposed[0], reshaped, reshaped[0]], titles),
    "01/transpose-or-reshape",
)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# `transpose` gives the axes another order. `reshape` keeps the numbers in their order in memory and cuts that line at
# other places. The first third of the memory is the top third of the photograph, with R, G, B, R, G, B in turn, so each
# of its rows fills three rows of the wrong channel 0.
# </details>
#
# On an array that lies in memory without gaps both take no time, however large it is, since neither moves a number.
# They only change how memory is *read*; lesson 05 shows how, and uses the same trick to make convolutions fast.
# (`small` has gaps, so NumPy copies it before it reshapes.)

# %% [markdown]
# ## 5. Batches
#
# Networks compute on many images at once: a batch has shape **(N, C, H, W)**. Here are the course's **scenes**:
# garments from Fashion-MNIST, coloured and laid over patches of photographs, 3×32×32.

# %%
batch = data.scenes(12)
names = [data.FASHION_CLASSES[label] for label in batch.labels]
print("images:", batch.images.shape, batch.images.dtype, "  labels:", batch.labels.shape)

# %% tags=["plumbing"]
# The twelve scenes with their labels.
show(viz.scene_row(batch.images, names, columns=6, height=1.5), "01/batch-of-scenes")

# %% [markdown]
# A batch is one array, so its images must have one size:

# %%
try:
    np.stack([data.photograph("cat"), data.photograph("coffee")])
except ValueError as error:
    print(error)

# %% [markdown]
# In practice images are resized or cropped to a common size. That is a need of the *batch*; whether the *network*
# can take different sizes is another matter, and in section 6 we see one that cannot.
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
# Here is one channel by hand, the red one: all its numbers go into one mean, whichever image and pixel they belong to.
# The course's `transforms` do the same for all channels at once. There, `mean` has the shape (C,) and the images have
# (N, C, H, W), so the code must say along which axis the means lie. In the exercises you write it.

# %%
images = data.scenes(2000).images.astype(np.float32) / 255
red = images[:, 0]  # (2000, 32, 32)
red_normalised = (red - red.mean()) / red.std()

mean, std = transforms.channel_statistics(images)
normalised = transforms.normalize(images, mean, std)
print("red by hand is the same:", np.allclose(normalised[:, 0], red_normalised, atol=1e-4))
after_mean, after_std = transforms.channel_statistics(normalised)
torch_std, torch_mean = torch.std_mean(torch.from_numpy(images), dim=(0, 2, 3), correction=0)
columns = {"": "", "mean of R, G, B": ".3f", "standard deviation": ".3f"}
table([("scenes", mean, std), ("PyTorch's", torch_mean.numpy(), torch_std.numpy()),
       ("normalised", after_mean, after_std)], columns)  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert np.allclose([torch_mean, torch_std], [mean, std], atol=1e-5)
assert np.allclose(after_mean, 0, atol=1e-3)
assert np.allclose(after_std, 1, atol=1e-3)

# %% [markdown]
# Now a version that looks right: compute mean and standard deviation of *each image*, then average those over the
# data set. It is tempting, because it needs only one image in memory at a time.
#
# > **Predict.** Is the mean still correct? Is the standard deviation correct, too small or too large?

# %%
image_means, image_stds = images.mean(axis=(2, 3)), images.std(axis=(2, 3))  # (2000, 3) each
table([("over all pixels", mean, std),
       ("each image, averaged", image_means.mean(axis=0), image_stds.mean(axis=0))],
      columns)  # fmt: skip
variances = (image_stds**2).mean(axis=0) + image_means.var(axis=0)
print("variance within + variance between:", np.allclose(variances, std**2, atol=1e-5))

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(image_means.mean(axis=0), mean, atol=1e-5)
assert (image_stds.mean(axis=0) < std - 0.03).all()

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The mean is correct, because all images have the same number of pixels. The standard deviation is too small: within one
# image the pixels scatter around *that image's* mean, and how much the images' means differ among themselves is
# forgotten. Per channel, $\sigma^2 = \text{average of the images' variances} + \text{variance of the images' means}$;
# the last line tests it. For a data set that does not fit into memory one keeps two running sums, of $x$ and of $x^2$.
# </details>

# %% [markdown]
# ## 6. Why not simply a fully connected network?
#
# We have tensors; the plainest network flattens them into a vector of $C H W$ numbers and multiplies by a matrix.
# With $U$ hidden units that is
#
# $$ \underbrace{C H W \cdot U}_{\text{weights}} + \underbrace{U}_{\text{biases}} $$
#
# parameters, whereas a convolution layer with $C_\text{out}$ filters of size $K \times K$ over $C_\text{in}$ channels
# (next lesson) has $(K^2 C_\text{in} + 1)\, C_\text{out}$.


# %%
def mlp_parameters(shape, hidden):
    C, H, W = shape
    return C * H * W * hidden + hidden


def conv_parameters(c_in, c_out, kernel_size):
    return (kernel_size**2 * c_in + 1) * c_out


# %%
rows = []
for shape in [(1, 28, 28), (3, 32, 32), (3, 200, 200), (3, 224, 224)]:
    inputs = np.prod(shape)
    rows.append((str(shape), inputs, inputs * 512, mlp_parameters(shape, 512)))
forms = {"image": "", "weights per unit": ",", "weights of 512 units": ",", "with biases": ","}
table(rows, forms)

in_megabytes = mlp_parameters((3, 224, 224), 512) * 4 / 1e6
print(f"in float32: {in_megabytes:,.0f} MB")
print(f"512 filters of 3×3 on 3 channels, with biases: {conv_parameters(3, 512, 3):,}")
print("one 3×3 filter on a grey image:", conv_parameters(1, 1, 3))

# %% [markdown]
# 77 million weights for the *first* layer. Three problems come with the number:
#
# 1. **Data.** Each of the 77 million has to be learned from examples.
# 2. **One size.** The matrix fits one image size only; a convolution takes any. The next cell tries two sizes.
# 3. **No geometry.** That is the deepest problem, and the next section is about it.

# %%
linear, convolution = nn.Linear(3 * 32 * 32, 16), nn.Conv2d(3, 16, kernel_size=3)
for side in [32, 40]:
    image = torch.zeros(1, 3, side, side)
    print(f"{side}×{side}: the convolution gives", tuple(convolution(image).shape))
    try:
        print(f"{side}×{side}: the matrix gives", tuple(linear(image.flatten(1)).shape))
    except RuntimeError:
        print(f"{side}×{side}: the matrix wants {linear.in_features} numbers, not {image.numel()}")

# %% [markdown]
# ## 7. What flattening forgets
#
# Back to the puzzle. A shuffle of the pixels is a permutation matrix $\Pi$ acting on the flattened image $x$: it holds
# zeros, and a single 1 in each row and each column. So $\Pi^\top \Pi$ is the identity matrix $1$. The first layer of a fully connected network computes $Wx$.
# For the shuffled image $\Pi x$ take the weights $W' = W \Pi^\top$, the matrix $W$ with its *columns* shuffled the same way:
#
# $$ W'(\Pi x) = W \Pi^\top \Pi\, x = W x . $$
#
# The same hidden values, so the same outputs and the same loss. And the gradients?
#
# $$ \frac{\partial L}{\partial W'} = \delta\,(\Pi x)^\top = \big(\delta\, x^\top\big) \Pi^\top
#    = \frac{\partial L}{\partial W}\, \Pi^\top , \qquad \delta = \frac{\partial L}{\partial (Wx)} . $$
#
# (The first equality is the chain rule for a matrix: $\delta$ is the gradient with respect to the product, and its outer
# product with the input is the gradient with respect to the matrix.) The gradient's columns are shuffled too. So if the
# weights correspond before a step of gradient descent, they correspond after it. **The two networks stay twins for
# ever.** And random initial weights are drawn independently of their place, so shuffling their columns makes an equally
# likely start. For a fully connected network the order of the pixels *does not exist*. Let us see the twins train, in
# float64, with everything written out in NumPy:


# %%
def loss_and_gradient(W, V, x, labels):
    """Two layers, ReLU, softmax cross-entropy; x (N, 784), W (U, 784), V (10, U)."""
    hidden = np.maximum(x @ W.T, 0)
    logits = hidden @ V.T
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(x)), labels]).mean()
    d_logits = (p - np.eye(10)[labels]) / len(x)
    d_hidden = (d_logits @ V) * (hidden > 0)
    return loss, d_hidden.T @ x, d_logits.T @ hidden


# %%
train_images, train_labels = data.fashion_mnist("train")
test_images, test_labels = data.fashion_mnist("test")
x, labels = train_images[:500].reshape(500, -1) / 255, train_labels[:500]
order = rng.permutation(784)  # x[:, order] shuffles the pixels of every image

W, V = 0.05 * rng.normal(size=(32, 784)), 0.1 * rng.normal(size=(10, 32))
W_twin, V_twin = W[:, order].copy(), V.copy()
rows = []
for step in range(31):
    loss, dW, dV = loss_and_gradient(W, V, x, labels)
    loss_twin, dW_twin, dV_twin = loss_and_gradient(W_twin, V_twin, x[:, order], labels)
    if step % 10 == 0:
        rows.append((str(step), loss, loss_twin))
    W, V = W - 0.1 * dW, V - 0.1 * dV
    W_twin, V_twin = W_twin - 0.1 * dW_twin, V_twin - 0.1 * dV_twin

table(rows, {"step": "", "loss": ".3f", "loss of the twin on shuffled pixels": ".3f"})
print("weights still correspond to 1e-12:", np.abs(W[:, order] - W_twin).max() < 1e-12)

# %% tags=["check"]
# Check that the text is true.
assert np.abs(W[:, order] - W_twin).max() < 1e-12
assert all(np.isclose(loss, loss_twin) for _, loss, loss_twin in rows)

# %% [markdown]
# This holds for every fully connected network, however deep, whatever it is trained for. For a convolutional network
# the proof breaks at the first step: its small windows look at *neighbouring* places, and no choice of its few
# weights undoes the shuffle. Here is what a shuffle does to neighbours:

# %%
shuffled_images = train_images.reshape(-1, 784)[:, order].reshape(-1, 28, 28)
for name, x in [("original", train_images), ("shuffled", shuffled_images)]:
    left, right = x[:, :, :-1].ravel(), x[:, :, 1:].ravel()
    print(f"{name}: correlation of horizontal neighbours {np.corrcoef(left, right)[0, 1]:.2f}")

# %% tags=["plumbing"]
# One image of each class, and the same shuffled.
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
# Now the experiment, with three networks: a *linear* classifier (one matrix), an *MLP* with one hidden layer, and a
# small *CNN*: a convolution with 16 filters of 5×5 that moves two pixels at a time, ReLU, 2×2 max pooling, then one
# matrix. (What these layers do is the subject of the following lessons; here they only need to run.)


# %%
makers = {
    "linear": lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)),
    "MLP": lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10)),
    "CNN": lambda: nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2, stride=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * 7 * 7, 10),
    ),
}  # fmt: skip


def train(make, x, labels, seed, steps=400, lr=0.05, momentum=0.9):
    """Gradient descent with momentum, on batches of 100; the step shrinks to nothing."""
    torch.manual_seed(seed)
    network = make()
    weights = list(network.parameters())
    velocity = [torch.zeros_like(w) for w in weights]
    epochs = -(-100 * steps // len(x))  # rounded up
    batches = [batch for _ in range(epochs) for batch in torch.randperm(len(x)).split(100)]
    for step, batch in enumerate(batches[:steps]):
        loss = F.cross_entropy(network(x[batch]), labels[batch])
        with torch.no_grad():
            for w, v, dw in zip(weights, velocity, torch.autograd.grad(loss, weights), strict=True):
                v.mul_(momentum).add_(dw)
                w.sub_(lr * (1 - step / steps) * v)
    return network


# %%
torch.set_num_threads(1)  # for networks as small as these a second thread costs more than it brings
pixel_mean, pixel_std = train_images.mean() / 255, train_images.std() / 255


def prepare(images):
    """uint8 (N, 28, 28) → normalised float32 (N, 1, 28, 28)."""
    scaled = (images[:, None] / 255 - pixel_mean) / pixel_std
    return torch.from_numpy(scaled.astype(np.float32))


def shuffled(x):
    return x.flatten(1)[:, torch.from_numpy(order)].reshape(x.shape)


@torch.no_grad()
def accuracy(network, x, labels):
    return (network(x).argmax(dim=1) == labels).float().mean().item()


x_train, x_test = prepare(train_images), prepare(test_images)
y_train, y_test = torch.from_numpy(train_labels), torch.from_numpy(test_labels)

# %% [markdown]
# A trained network's accuracy depends on its random start. So each network is trained from **ten** starts on the
# original and on the shuffled images. The *standard deviation* tells how far single starts are apart. The mean of ten
# is known better than that: its *standard error* is the standard deviation over $\sqrt{10}$, and a difference of two
# means has the error $\sqrt{(\sigma_1^2 + \sigma_2^2) / 10}$. Where two means differ by less than twice this error,
# they may well be equal. In the table, ± is the standard deviation behind an accuracy, and the standard error behind a
# difference (the last column).
#
# > **Predict.** Six numbers, the test accuracies; chance would be 0.10. In particular: when the CNN is trained on
# > shuffled images, does it fall to chance? Below the MLP? Below the linear classifier?

# %% tags=["nbval-ignore-output"]
views = {"original": lambda x: x, "shuffled": shuffled}
networks, score = {}, {}  # score: the accuracies of the ten starts
for kind, make in makers.items():
    for name, view in views.items():
        x = view(x_train)
        networks[kind, name] = [train(make, x, y_train, seed) for seed in range(10)]
        score[kind, name] = np.array(
            [accuracy(network, view(x_test), y_test) for network in networks[kind, name]]
        )


def difference(a, b):
    """The difference of the means of two sets of starts, and its standard error."""
    return a.mean() - b.mean(), np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / len(a))


# %% tags=["plumbing", "nbval-ignore-output"]
# The accuracies: mean and standard deviation of ten starts; what is lost, and its standard error.
rows = []
for kind in makers:
    size = sum(w.numel() for w in networks[kind, "original"][0].parameters())
    both = score[kind, "original"], score[kind, "shuffled"]
    rows.append((kind, f"{size:,}", *(f"{a.mean():.3f} ± {a.std(ddof=1):.3f}" for a in both),
                 "{:.3f} ± {:.3f}".format(*difference(*both))))  # fmt: skip
table(rows, ["", "parameters", "original", "shuffled", "lost by shuffling"])

# %% tags=["plumbing"]
# The same as bars.
nested = {kind: {name: score[kind, name] for name in views} for kind in makers}
figure = viz.bar_chart(
    {kind: {name: a.mean() for name, a in pair.items()} for kind, pair in nested.items()},
    "test accuracy (axis starts at 0.8)\nbars: standard deviation of ten starts",
    decimals=3,
    spread={
        kind: {name: a.std(ddof=1) for name, a in pair.items()} for kind, pair in nested.items()
    },
    size=(7, 3.4),
)
figure.axes[0].set_ylim(0.8, 0.9)
show(figure, "01/accuracy-shuffled")

# %% tags=["check"]
# Check that the text is true.
for kind in ("linear", "MLP"):
    at_most(
        abs(difference(score[kind, "original"], score[kind, "shuffled"])[0]),
        0.008,
        f"01/{kind}-twins",
    )
at_least(score["CNN", "original"] - score["CNN", "shuffled"], 0.008, "01/shuffling-costs-the-cnn")
at_least(score["CNN", "original"] - score["MLP", "original"], 0.003, "01/cnn-beats-mlp")
at_most(score["CNN", "shuffled"] - score["MLP", "shuffled"], -0.001, "01/shuffled-cnn-below-mlp")
at_least(
    score["CNN", "shuffled"] - score["linear", "shuffled"], 0.002, "01/shuffled-cnn-above-linear"
)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# - **Linear and MLP**: as proved, nothing is lost. The differences in the last column are not larger than twice their
#   own errors.
# - **CNN, original**: the best of all, with a sixth of the MLP's parameters. The lead over the MLP is small, but several
#   times its error.
# - **CNN, shuffled**: it loses its lead and more: it is below the MLP. But it does not fall to chance, and stays above
#   the linear classifier. Its last layer is a matrix that still sees every place of the maps, so the network can always
#   act as a clumsy linear classifier on scrambled features. What it loses is what its windows had found in
#   neighbourhoods.
#
# LeCun, Bottou, Bengio and Haffner said it in 1998 (section II): a fully connected network ignores the topology of its
# input, so it learns equally well from any fixed order of the pixels. A convolutional network *assumes* something about images.
# Where the assumption is true it is worth more than 40,000 extra parameters; where it is false it costs.
# </details>

# %% [markdown]
# ## 8. What vision asks for
#
# *(This section can wait.)*
#
# Here is a scene with four garments, on a larger canvas. The same picture can be the input of quite different tasks.

# %%
scene = data.scene(11, size=64, objects=4)
names = [data.FASHION_CLASSES[label] for label in scene.labels]
print("objects, rearmost first:", names)

# %% tags=["plumbing"]
# The scene, and what three of the tasks want to know of it.
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
# | **classification** | what is in the picture? | one score per class: (N, classes) |
# | **detection** | what is where? | for each object a class and a box (x0, y0, x1, y1) |
# | **semantic segmentation** | which class is each pixel? | one score per class and pixel: (N, classes, H, W) |
# | **instance segmentation** | which object is each pixel? | for each object a class and a mask (H, W) |
#
# The two segmentations differ where several objects have the same class. Count in this scene:

# %%
classes, objects = np.unique(scene.semantic), np.unique(scene.instances)  # 0 is the background
x0, y0, x1, y1 = scene.boxes[0].astype(int)  # half open: as slices
inside = scene.instances[y0:y1, x0:x1] == 1
print("classification:", sorted(set(names)))
print("detection: boxes", scene.boxes.shape, " the first:", names[0], scene.boxes[0])
print("semantic segmentation:", len(classes) - 1, "classes")
print("instance segmentation:", len(objects) - 1, "objects")
print(f"of the first garment's box, its visible pixels fill {inside.mean():.0%}")

# %% [markdown]
# Each task needs the answers to keep more of the *where* than the one before. Classification may forget where a
# garment lies; segmentation must carry its place through the whole network. Lessons 03 and 04 make that exact
# (shapes, receptive fields, equivariance); [lesson 18](18_detection.ipynb) and [lesson 19](19_segmentation.ipynb) build
# networks for it.

# %% [markdown]
# ## 9. What makes images hard
#
# *(This section can wait.)*
#
# To us these are one garment, seen under different conditions. How far apart are they as vectors of numbers?


# %%
def moved(x):
    """Four pixels to the right, one down: a little change of viewpoint."""
    out = np.zeros_like(x)
    out[..., 1:, 4:] = x[..., :-1, :-4]
    return out


gravel = data.photograph("gravel")[:280, :280].reshape(28, 10, 28, 10).mean(axis=(1, 3)) / 255
changes = {
    "light": lambda x: 0.4 * x,
    "contrast": lambda x: 0.5 + 0.4 * (x - 0.5),
    "moved": moved,
    "turned": lambda x: np.rot90(x, axes=(-2, -1)),  # on its side: a large change of viewpoint
    "clutter": lambda x: np.maximum(x, 0.8 * gravel),
}
pullover = data.FASHION_CLASSES.index("pullover")
garment = test_images[np.flatnonzero(test_labels == pullover)[3]] / 255
versions = {"original": garment, **{name: change(garment) for name, change in changes.items()}}

# %% tags=["plumbing"]
# One pullover and its five versions.
show(
    viz.image_row(list(versions.values()), list(versions), height=1.5, low=0, high=1),
    "01/five-changes",
)

# %% [markdown]
# > **Predict.** We measure the Euclidean distance of each version to the original, pixel by pixel. For comparison:
# > the distance from the original to the nearest image *of another class* in the training set. Which of the five
# > versions are nearer to the original than that other garment?

# %%
another = train_labels != pullover
others, other_labels = train_images[another] / 255, train_labels[another]
to_others = np.linalg.norm((others - garment).reshape(len(others), -1), axis=1)
nearest = to_others.argmin()
distance = {
    name: np.linalg.norm(version - garment)
    for name, version in versions.items()
    if name != "original"
}
name_of_nearest = data.FASHION_CLASSES[other_labels[nearest]]
distance[f"another:\n{name_of_nearest}"] = to_others[nearest]

# %% tags=["plumbing"]
# The nearest image of another class, and all distances.
show(
    viz.image_row([garment, others[nearest]], ["the pullover", name_of_nearest], height=1.5),
    "01/nearest-of-another-class",
)
show(
    viz.bar_chart(distance, "distance to the original", size=(7, 3)), "01/distance-to-the-original"
)

# %% tags=["check"]
# Check that the text is true.
assert min(distance, key=distance.get).startswith("another")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# None of them: every change moves the pullover farther than the step to another class.
# </details>
#
# One pullover is an anecdote. The same for 500 test images:
#
# > **Predict.** For each of the five changes: in how many of a hundred cases is the changed image farther from its
# > original than the nearest training image of another class?

# %%
some, some_labels = test_images[:500].reshape(500, -1) / 255, test_labels[:500]
all_train = train_images.reshape(-1, 784) / 255
squares = (
    (some**2).sum(axis=1)[:, None] + (all_train**2).sum(axis=1)[None, :] - 2 * some @ all_train.T
)
squares[some_labels[:, None] == train_labels[None, :]] = np.inf  # only other classes count
to_another = np.sqrt(squares.min(axis=1))
farther = {}
for name, change in changes.items():
    changed = change(test_images[:500] / 255).reshape(500, -1)
    farther[name] = (np.linalg.norm(changed - some, axis=1) > to_another).mean()
table(farther.items(), {"change": "", "farther than another class": ".0%"})

# %% tags=["check"]
# Check that the text is true.
assert farther["moved"] > 0.9

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# In the space of pixels a garment that has moved by four pixels is nearly always farther from itself than some garment
# of another class is. So "compare pixel by pixel" cannot be how one recognises things. A network has to learn, or be
# built, to ignore light, contrast, place and clutter, and yet to see the small difference to another class.
# </details>
#
# What is the accuracy of section 7's networks on the changed images? They were trained on unchanged images only.
#
# > **Predict.** Is the CNN more robust than the MLP against all five? Which change hurts it most?

# %% tags=["nbval-ignore-output"]
robust = {kind: {} for kind in ("MLP", "CNN")}
for name, change in {"original": lambda x: x, **changes}.items():
    changed = prepare(255 * np.ascontiguousarray(change(test_images / 255)))
    for kind, row in robust.items():
        row[name] = np.array([accuracy(net, changed, y_test) for net in networks[kind, "original"]])

# %% tags=["plumbing", "nbval-ignore-output"]
# The accuracies, mean and standard deviation of ten starts, as a table and as bars.
table([(name, *(f"{row[name].mean():.2f} ± {row[name].std(ddof=1):.2f}" for row in robust.values()))
       for name in robust["CNN"]], ["test images", *robust])  # fmt: skip
shown = [{name: {kind: reduce(row[name]) for kind, row in robust.items()} for name in robust["CNN"]}
         for reduce in (np.mean, np.std)]  # fmt: skip
show(
    viz.bar_chart(
        shown[0],
        "test accuracy of ten starts\nbars: standard deviation",
        spread=shown[1],
        size=(8, 3.6),
    ),
    "01/accuracy-after-changes",
)

# %% tags=["check"]
# Check that the text is true.
for name in changes:
    for kind, row in robust.items():
        at_most(row[name] - row["original"], -0.01, f"01/{name}-costs-the-{kind}")
for name in ("light", "contrast", "clutter"):
    at_least(robust["CNN"][name] - robust["MLP"][name], 0.02, f"01/{name}-costs-the-cnn-less")
at_most(robust["CNN"]["moved"], 0.5, "01/cnn-does-not-stand-moving")
at_most(robust["CNN"]["turned"], 0.09, "01/cnn-does-not-stand-turning")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Every change costs. Less light, less contrast and clutter cost the CNN less than the MLP. But moving the garments
# by four pixels costs it nearly as much as the MLP: most of them are then taken for something else. And a garment on
# its side is recognised more rarely than by guessing. People say that a CNN recognises a thing wherever it is. Its
# *convolutions* treat all places alike: when the garment moves, their maps move with it. But the last layer is a
# matrix on flattened maps, and a matrix has other weights for each place. Lesson 04 separates these two properties, **equivariance**
# and **invariance**, and measures both. The usual remedy for all five changes is to train on changed images; lesson 09
# measures what that buys.
# </details>

# %% [markdown]
# ## Claims to test
#
# Sentences like these are in many lecture notes.
#
# 1. "An MLP cannot learn from pixels."
# 2. "Flattening an image destroys the information about what is next to what."
# 3. "A pixel's value is the intensity of the light."
#
# For the first we also try the scenes, where the garments lie at different places on different grounds: 5,000 of them to
# learn from, three starts each, an MLP and a CNN like those above for 3×32×32.
#
# > **Predict.** In what sense is each of them true?

# %% tags=["nbval-ignore-output"]
learn, unseen = data.scenes(5000), data.scenes(2000, split="test")
mean, std = transforms.channel_statistics(learn.images.astype(np.float32) / 255)
x_learn, x_unseen = (
    torch.from_numpy(transforms.normalize(batch.images.astype(np.float32) / 255, mean, std))
    for batch in (learn, unseen)
)
y_learn, y_unseen = torch.from_numpy(learn.labels), torch.from_numpy(unseen.labels)
for_scenes = {
    "MLP": lambda: nn.Sequential(nn.Flatten(), nn.Linear(3072, 64), nn.ReLU(), nn.Linear(64, 10)),
    "CNN": lambda: nn.Sequential(
        nn.Conv2d(3, 16, 5, padding=2, stride=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * 8 * 8, 10),
    ),
}  # fmt: skip
on_scenes = {}
for kind, make in for_scenes.items():
    nets = [train(make, x_learn, y_learn, seed, steps=800, lr=0.02) for seed in range(3)]
    on_scenes[kind, "learned"] = np.array([accuracy(net, x_learn, y_learn) for net in nets])
    on_scenes[kind, "unseen"] = np.array([accuracy(net, x_unseen, y_unseen) for net in nets])

# %% tags=["plumbing", "nbval-ignore-output"]
# Claim 1, with each start's accuracy.
rows = [("MLP, garments, unseen (ten starts)", score["MLP", "original"].round(2))]
for (kind, which), values in on_scenes.items():
    rows.append((f"{kind}, scenes, {which} (three starts)", values.round(2)))
table(rows, {"1.": "", "accuracy (chance: 0.10)": ".2f"})

# %% tags=["check"]
# Check that the text is true.
at_least(score["MLP", "original"], 0.8, "01/mlp-learns-garments")
at_least(on_scenes["MLP", "learned"], 0.9, "01/mlp-learns-its-scenes")
at_most(on_scenes["MLP", "unseen"], 0.6, "01/mlp-on-unseen-scenes")
at_least(on_scenes["CNN", "unseen"] - on_scenes["MLP", "unseen"], 0.03, "01/cnn-on-unseen-scenes")

# %%
picture = data.photograph("coffee")
folded = picture.ravel().reshape(picture.shape)
print("2. flattened and folded back, the picture is equal:", np.array_equal(folded, picture))


def light(value):
    """Relative intensity of a display pixel, by sRGB (IEC 61966-2-1); exact above 10."""
    return ((value / 255 + 0.055) / 1.055) ** 2.4


half = next(value for value in range(256) if light(value) >= 0.5)
print(f"3. value 128 of 255 is {light(128):.1%} of the light of 255; half of it needs value {half}")

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **False as it stands.** From 784 pixels the MLP learns garments well. Of the scenes it learns nearly every training
#    image, but it recognises only about half of the new ones: it learns *these* pixels, and not what a garment looks like
#    at another place. A CNN does better on new images of both kinds, garments and scenes. What is also true: the MLP's cost grows with the image's
#    area (77 million weights at 3×224×224), and its matrix fits one size only.
# 2. **Misleading.** Flattening can be undone, so no information is lost *from the data*. The network is not *told* it,
#    and section 7 proves that the MLP makes no use of it.
# 3. **False for ordinary files.** They store an approximately perceptual scale. The average of pixel values is not the
#    average of light. For recognising garments this is harmless, for measuring light it is not.
# </details>

# %% [markdown]
# ## Summary
#
# 1. A batch of images is an array (N, C, H, W) of `float32`; files hold (H, W, C) in `uint8`, and `transpose`, never
#    `reshape`, goes from one to the other.
# 2. Compute in floating point: `uint8` overflows without a warning.
# 3. Normalise per channel over N, H and W of the training set.
# 4. A fully connected layer on 3×224×224 pixels with 512 units has 77,070,336 weights, fits one image size, and
#    provably does not know which pixels are neighbours.
# 5. A CNN assumes that neighbourhoods matter: on shuffled pixels it loses its lead. Light, contrast, viewpoint and
#    clutter often move an image farther than a change of class does, and these networks are not robust to them yet.

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
# **2.** A batch of colour photographs has shape (8, 32, 48, 3). Which `transpose` makes it (N, C, H, W)? And with
# `reshape(8, 3, 32, 48)` instead: what is at `[0, 0, 0, 1]`, where the red value of the second pixel belongs?
#
# <details><summary>Answer</summary>
#
# `transpose(0, 3, 1, 2)`: N stays, C comes second. `reshape` keeps the order in memory, R, G, B, R, G, B…, so the second
# number is the *green* value of the *first* pixel.
# </details>
#
# **3.** We shuffle *each image with its own* random shuffle. Does the MLP still not care?
#
# <details><summary>Answer</summary>
#
# It cares very much. The proof needs one $\Pi$ for all images, since there is one $W'$. With a new shuffle for each image
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
# $(\mu - 0.1307)/0.3081$ and $\sigma/0.3081$: about 0.5 and 1.15 instead of 0 and 1. A network still trains. The
# mistake is common because no error tells you.
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
# **6.** The mean accuracy of ten starts is 0.862 with a standard deviation of 0.005, that of another network 0.866 with
# the same. Is the second one better?
#
# <details><summary>Answer</summary>
#
# Not known. The difference of 0.004 has the error $\sqrt{2 \cdot 0.005^2 / 10} = 0.0022$, and 0.004 is less than twice
# that. If 40 starts each gave the same means, one would know: the error would be 0.0011.
# </details>

# %%
print("1.", 480 * 640 * 3, 4 * 480 * 640 * 3, 64 * 4 * 480 * 640 * 3)

photographs = rng.integers(0, 256, size=(8, 32, 48, 3), dtype=np.uint8)
print("2.", photographs.transpose(0, 3, 1, 2).shape,
      photographs.reshape(8, 3, 32, 48)[0, 0, 0, 1] == photographs[0, 0, 0, 1])  # fmt: skip

own_train = rng.permuted(train_images.reshape(-1, 784), axis=1).reshape(-1, 28, 28)
own_test = rng.permuted(test_images.reshape(-1, 784), axis=1).reshape(-1, 28, 28)
network = train(makers["MLP"], prepare(own_train), y_train, seed=0)
print(f"3. about {accuracy(network, prepare(own_test), y_test):.1f}")

print(f"4. mean {(pixel_mean - 0.1307) / 0.3081:.2f}, standard deviation {pixel_std / 0.3081:.2f}")
print("5.", mlp_parameters((3, 200, 200), 100), conv_parameters(3, 100, 5))
print(f"6. {np.sqrt(2 * 0.005**2 / 10):.4f} {np.sqrt(2 * 0.005**2 / 40):.4f}")

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
# - C. R. Harris and others, "Array programming with NumPy", *Nature* 585 (2020): arrays and what one does with them.
#
# **Next:** do the [exercises of this unit](../exercises/01_images_as_tensors/01_images_as_tensors.ipynb), then go on to
# [02 Convolution](02_convolution.ipynb), which builds the layer that knows about neighbours, from two demands.
