# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 09 · Training a CNN
#
# [Start](00_start_here.ipynb) · previous: [08 Batch normalisation](08_batch_normalisation.ipynb) ·
# next: [10 LeNet-5](10_lenet.ipynb) ·
# [exercises of this unit](../exercises/09_training/09_training.ipynb)
#
# **After this lesson you can**
#
# - put a CNN together from encoder and head, and say what each kind of head gives up;
# - derive softmax cross-entropy and its gradient, compute it without overflow, and know what the first loss must be;
# - derive Kaiming's initialisation, and say what breaks the symmetry between filters;
# - write gradient descent with momentum and weight decay exactly as PyTorch does, and train the same network in NumPy
#   and in PyTorch with equal numbers;
# - find a bug by overfitting one batch, read curves and a confusion matrix, and use dropout, augmentation, a schedule
#   and early stopping.
#
# **Time** about 110 minutes, with the questions. The code runs in under a minute.
#
# **You should know** lessons 06 to 08.

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %%
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cnncourse import data, show, viz
from cnncourse.data import transforms
from cnncourse.numpy_nn import functional as NF
from cnncourse.numpy_nn import modules as M
from cnncourse.numpy_nn import optim
from cnncourse.numpy_nn.training import train_step as numpy_step
from cnncourse.torch_nn.training import evaluate, fit
from cnncourse.torch_nn.training import train_step as torch_step
from cnncourse.viz.confusion import confusion_figure, confusion_matrix

torch.set_num_threads(1)  # for networks as small as these a second thread costs more than it brings

# %% [markdown]
# `F` and `nn` are PyTorch's; `NF`, `M` and `optim` are the course's own in NumPy, with the same names.
#
# ## A puzzle
#
# Here are twenty garments, 14×14 pixels. Two networks with *exactly the same layers* are to learn them by heart. The
# second has one small change, which looks harmless: its author applies softmax at the end, "so that it returns
# probabilities", and then PyTorch's `cross_entropy`. Both run without any error.


# %%
def garments(split):
    images, labels = data.fashion_mnist(split)
    shrunk = NF.avg_pool2d(images[:, None].astype(np.float32) / 255, 2)
    return (shrunk - 0.29) / 0.32, labels, images  # about mean 0 and variance 1


x_all, y_all, _ = garments("train")
x_train, y_train, x_val, y_val = x_all[:1000], y_all[:1000], x_all[1000:2000], y_all[1000:2000]
x_test, y_test, pictures = garments("test")


