# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 10 · LeNet-5: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson: [10 LeNet-5](../../notebooks/10_lenet.ipynb) ·
# previous: [exercises 09](../09_training/09_training.ipynb) ·
# next: [exercises 11](../11_alexnet/11_alexnet.ipynb)
#
# The first network of the course in PyTorch: count it, build it, train it. About 60 minutes.
#
# From here on PyTorch is not only allowed but wanted. Layers may have any names and stand in any order.

# %%
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from cnncourse import data
from cnncourse.checks import check

torch.set_num_threads(1)  # for a network as small as this one, more threads cost more than they bring

# %% [markdown]
# ## Task 1 · `c3_parameters`
#
# Difficulty ●○○ · 10 minutes · 2 points ·
# lesson section [C3: the connection table](../../notebooks/10_lenet.ipynb#4.-C3:-the-connection-table)
#
# In 1998 the maps of C3 saw only some of the 6 maps before them. The paper's table says which: rows are the 6 input maps, columns the
# 16 output maps, 1 means connected. Each connection has a 5×5 kernel of its own; each output map adds up its kernels' results and
# one bias.

# %% task="10.c3_parameters"
def c3_parameters(table):
    """Number of learned parameters of C3.

    Parameters
    ----------
    table : integer array (6, 16) of 0 and 1, inputs × outputs

    Returns
    -------
    int: weights and biases; 1,516 for the paper's table
    """
    ### BEGIN SOLUTION
    return 25 * int(np.sum(table)) + table.shape[1]
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Two sums: a kernel for each 1 in the table, a bias for each column.
#
# </details>

# %% check="10.c3_parameters"
check("10.c3_parameters", c3_parameters)

# %% [markdown]
# ## Task 2 · `LeNet5`
#
# Difficulty ●●○ · 25 minutes · 4 points ·
# lesson section [Today's form](../../notebooks/10_lenet.ipynb#7.-Today's-form)
#
# 32×32 → C1 6@28 → S2 6@14 → C3 16@10 → S4 16@5 → C5 120 → F6 84 → 10. All convolutions are 5×5 without padding, S2 and S4 pool
# 2×2. You may write today's form (ReLU, max pooling, all connections, a linear output: 61,706 parameters) or that of 1998
# (scaled tanh, trainable subsampling, C3's table, RBF outputs: 60,000), or something between.
#
# The output is **logits**: no softmax. The check loads numbers into your parameters and follows them from layer to layer: what your
# network computes, and the gradients that come back, must be what LeNet-5's layers make of these numbers, whichever activations
# and kind of pooling you chose.

# %% task="10.LeNet5"
class LeNet5(nn.Module):
    """LeNet-5: float images (N, 1, 32, 32) to logits (N, 10)."""

    def __init__(self):
        super().__init__()
        ### BEGIN SOLUTION
        self.c1 = nn.Conv2d(1, 6, 5)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.f6 = nn.Linear(120, 84)
        self.output = nn.Linear(84, 10)
        ### END SOLUTION

    def forward(self, x):
        """Logits (N, 10) of images (N, 1, 32, 32)."""
        ### BEGIN SOLUTION
        x = F.max_pool2d(F.relu(self.c1(x)), 2)  # 6@14×14
        x = F.max_pool2d(F.relu(self.c3(x)), 2)  # 16@5×5
        x = F.relu(self.c5(x)).flatten(1)  # 120
        return self.output(F.relu(self.f6(x)))
        ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the two methods</summary>
#
# In `__init__`, after `super().__init__()`, make the layers that learn: `self.c1 = nn.Conv2d(1, 6, 5)` and so on. In
# `forward(self, x)`, send x through them and return the logits.
#
# </details>
# <details><summary>Hint 2: from maps to numbers</summary>
#
# After S4 there are 16 maps of 5×5. `nn.Conv2d(16, 120, 5)` leaves one pixel of each of 120 maps, `.flatten(1)` makes (N, 120) of
# it. (Or first `.flatten(1)` to (N, 400), then `nn.Linear(400, 120)`.)
#
# </details>
# <details><summary>Hint 3: where activations go</summary>
#
# After C1, C3, C5 and F6; not after the last layer.
#
# </details>

# %% check="10.LeNet5"
check("10.LeNet5", LeNet5)

