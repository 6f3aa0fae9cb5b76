# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 17 · Transfer learning: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson:
# [17 Transfer learning](../../notebooks/17_transfer_learning.ipynb) ·
# previous: [exercises 16](../16_what_cnns_learn/16_what_cnns_learn.ipynb) ·
# next: [exercises 18](../18_detection/18_detection.ipynb)
#
# Two classifiers on features, a fair draw of a few labels, a new head, a network that stays frozen, and a learning rate for each
# stage. About 115 minutes.
#
# Tasks 1 to 3 use NumPy, tasks 4 to 6 PyTorch. In tasks 4 to 6 your function gets a network. The check then looks at how the network
# acts, not at how you wrote the function.

# %%
import numpy as np
from torch import nn

from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `linear_probe`
#
# Difficulty ●●○ · 25 minutes · 7 points ·
# lesson section [A linear probe](../../notebooks/17_transfer_learning.ipynb#2.-A-linear-probe)
#
# Find the linear classifier that minimises
#
# $$\sum_n \lVert W f_n + b - y_n \rVert^2 + \lambda \lVert W \rVert^2$$
#
# where $y_n$ is 1 at the picture's class and 0 elsewhere. The penalty holds $W$ small, and not $b$. There may be fewer pictures than
# features.

# %% task="17.linear_probe"
def linear_probe(features, labels, num_classes, l2):
    """Fit a linear classifier to one-hot labels by ridge regression.

    Parameters
    ----------
    features : float array (N, D)
    labels : integer array (N,), from 0 to num_classes − 1
    num_classes : int; a class without pictures has its row, too
    l2 : float above 0, the factor λ of ‖W‖²

    Returns
    -------
    W : array (num_classes, D)
    b : array (num_classes,)
    """
    ### BEGIN SOLUTION
    N, D = features.shape
    target = np.zeros((N, num_classes), features.dtype)
    target[np.arange(N), labels] = 1
    mean, share = features.mean(axis=0), target.mean(axis=0)
    centred = features - mean
    penalty = l2 * np.eye(D, dtype=features.dtype)
    W = np.linalg.solve(centred.T @ centred + penalty, centred.T @ (target - share)).T
    return W, share - W @ mean
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: b first</summary>
#
# For the best b the mean of the errors is zero: b = (mean of the targets) − W · (mean of the features). Put that into the loss, and only
# differences from the means are left.
#
# </details>
# <details><summary>Hint 2: then W</summary>
#
# With centred features F (N, D) and centred targets Y the equation is (FᵀF + λI) Wᵀ = FᵀY. `np.linalg.solve` solves it for all classes at once.
#
# </details>

# %% check="17.linear_probe"
check("17.linear_probe", linear_probe)

# %% [markdown]
# ## Task 2 · `nearest_neighbours`
#
# Difficulty ●●○ · 20 minutes · 6 points ·
# lesson section [Nearest neighbours](../../notebooks/17_transfer_learning.ipynb#3.-Nearest-neighbours)
#
# Each picture gets the class that most of its k nearest training pictures have. Near means a large cosine. Two rules for ties:
#
# - of equal cosines, the training picture with the lower index is nearer;
# - of classes with equally many votes, the one with the nearest member wins.

# %% task="17.nearest_neighbours"
def nearest_neighbours(train_features, train_labels, features, k):
    """Classify by the k most similar training pictures.

    Parameters
    ----------
    train_features : float array (N, D), no row is zero
    train_labels : integer array (N,), any integers
    features : float array (M, D), no row is zero
    k : int from 1 to N

    Returns
    -------
    integer array (M,)
    """
    ### BEGIN SOLUTION
    train = train_features / np.linalg.norm(train_features, axis=1, keepdims=True)
    own = features / np.linalg.norm(features, axis=1, keepdims=True)
    nearest = np.argsort(-(own @ train.T), axis=1, kind="stable")[:, :k]
    result = np.empty(len(features), train_labels.dtype)
    for m, row in enumerate(train_labels[nearest]):
        votes = (row[:, None] == row).sum(axis=1)  # for each neighbour, the votes of its class
        result[m] = row[votes.argmax()]
    return result
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: sorting</summary>
#
# `np.argsort` sorts upwards. Sort the negative cosines, with `kind="stable"`, so that equal ones keep their order.
#
# </details>
# <details><summary>Hint 2: votes</summary>
#
# Write the k labels from near to far. For each of them count how often it occurs. `argmax` gives the first of equals, which is the
# nearest.
#
# </details>