def encoder(c_in=1):
    layers = []
    for c_out in (16, 32):
        layers += [
            nn.Conv2d(c_in, c_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(c_out),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
        c_in = c_out
    return layers  # (N, 1, 14, 14) → (N, 32, 3, 3)


def cnn(seed=0, dropout=0.0):
    torch.manual_seed(seed)
    return nn.Sequential(*encoder(), nn.Flatten(), nn.Dropout(dropout), nn.Linear(32 * 3 * 3, 10))


few = torch.from_numpy(x_train[:20]), torch.from_numpy(y_train[:20])
show(viz.image_row(list(x_train[:20, 0]), columns=10, height=0.9), "09/twenty-garments")

# %% [markdown]
# > **Predict.** Which final loss do you expect from each after 60 steps on the same twenty pictures?

# %% tags=["nbval-ignore-output"]
puzzle = {}
for name, last in [("logits", []), ("softmax, then cross_entropy", [nn.Softmax(dim=1)])]:
    network = nn.Sequential(cnn(), *last)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    puzzle[name] = [torch_step(network, optimizer, *few)[0] for _ in range(60)]
show(viz.training_curves(puzzle, xlabel="step", size=(7, 3)), "09/two-loss-curves")

# %%
floor = np.log(np.e + 9) - 1
print(f"the second can never get below log(e + 9) - 1 = {floor:.2f}")

# %% tags=["check"]
# Check that the text is true.
assert puzzle["logits"][-1] < 0.1
assert puzzle["softmax, then cross_entropy"][-1] > floor

# %% [markdown]
# No exception, and after an hour of training on all data one would blame the learning rate. **Overfit one batch first**
# is the cheapest test there is: a network that cannot learn twenty pictures by heart has a bug. By section 2 you can
# derive the floor.
#
# ## 1. Encoder and head
#
# The network above is the standard plan. The **encoder** repeats *convolution → batch norm → ReLU → pooling*: maps
# become smaller and more numerous, and (lesson 04) it stays equivariant, roughly. The **head** turns the last maps into
# one number per class, the *logits*. Two kinds:
#
# - **flatten**: line up all $C \cdot H \cdot W$ numbers, then a linear layer. Each place has its own weights.
# - **global average pooling**: one number per channel, then a linear layer. All places are treated alike.

# %%
torch.manual_seed(0)
by_head = {
    "flatten": cnn(),
    "global average": nn.Sequential(
        *encoder(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)
    ),
}
h = few[0]
for module in by_head["flatten"]:
    h, name = module(h), type(module).__name__
    print(
        f"{name:11} {tuple(h.shape)!s:17}",
        sum(p.numel() for p in module.parameters()),
        "parameters",
    )
for name, network in by_head.items():
    print(f"head: {name:15} {sum(p.numel() for p in network[-1].parameters())} parameters")

# %% [markdown]
# **Two claims.** *"CNNs only work at one image size."* *"After flattening nothing geometric is lost."* We train both on
# centred garments, then move the test pictures.
#
# > **Predict.** Which head suffers more from a shift by two pixels? Which of the two takes pictures of 20×20?

# %% tags=["nbval-ignore-output"]
shifts, moved = [0, 1, 2, 3], {}
for name, network in by_head.items():
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=6)
    fit(
        network,
        optimizer,
        x_all[:3000],
        y_all[:3000],
        epochs=6,
        batch_size=50,
        rng=np.random.default_rng(0),
        schedule=schedule,
    )
    moved[name] = []
    for shift in shifts:
        moves = [(shift, 0), (-shift, 0), (0, shift), (0, -shift)]
        moved[name].append(
            np.mean([evaluate(network, np.roll(x_test, m, axis=(2, 3)), y_test)[1] for m in moves])
        )
    print(f"{name:15}", np.round(moved[name], 3))
figure = viz.line_chart(
    shifts, moved, "shift of the test pictures in pixels", "share of right answers", size=(6.5, 3)
)
figure.axes[0].set_xticks(shifts)
show(figure, "09/accuracy-of-two-heads")

# %%
fall = {name: values[0] - values[2] for name, values in moved.items()}

x = np.arange(18.0).reshape(1, 2, 3, 3)
large = torch.zeros(5, 1, 20, 20)
print("global average on 20×20:", tuple(by_head["global average"](large).shape))
try:
    by_head["flatten"](large)
    takes_any_size = True
except RuntimeError:
    takes_any_size = False
print("flatten on 20×20 works:", takes_any_size)

# %% tags=["check"]
# Check that the text is true.
assert fall["flatten"] > fall["global average"] + 0.05
assert np.array_equal(x.reshape(1, 18).reshape(1, 2, 3, 3), x)
assert not takes_any_size

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# **"Nothing geometric is lost": true of the numbers, false of the network.** One can reshape back. But the linear
# layer does not know which inputs are neighbours. Moved by a pixel of the last map, all features meet *other
# weights*, which learned nothing about them. Global averaging forgets where, and so does not mind.
#
# **"One image size": false of the encoder, true of a flattening head**, whose weights are counted for one size. With
# global pooling any size goes through. (Whether the answer is *right* on sizes it never saw is another question.)
# </details>
#
# ## 2. Softmax and cross-entropy
#
# Logits $z$ are any numbers. Softmax makes probabilities of them, and the loss is minus the log of the one that was
# given to the true class $y$:
#
# $$ p[k] = \frac{e^{z[k]}}{\sum_j e^{z[j]}}, \qquad L = -\log p[y] = \log \sum_j e^{z[j]} - z[y]. $$
#
# Three things to know. **The start.** A network that knows nothing gives all $C$ classes about $1/C$: its loss must be
# about $\log C$. **Overflow.** $e^{z}$ overflows soon, but adding a constant to all logits changes nothing, so one
# subtracts the largest first. **The gradient** is as simple as can be: $\partial \log\sum_j e^{z[j]} / \partial z[k]
# = p[k]$, so
#
# $$ \frac{\partial L}{\partial z[k]} = p[k] - [k = y], \qquad\text{divided by } N \text{ for the mean over a batch.} $$


# %%
def cross_entropy(logits, labels):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(labels)), labels].mean()