# %% [markdown]
# ## Task 3 · `train_lenet`
#
# Difficulty ●●● · 25 minutes · 4 points ·
# lesson section [Today's form](../../notebooks/10_lenet.ipynb#7.-Today's-form)
#
# Build a network and train it on the images that you are given. Then it is put into eval mode and classifies 2,000 images that it has
# not seen: 75 % right earn all points. You have 120 seconds; three passes over the images can be enough.
#
# What counts is what the network has learned. All images, those to train on and those to classify, are made anew for each check: of
# garments of the data set, blended with another of the same class, mirrored or not, resized, moved, and with other brightness and
# contrast. The images to classify are made of other garments than those to train on, and the classes get other numbers than in the
# data set.

# %% task="10.train_lenet"
def train_lenet(train_images, train_labels):
    """Train a network to classify images.

    Parameters
    ----------
    train_images : float32 tensor (N, 1, 32, 32) in [0, 1]; N = 10,000 in the check
    train_labels : int64 tensor (N,), 0 to 9

    Returns
    -------
    a trained nn.Module: images as above to logits (N, 10)
    """
    ### BEGIN SOLUTION
    network, epochs = LeNet5(), 3
    optimizer = torch.optim.Adam(network.parameters(), lr=0.006)
    steps = epochs * -(-len(train_images) // 50)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.006, total_steps=steps)
    for _ in range(epochs):
        for index in torch.randperm(len(train_images)).split(50):
            loss = F.cross_entropy(network(train_images[index]), train_labels[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: one step</summary>
#
# `F.cross_entropy(network(images), labels)`, then `optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`.
#
# </details>
# <details><summary>Hint 2: batches</summary>
#
# `torch.randperm(len(train_images)).split(50)` gives the numbers of all images in random order, in portions of 50.
#
# </details>
# <details><summary>Hint 3: it learns too slowly</summary>
#
# Adam with a learning rate of 0.002 needs four or five passes. It goes faster with a rate that rises first and falls towards the end:
# `torch.optim.lr_scheduler.OneCycleLR`, whose `step()` comes after each batch. If you normalise the images, do it in `forward`.
#
# </details>

# %% [markdown]
# Try it on a part of the data set first, to find mistakes in seconds. (These images are the garments as they are, which is easier.)

# %% tags=["nbval-ignore-output"]
images, labels = data.fashion_mnist("train")
images = torch.tensor(np.pad(images, ((0, 0), (2, 2), (2, 2)))[:, None] / 255, dtype=torch.float32)
labels = torch.tensor(labels)
try:
    trial = train_lenet(images[:1000], labels[:1000]).eval()
    with torch.no_grad():
        right = (trial(images[1000:2000]).argmax(dim=1) == labels[1000:2000]).float().mean()
    print(f"{right:.0%} right after training on 1,000 images")
except NotImplementedError:
    print("train_lenet is not written yet")

# %% check="10.train_lenet"
check("10.train_lenet", train_lenet)

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). Which number of parameters has LeNet-5's largest layer, C5, with its biases?

# %% task="10.answer_largest_layer"
def answer_largest_layer():
    """A whole number."""
    ### BEGIN SOLUTION
    return sum(p.numel() for p in LeNet5().c5.parameters())
    ### END SOLUTION


# %% check="10.answer_largest_layer"
check("10.answer_largest_layer", answer_largest_layer)

# %% [markdown]
# **Question 2** (1 point). In 1998, S2 added up the four pixels of each window, multiplied by a learned coefficient of the map and added a
# learned bias of the map. How many parameters has S2?

# %% task="10.answer_subsampling"
def answer_subsampling():
    """A whole number."""
    ### BEGIN SOLUTION
    return 6 * (1 + 1)
    ### END SOLUTION


# %% check="10.answer_subsampling"
check("10.answer_subsampling", answer_subsampling)

# %% [markdown]
# **Question 3** (1 point). C5 gives 120 single pixels. What sets the convolution apart from a linear layer on the 400 flattened numbers?
#
# - `"a"`: nothing, for images of any size
# - `"b"`: the convolution has more weights
# - `"c"`: the convolution also takes larger images
# - `"d"`: the convolution has fewer weights

# %% task="10.answer_c5"
def answer_c5():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% check="10.answer_c5"
check("10.answer_c5", answer_c5)