# %% check="17.nearest_neighbours"
check("17.nearest_neighbours", nearest_neighbours)

# %% [markdown]
# ## Task 3 · `few_per_class`
#
# Difficulty ●○○ · 15 minutes · 6 points ·
# lesson section [How many labels?](../../notebooks/17_transfer_learning.ipynb#5.-How-many-labels?)
#
# A curve over labels per class needs a fair draw: the same number of each class, each picture of a class with equal chance, and each class
# drawn independently of the others.

# %% task="17.few_per_class"
def few_per_class(labels, per_class, rng):
    """Draw a few pictures of each class.

    Parameters
    ----------
    labels : integer array (N,), any integers
    per_class : int, at least 1 and at most the number of pictures of the rarest class
    rng : numpy.random.Generator, the only source of random numbers

    Returns
    -------
    integer array or list: exactly `per_class` indices of each class that occurs, without repetition, in ascending order
    """
    ### BEGIN SOLUTION
    chosen = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        chosen.extend(rng.permutation(members)[:per_class].tolist())
    return sorted(chosen)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `np.flatnonzero(labels == label)` gives the indices of one class. `rng.choice` draws *with* replacement unless you tell it otherwise.
#
# </details>

# %% check="17.few_per_class"
check("17.few_per_class", few_per_class)

# %% [markdown]
# ## Task 4 · `replace_head`
#
# Difficulty ●●○ · 20 minutes · 6 points ·
# lesson section
# [A new head, and more than the head](../../notebooks/17_transfer_learning.ipynb#6.-A-new-head,-and-more-than-the-head)
#
# Put a new linear layer in the place of the last `nn.Linear` of a network, wherever it is: an attribute, a part of a Sequential, deep
# inside. Change nothing else, neither modes nor what can learn.

# %% task="17.replace_head"
def replace_head(network, num_classes):
    """Exchange the last nn.Linear of a network, in place.

    Parameters
    ----------
    network : nn.Module that holds at least one nn.Linear, and is not one itself; the last by the order of
        `network.modules()` is the head
    num_classes : int, the outputs of the new layer; its inputs are those of the old one, and it has a bias if the old
        one has. It can learn, even where the old one was frozen.

    Returns
    -------
    nn.Module: the same network
    """
    ### BEGIN SOLUTION
    old = [module for module in network.modules() if isinstance(module, nn.Linear)][-1]
    head = nn.Linear(old.in_features, num_classes, bias=old.bias is not None)
    for module in network.modules():
        for name, child in module.named_children():
            if child is old:
                setattr(module, name, head)
    return network
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: find it</summary>
#
# `network.named_modules()` gives all modules with names such as `classifier.2`. The last one that is an nn.Linear is the head.
#
# </details>
# <details><summary>Hint 2: exchange it</summary>
#
# `setattr(parent, name, head)` works for attributes, and for the parts of a Sequential with the name "2". The parent of `classifier.2` is
# `network.get_submodule("classifier")`.
#
# </details>

# %% check="17.replace_head"
check("17.replace_head", replace_head)

# %% [markdown]
# ## Task 5 · `freeze`
#
# Difficulty ●●● · 20 minutes · 7 points ·
# lesson section [A frozen network that learns](../../notebooks/17_transfer_learning.ipynb#8.-A-frozen-network-that-learns)
#
# Freeze a module so that it stays as it is: no gradients for its parameters, and batch norms that use their running statistics and leave
# them alone, *also when `train()` is called later*, on the module or on a network that holds it. Everything else keeps to its mode, dropout for example.
# Gradients still pass to the module's input.