def cross_entropy_backward(logits, labels):
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(labels)), labels] -= 1
    return p / len(labels)


logits, labels = rng.normal(size=(4, 10)), np.array([3, 0, 9, 3])
t = torch.from_numpy(logits).requires_grad_()
by_torch = F.cross_entropy(t, torch.from_numpy(labels))
by_torch.backward()
gradient = cross_entropy_backward(logits, labels)
by_package = NF.cross_entropy_backward(1.0, logits, labels)[0]
print(f"loss {cross_entropy(logits, labels):.3f}, PyTorch {by_torch.item():.3f}")
print("gradients agree:", np.allclose(gradient, t.grad), np.allclose(gradient, by_package))
print("each row of the gradient sums to zero:", np.allclose(gradient.sum(axis=1), 0))
big = np.array([[1000.0, 0, -1000]])
print("logits of 1000:", cross_entropy(big, np.array([1])))
print(f"equal logits, ten classes: {cross_entropy(np.zeros((1, 10)), np.array([0])):.3f}")
fresh = evaluate(cnn(), x_test, y_test)[0]
print(f"a fresh network is near log 10 = {np.log(10):.3f}:", abs(fresh - np.log(10)) < 0.5)

# %% tags=["check"]
# Check that the text is true.
assert abs(fresh - np.log(10)) < 0.5

# %% [markdown]
# The puzzle's floor: probabilities lie between 0 and 1. Used as logits, the best possible are 1 for the true class
# and 0 for the nine others: $L = \log(e^1 + 9 e^0) - 1$. PyTorch's `cross_entropy` contains the softmax already.
#
# ## 3. The start: variance and symmetry
#
# A layer's output is $y = \sum w x$ over $\text{fan\_in} = C_{in} K_h K_w$ terms. With independent weights of mean 0,
# $E[y^2] = \text{fan\_in} \cdot \text{Var}(w) \cdot E[x^2]$. A ReLU sets half of a symmetric distribution to zero, so
# $E[\text{relu}(y)^2] = \frac12 E[y^2]$. To keep the signal over depth the two factors must cancel (He and others,
# 2015):
#
# $$ \text{Var}(w) = \frac{2}{\text{fan\_in}} . $$
#
# > **Predict.** Twenty layers. What remains of the mean square with $1/\text{fan\_in}$? With $18/\text{fan\_in}$,
# > "nine times too large", as one course had it?

# %%
remains = {}
for numerator in [1, 2, 18]:
    ratios = []
    for _ in range(5):
        x = rng.normal(size=(4, 32, 10, 10))
        before = (x**2).mean()
        for _ in range(20):
            w = rng.normal(size=(32, 32, 3, 3)) * np.sqrt(numerator / (32 * 9))
            x = NF.relu(NF.conv2d(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="wrap"), w))
        ratios.append((x**2).mean() / before)
    remains[numerator] = np.exp(np.mean(np.log(ratios)))
    print(
        f"Var(w) = {numerator:2} / fan_in: mean square times "
        f"10^{round(np.log10(remains[numerator]))}, theory 10^{round(20 * np.log10(numerator / 2))}"
    )

# %% tags=["check"]
# Check that the text is true.
assert 0.05 < remains[2] < 20
assert remains[1] < 1e-4
assert remains[18] > 1e15

# %% [markdown]
# **A claim.** *"Filters differ because they start at random."* Four small networks, trained for 40 steps in float64.
# In the first all 8 filters of the convolution start as copies of one. The head's weights, by channel: also equal.
#
# > **Predict.** Do they stay equal? And if only the filters are equal, but the head is random? And the reverse?


# %%
def filters_after(equal_filters, equal_head, steps=40):
    own = np.random.default_rng(3)
    w, head = own.normal(size=(8, 1, 3, 3)) / 3, own.normal(size=(10, 8)) / 3
    if equal_filters:
        w[:] = w[0]
    if equal_head:
        head[:] = head[:, :1]
    x, labels = x_train[:100].astype(np.float64), y_train[:100]
    for _ in range(steps):
        maps = NF.conv2d(x, w)
        features = NF.relu(maps).mean(axis=(2, 3))
        g = cross_entropy_backward(features @ head.T, labels)
        g_features = np.broadcast_to((g @ head)[:, :, None, None], maps.shape) / maps[0, 0].size
        _, g_w, _ = NF.conv2d_backward(g_features * (maps > 0), x, w)
        w, head = w - 0.5 * g_w, head - 0.5 * g.T @ features
    return w


spread = {}
for filters, head in [(True, True), (True, False), (False, True), (False, False)]:
    w = filters_after(filters, head)
    spread[filters, head] = np.abs(w - w[0]).max()
    print(
        f"filters equal {filters!s:5}, head equal {head!s:5}: largest difference "
        f"{spread[filters, head]:.2f}"
    )

# %% tags=["check"]
# Check that the text is true.
assert spread[True, True] < 1e-9
assert spread[True, False] > 0.01

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# **True**: identical starts stay identical. Equal filters get equal maps, equal gradients, equal steps; 8 filters are
# one filter. But the randomness need not be in the filters: a random head sends each *another* gradient, and they
# separate. What must be broken is the symmetry of the whole network under exchanging two channels.
# </details>
#
# ## 4. The step: momentum, weight decay, schedules
#
# PyTorch's rule, for each parameter $p$ with gradient $g$:
#
# $$ g \leftarrow g + \lambda p, \qquad v \leftarrow m v + g, \qquad p \leftarrow p - \eta v . $$
#
# $\eta$ is the learning rate, $m$ the momentum, $\lambda$ the weight decay: the gradient of $\frac\lambda2 p^2$. With
# a constant gradient $v$ tends to $g/(1 - m)$: momentum 0.9 makes steps ten times as long along a steady slope, and
# cancels what changes sign. A valley that is thirty times as steep across as along shows it.


# %%
def sgd_step(params, grads, velocity, lr, momentum, weight_decay):
    grads = [g + weight_decay * p for p, g in zip(params, grads, strict=True)]
    velocity = [momentum * v + g for v, g in zip(velocity, grads, strict=True)]
    return [p - lr * v for p, v in zip(params, velocity, strict=True)], velocity


curvature, paths = np.array([1.0, 30.0]), {}
for name, momentum in [("plain", 0.0), ("momentum 0.8", 0.8)]:
    p, v = [np.array([-10.0, 1.5])], [np.zeros(2)]
    path = [p[0]]
    for _ in range(40):
        p, v = sgd_step(p, [curvature * p[0]], v, 0.03, momentum, 0.0)
        path.append(p[0])
    paths[name] = np.array(path)
    print(f"{name:13} distance from the minimum after 40 steps: {np.linalg.norm(path[-1]):.3f}")
figure, places = viz.figure_grid(1, 1, size=(9, 2.8))
grid = np.meshgrid(np.linspace(-11, 6, 100), np.linspace(-2.2, 2.2, 60))
places[0, 0].contour(*grid, 0.5 * (grid[0] ** 2 + 30 * grid[1] ** 2), levels=10, colors="0.8")
for (name, path), style in zip(paths.items(), ["-o", "--s"], strict=True):
    places[0, 0].plot(*path.T, style, markersize=3, label=name)