# %% task="17.freeze"
def freeze(module):
    """Freeze a module, in place.

    Parameters
    ----------
    module : nn.Module; it may be a batch norm itself. There are nn.BatchNorm1d, 2d and 3d.

    Returns
    -------
    nn.Module: the same module
    """
    ### BEGIN SOLUTION
    for parameter in module.parameters():
        parameter.requires_grad = False
    for part in module.modules():
        if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            part.eval()
            part.train = lambda mode=True, part=part: part  # from now on train() does nothing here
    return module
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: who calls train()?</summary>
#
# `network.train()` calls `train()` of each of its children, and these of theirs. So it is enough that each batch norm's own `train` does
# nothing.
#
# </details>
# <details><summary>Hint 2: an attribute in front of a method</summary>
#
# `part.train = lambda mode=True: part` gives this one object another `train`. Call `part.eval()` before.
#
# </details>

# %% check="17.freeze"
check("17.freeze", freeze)

# %% [markdown]
# ## Task 6 · `parameter_groups`
#
# Difficulty ●●○ · 15 minutes · 5 points ·
# lesson section
# [One learning rate for old and new](../../notebooks/17_transfer_learning.ipynb#9.-One-learning-rate-for-old-and-new)
#
# The last stage learns at `lr`, each earlier one at `decay` times the rate of the next. Make the groups that an optimiser of
# `torch.optim` takes.

# %% task="17.parameter_groups"
def parameter_groups(stages, lr, decay):
    """Give each stage its learning rate.

    Parameters
    ----------
    stages : nn.Sequential, from the input to the output. A stage without trainable parameters counts, too.
    lr : float, of the last stage
    decay : float above 0

    Returns
    -------
    list of dicts {"params": list of parameters, "lr": float}: each trainable parameter once (one that stages share at the rate of any of
        them), frozen ones not at all, and no group without parameters
    """
    ### BEGIN SOLUTION
    groups, taken = [], set()
    for k, stage in enumerate(reversed(list(stages))):
        parameters = [p for p in stage.parameters() if p.requires_grad and p not in taken]
        taken.update(parameters)
        if parameters:
            groups.append({"params": parameters, "lr": lr * decay**k})
    return groups
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# Go through the stages from the last to the first and count. A set remembers which parameters have a group already.
#
# </details>

# %% check="17.parameter_groups"
check("17.parameter_groups", parameter_groups)

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). A network has 512 features and gets a new linear head for 20 classes, with biases. How many parameters does the
# head have?

# %% task="17.answer_head_parameters"
def answer_head_parameters():
    """A whole number."""
    ### BEGIN SOLUTION
    return 512 * 20 + 20
    ### END SOLUTION


# %% check="17.answer_head_parameters"
check("17.answer_head_parameters", answer_head_parameters)

# %% [markdown]
# **Question 2** (1 point). A network has seven stages. The last one learns at 0.08, each earlier one at half the rate of the next. At which rate does
# the first stage learn?

# %% task="17.answer_first_rate"
def answer_first_rate():
    """A number, to three digits at least."""
    ### BEGIN SOLUTION
    return 0.08 * 0.5**6
    ### END SOLUTION


# %% check="17.answer_first_rate"
check("17.answer_first_rate", answer_first_rate)

# %% [markdown]
# **Question 3** (1 point). A "frozen" batch norm with momentum 0.01 sees 100 batches in training mode. What share of its old running mean is left?

# %% task="17.answer_momentum_left"
def answer_momentum_left():
    """A number from 0 to 1, to three digits at least."""
    ### BEGIN SOLUTION
    return 0.99**100
    ### END SOLUTION


# %% check="17.answer_momentum_left"
check("17.answer_momentum_left", answer_momentum_left)

# %% [markdown]
# **Question 4** (1 point). One nearest neighbour is right on 60 % of new pictures. By accident 30 % of the test pictures are in the training set,
# too. Which accuracy is measured?

# %% task="17.answer_duplicates"
def answer_duplicates():
    """A number from 0 to 1, to three digits at least."""
    ### BEGIN SOLUTION
    return 0.3 * 1 + 0.7 * 0.6
    ### END SOLUTION


# %% check="17.answer_duplicates"
check("17.answer_duplicates", answer_duplicates)