places[0, 0].legend(frameon=True, framealpha=1, edgecolor="white")
places[0, 0].set(xlabel="along the valley", ylabel="across")
show(figure, "09/paths-in-a-valley")

# %% tags=["check"]
# Check that the text is true.
assert np.linalg.norm(paths["momentum 0.8"][-1]) < 0.5 * np.linalg.norm(paths["plain"][-1])

# %% [markdown]
# **Schedules.** Noise from the batches keeps a constant rate from settling; so the rate falls. Two usual ones:

# %%
holder, rates = [M.Parameter(np.zeros(1))], {}
falling = {
    "StepLR": lambda o: optim.StepLR(o, 10),
    "CosineAnnealingLR": lambda o: optim.CosineAnnealingLR(o, 30),
}
for name, make in falling.items():
    optimizer = optim.SGD(holder, lr=0.1)
    schedule, rates[name] = make(optimizer), []
    for _ in range(30):
        rates[name].append(optimizer.lr)
        schedule.step()
show(viz.line_chart(np.arange(30), rates, "epoch", "learning rate", size=(6.5, 2.8), markers=False),
     "09/two-schedules")  # fmt: skip

# %% [markdown]
# ## 5. The same network in NumPy and in PyTorch
#
# All pieces are there. The course's NumPy network gets PyTorch's weights, and both take ten steps on the same
# batches, with momentum and weight decay.
#
# > **Predict.** In float64, how far apart are the losses after ten steps?

# %%
twin = cnn().double()
float64 = {"dtype": np.float64}
reference = M.Sequential(
    M.Conv2d(1, 16, 3, padding=1, bias=False, **float64),
    M.BatchNorm2d(16, **float64), M.ReLU(), M.MaxPool2d(2),
    M.Conv2d(16, 32, 3, padding=1, bias=False, **float64),
    M.BatchNorm2d(32, **float64), M.ReLU(), M.MaxPool2d(2),
    M.Flatten(), M.Dropout(0.0), M.Linear(32 * 3 * 3, 10, **float64),
)  # fmt: skip
reference.load_state_dict({name: value.numpy().copy() for name, value in twin.state_dict().items()})
options = {"lr": 0.1, "momentum": 0.9, "weight_decay": 5e-4}
ours, theirs = (
    optim.SGD(reference.parameters(), **options),
    torch.optim.SGD(twin.parameters(), **options),
)
reference.train()
worst = 0.0
for step in range(10):
    index = rng.choice(1000, 20, replace=False)
    x, labels = x_train[index].astype(np.float64), y_train[index]
    loss = numpy_step(reference, ours, x, labels)[0]
    loss_twin = torch_step(twin, theirs, torch.from_numpy(x), torch.from_numpy(labels))[0]
    worst = max(worst, abs(loss - loss_twin))
    if step in (0, 1, 9):
        print(f"step {step}: NumPy {loss:.3f}   PyTorch {loss_twin:.3f}")
state = reference.state_dict()
apart = max(np.abs(state[name] - value.numpy()).max() for name, value in twin.state_dict().items())
print(
    "losses equal to 1e-9 in every step:",
    worst < 1e-9,
    "  all weights and running statistics too:",
    apart < 1e-9,
)

# %% tags=["check"]
# Check that the text is true.
assert worst < 1e-9
assert apart < 1e-9

# %% [markdown]
# Step for step equal: nothing in PyTorch's training is hidden from you now. From here on we use PyTorch, for speed.
#
# ## 6. Too few pictures: dropout, weight decay, augmentation
#
# **Dropout** (Srivastava and others, 2014): in training, each number is set to zero with probability $p$, and the
# others are divided by $1 - p$, so that the expectation stays. In `eval()` it does nothing.

# %%
x = np.full((1000, 100), 3.0)
y = NF.dropout(x, 0.4, training=True, rng=np.random.default_rng(0))
print(
    f"values {np.unique(y)}, share of zeros {(y == 0).mean():.2f}, mean {y.mean():.2f}; in eval() "
    "unchanged:",
    np.array_equal(NF.dropout(x, 0.4, training=False), x),
)

# %% [markdown]
# **Augmentation** makes further examples of those we have, by changes that do not change the class: a mirrored boot
# is a boot. (A mirrored 2 is no 2: it depends on the task.)

# %%
boot = (pictures[np.flatnonzero(y_test == 9)[0]][None, None] / 255).astype(np.float32)
examples = {
    "original": boot,
    "flip": transforms.random_flip(boot, rng, probability=1.0),
    "crop, padding 4": transforms.random_crop(boot, 4, rng),
    "rotate 15°": transforms.rotate(boot, 15),
    "scale 0.8": transforms.scale(boot, 0.8),
}
show(
    viz.image_row([image[0, 0] for image in examples.values()], list(examples), height=1.7),
    "09/augmented-boot",
)

# %% [markdown]
# Now 400 training pictures only, 24 epochs, two random starts each. Four recipes: nothing, weight decay, dropout,
# augmentation (flip, and a crop with padding 2). We ask about the training pictures, the test pictures, and the test
# pictures moved by two pixels to the right.
#
# > **Predict.** Which recipes make the training accuracy *worse*? Which help on the test pictures? On the moved ones?

# %%
draw = np.random.default_rng(5)


def flip_and_crop(batch):
    # crop pads with zeros: make black zero first, or each picture gets a grey rim
    black = batch.min().item()
    cropped = transforms.random_crop(transforms.random_flip(batch.numpy(), draw) - black, 2, draw)
    return torch.from_numpy(cropped + black)


recipes = {
    "nothing": {},
    "weight decay": {"weight_decay": 5e-3},
    "dropout": {"dropout": 0.5},
    "augmentation": {"augment": flip_and_crop},
}


def run(seed, dropout=0.0, weight_decay=0.0, augment=None, epochs=24, falling=True, watch=None):
    network = cnn(seed, dropout)
    optimizer = torch.optim.SGD(
        network.parameters(), lr=0.05, momentum=0.9, weight_decay=weight_decay
    )
    schedule = (
        torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs) if falling else None
    )
    history = fit(
        network,
        optimizer,
        x_few,
        y_few,
        epochs=epochs,
        batch_size=50,
        rng=np.random.default_rng(seed),
        test=watch,
        schedule=schedule,
        augment=augment,
    )
    return network, history


x_few, y_few = x_train[:400], y_train[:400]

# %% tags=["nbval-ignore-output"]
results = {}
for name, options in recipes.items():
    networks = [run(seed, **options)[0] for seed in (0, 1)]
    results[name] = {
        "training": np.mean([evaluate(network, x_few, y_few)[1] for network in networks]),
        "test": np.mean([evaluate(network, x_test, y_test)[1] for network in networks]),
        "test, moved": np.mean(
            [evaluate(network, np.roll(x_test, 2, axis=3), y_test)[1] for network in networks]
        ),
    }
show(viz.bar_chart(results, "share of right answers", size=(9, 3.4)), "09/four-recipes")

# %%
gap = {name: values["training"] - values["test"] for name, values in results.items()}

# %% tags=["check"]
# Check that the text is true.
assert results["nothing"]["training"] > 0.95
assert gap["nothing"] > 0.1
assert gap["augmentation"] < gap["nothing"] - 0.03
assert results["augmentation"]["test, moved"] > results["nothing"]["test, moved"] + 0.05

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Without help the network knows its 400 pictures by heart and is clearly worse on others: it **overfits**. Augmentation
# narrows the gap by making the *training* harder, and that need not make the *test* better: compare the bars. All
# test garments are centred like the training ones, so knowing about shifted garments is no use there. It is of great
# use on the moved ones. **Augmentation buys the invariance that one puts into it**, and it pays where the test needs
# that invariance. Dropout and weight decay change little in so small a network and so short a training. A smaller gap
# is not the goal; better answers on the pictures that will come are.
# </details>
#
# ## 7. Curves and early stopping
#
# While training one watches the loss on pictures that are *not* trained on, the **validation** set. It may decide
# when to stop, or which recipe to take. The **test** set may not: what one selects by, one can no longer be judged
# by. Here is the recipe "nothing" again, with a constant learning rate.

# %% tags=["nbval-ignore-output"]
history = run(0, falling=False, watch=(x_val, y_val))[1]
curves = {
    "training": [row["train_loss"] for row in history],
    "validation": [row["test_loss"] for row in history],
}
best = int(np.argmin(curves["validation"])) + 1
print(f"lowest validation loss in epoch {best} of 24")
figure = viz.training_curves(curves, size=(7.5, 3.2))
figure.axes[0].axvline(best, color="0.4", linewidth=1, linestyle=":")
show(figure, "09/validation-curve")

# %% tags=["check"]
# Check that the text is true.
assert curves["training"][-1] < 0.3 * curves["validation"][-1]
assert min(curves["validation"]) < curves["validation"][-1] - 0.05

# %% [markdown]
# **Early stopping**: keep the weights of the epoch with the lowest validation loss, and stop when it has not improved
# for some epochs (the *patience*). How to read curves: training loss stuck near $\log C$: learning rate far off, or a
# bug. Both fall and stay together: train longer, or a larger network. Training falls, validation rises: overfitting.
# Jumps to infinity: rate too large.
#
# ## 8. Look at the mistakes
#
# One number hides what a network does. The **confusion matrix** counts, for each true class (row), what it was taken
# for (column).

# %% tags=["nbval-ignore-output"]
network = by_head["flatten"].eval()  # section 1's, trained on 3,000 pictures
with torch.no_grad():
    probabilities = network(torch.from_numpy(x_test)).softmax(dim=1).numpy()
predicted = probabilities.argmax(axis=1)
counts = confusion_matrix(y_test, predicted, 10)
show(confusion_figure(counts, data.FASHION_CLASSES), "09/confusion")

# %%
tops, shoes = [0, 2, 3, 4, 6], [5, 7, 9]
mistakes = counts - np.diag(np.diag(counts))
inside = mistakes[np.ix_(tops, tops)].sum() + mistakes[np.ix_(shoes, shoes)].sum()

# %% tags=["check"]
# Check that the text is true.
assert inside > 0.75 * mistakes.sum()
assert np.argmin(np.diag(counts)) in tops

# %% [markdown]
# And the mistakes it was surest of:

# %% tags=["nbval-ignore-output"]
wrong = np.flatnonzero(predicted != y_test)
surest = wrong[np.argsort(-probabilities[wrong].max(axis=1))[:8]]
names = [
    f"{data.FASHION_CLASSES[y_test[i]]}\n→ {data.FASHION_CLASSES[predicted[i]]}" for i in surest
]
show(viz.image_row(list(pictures[surest]), names, columns=8, height=1.7), "09/surest-mistakes")

# %% [markdown]
# Some you could not tell yourself, some are labelled oddly, and some are plain silly. This is where ideas for the
# next step come from, not from the accuracy.
#
# ## Claims to test
#
# 1. "CNNs only work at one image size."
# 2. "After flattening nothing geometric is lost."
# 3. "Filters differ because they start at random."
# 4. "The first loss tells nothing."

# %% tags=["nbval-ignore-output"]
print(
    "1. flatten takes 20×20:",
    takes_any_size,
    "  global average:",
    tuple(by_head["global average"](large).shape),
)
print(
    "2. accuracy lost by a shift of 2 pixels:",
    {name: round(float(value), 2) for name, value in fall.items()},
)
print(
    f"3. all equal, after training: {spread[True, True]:.3f}; equal filters, random head: "
    f"{spread[True, False]:.3f}"
)
loud = cnn()
with torch.no_grad():
    loud[-1].weight *= 100
print(
    f"4. fresh: {fresh:.2f}; with a head 100 times too large: "
    f"{evaluate(loud, x_test, y_test)[0]:.2f}; log 10: 2.30"
)

# %% tags=["check"]
# Check that the text is true.
assert not takes_any_size
assert fall["flatten"] > fall["global average"]
assert evaluate(loud, x_test, y_test)[0] > 2 * np.log(10)

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **False** of the convolutional part; true of a flattening head. Global pooling frees the head.
# 2. **True of the numbers, false of the network**: the layer after it no longer knows neighbours, and shifted
#    pictures meet other weights.
# 3. **True**: identical starts stay identical; randomness *somewhere* in the channel's path is enough.
# 4. **False.** It must be about $\log C$. Much more means that the start is too loud (or the labels are off); it
#    costs one line to look.
# </details>

# %% [markdown]
# ## Summary
#
# 1. Encoder (conv, batch norm, ReLU, pool), then a head: flatten knows places and one size, global average neither.
# 2. Softmax cross-entropy: $\log\sum e^z - z_y$, gradient $p - [k=y]$, first loss $\log C$, softmax inside.
# 3. Start with $\text{Var}(w) = 2/\text{fan\_in}$, and at random, or filters stay copies.
# 4. $g + \lambda p$, then $m v + g$, then $p - \eta v$; let $\eta$ fall. NumPy and PyTorch agree step for step.
# 5. Overfit one batch first; watch validation; augment; look at the confusion matrix and the mistakes.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** What is the first loss with 1,000 classes?
#
# <details><summary>Answer</summary>
#
# $\log 1000 \approx 6.91$.
# </details>
#
# **2.** The standard deviation of Kaiming's start for a 3×3 convolution with 64 input channels?
#
# <details><summary>Answer</summary>
#
# $\sqrt{2 / 576} \approx 0.059$.
# </details>
#
# **3.** Momentum 0.9, learning rate 0.1, a constant gradient of 1. How long is a step in the end?
#
# <details><summary>Answer</summary>
#
# $v \to 1/(1 - 0.9) = 10$, so the step is 1.
# </details>
#
# **4.** Weight decay 0.01, learning rate 0.1, no momentum, gradient zero. What share of a weight is left after 1,000
# steps?
#
# <details><summary>Answer</summary>
#
# $0.999^{1000} \approx 0.37$.
# </details>
#
# **5.** Padding 4: how many windows can a random crop choose from, and how many different pictures with flips?
#
# <details><summary>Answer</summary>
#
# $9^2 = 81$, and 162.
# </details>

# %%
print(f"1. {np.log(1000):.2f}   2. {np.sqrt(2 / (64 * 9)):.3f}")
p, v = [np.zeros(1)], [np.zeros(1)]
for _ in range(200):
    before = p[0]
    p, v = sgd_step(p, [np.ones(1)], v, 0.1, 0.9, 0.0)
windows = (2 * 4 + 1) ** 2
print(
    f"3. {(before - p[0])[0]:.2f}   4. {(1 - 0.1 * 0.01) ** 1000:.2f}   5. {windows}, {2 * windows}"
)

# %% [markdown]
# ## Where to read more
#
# - K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", ICCV (2015), arXiv:1502.01852, section 2.2: the
#   start.
# - I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On the importance of initialization and momentum in deep learning",
#   ICML (2013).
# - N. Srivastava and others, "Dropout: a simple way to prevent neural networks from overfitting", *JMLR* 15 (2014).
# - I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR (2017), arXiv:1608.03983: the
#   cosine.
# - H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST" (2017), arXiv:1708.07747: the data.
# - I. Goodfellow, Y. Bengio, A. Courville, *Deep Learning* (2016), chapters 7, 8 and 11.
#
# **Next:** do the [exercises of this unit](../exercises/09_training/09_training.ipynb), then go on to
# [10 LeNet-5](10_lenet.ipynb).
