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
# **Time** about 70 minutes, with the questions. The code runs in about a minute. On a short evening, read the puzzle
# and sections 1, 2, 4 and 6; sections 5 and 8 can wait.
#
# **You should know** lesson 04 (equivariance), lesson 06 (gradients), lesson 07 (pooling) and lesson 08 (batch norm).

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %%
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cnncourse import at_least, at_most, data, show, table, viz
from cnncourse.data import transforms
from cnncourse.numpy_nn import functional as NF
from cnncourse.numpy_nn import modules, optim
from cnncourse.numpy_nn.training import train_step as numpy_step
from cnncourse.torch_nn.training import evaluate, fit
from cnncourse.torch_nn.training import train_step as torch_step
from cnncourse.viz.confusion import confusion_figure, confusion_matrix
from cnncourse.viz.valley import valley_paths

torch.set_num_threads(1)  # for networks as small as these a second thread costs more than it brings

# %% [markdown]
# `F` and `nn` are PyTorch's. `NF`, `modules` and `optim` are the course's own in NumPy, with the same names. `torch_step`
# and `numpy_step` do one step of gradient descent on one batch; the first thing that they return is its loss. `fit` trains
# for whole epochs, and `evaluate` returns the mean loss and the accuracy.
#
# ## A puzzle
#
# Here are twenty garments, 14×14 pixels. Two networks with *the same layers* are to learn them by heart. The
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


# %%
def encoder(c_in=1):
    layers = []
    for c_out in (16, 32):
        layers.append(nn.Conv2d(c_in, c_out, 3, padding=1, bias=False))
        layers += [nn.BatchNorm2d(c_out), nn.ReLU(), nn.MaxPool2d(2)]
        c_in = c_out
    return layers  # (N, 1, 14, 14) → (N, 32, 3, 3)


def cnn(seed=0, dropout=0.0):
    torch.manual_seed(seed)
    return nn.Sequential(*encoder(), nn.Flatten(), nn.Dropout(dropout), nn.Linear(32 * 3 * 3, 10))


few = torch.from_numpy(x_train[:20]), torch.from_numpy(y_train[:20])
show(viz.image_row(list(x_train[:20, 0]), columns=10, height=0.9), "09/twenty-garments")

# %% [markdown]
# > **Predict.** Which final loss do you expect from each after 60 steps on the same twenty images? We train five random
# > starts of each.

# %% tags=["nbval-ignore-output"]
STARTS = range(5)
puzzle = {}
for name, last in [("logits", []), ("softmax, then cross_entropy", [nn.Softmax(dim=1)])]:
    puzzle[name] = np.zeros((5, 60))
    for seed in STARTS:
        network = nn.Sequential(cnn(seed), *last)
        optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
        puzzle[name][seed] = [torch_step(network, optimizer, *few)[0] for _ in range(60)]

# %% tags=["plumbing", "nbval-ignore-output"]
# The last losses of the five starts, and the curves.
table([(name, losses[:, -1]) for name, losses in puzzle.items()],
      {"": "", "last loss of five starts": ".2f"})  # fmt: skip
curves = {name: losses.T for name, losses in puzzle.items()}
figure = viz.training_curves(curves, xlabel="step", size=(7, 3))
figure.axes[0].set_ylabel("loss of five starts\n(bars: standard deviation)")
show(figure, "09/two-loss-curves")

# %% tags=["check"]
# Check that the text is true.
at_most(puzzle["logits"][:, -1], 0.2, "09/twenty-by-heart")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The first network knows its twenty images. The second stays far above, and no exception tells why. After an hour of
# training on all the data, you would look for the mistake in the learning rate first. **Overfit one batch first** is
# the cheapest test there is: a network that cannot learn twenty images by heart has a bug. At the end of section 2
# you can derive how low the second loss can get at best.
# </details>
#
# ## 1. Encoder and head
#
# The network above is the standard plan. The **encoder** repeats *convolution → batch norm → ReLU → pooling*: the
# maps become smaller and more numerous, and the encoder stays roughly equivariant (lesson 04). The **head** turns the
# last maps into one number per class, the *logits*. Two kinds:
#
# - **flatten**: line up all $C \cdot H \cdot W$ numbers, then a linear layer. Each place has its own weights.
# - **global average pooling**: one number per channel, then a linear layer. All places are treated alike.


# %%
def with_head(name, seed=0):
    if name == "flatten":
        return cnn(seed)
    torch.manual_seed(seed)
    pooled = nn.AdaptiveAvgPool2d(1)
    return nn.Sequential(*encoder(), pooled, nn.Flatten(), nn.Linear(32, 10))


h, rows = few[0], []
for module in with_head("flatten"):
    h, parameters = module(h), sum(p.numel() for p in module.parameters())
    rows.append((type(module).__name__, str(tuple(h.shape)), parameters))
head = with_head("global average")[-1]
rows.append(("the other head", "(20, 10)", sum(p.numel() for p in head.parameters())))
table(rows, {"layer": "", "output": "", "parameters": "d"})

# %% [markdown]
# **Two claims.** *"CNNs only work at one image size."* *"After flattening nothing geometric is lost."* We train a
# network with each head on centred garments, from five starts each. `fit` takes the steps, with momentum and with a
# learning rate that falls to zero along half a cosine; section 4 explains both. Then we move the test images in all four
# directions.
#
# > **Predict.** Which head loses more accuracy by a shift of two pixels? Which of the two takes images of 20×20?


# %% tags=["nbval-ignore-output"]
def trained(name, seed):
    network = with_head(name, seed)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=6)
    fit(network, optimizer, x_all[:3000], y_all[:3000], epochs=6, batch_size=50,
        rng=np.random.default_rng(seed), schedule=schedule)  # fmt: skip
    return network


def accuracy_moved(network, shift):
    moves = [(shift, 0), (-shift, 0), (0, shift), (0, -shift)]
    tests = [np.roll(x_test, move, axis=(2, 3)) for move in moves]
    return np.mean([evaluate(network, test, y_test)[1] for test in tests])


shifts, by_head, moved = [0, 1, 2, 3], {}, {}
for name in ["flatten", "global average"]:
    by_head[name] = [trained(name, seed) for seed in STARTS]
    by_start = [[accuracy_moved(network, s) for s in shifts] for network in by_head[name]]
    moved[name] = np.array(by_start)  # (5 starts, 4 shifts)

# %% tags=["plumbing", "nbval-ignore-output"]
# Accuracy over the shift: mean of five starts, and their standard deviation.
rows = [(name, runs.mean(axis=0), runs.std(axis=0, ddof=1)) for name, runs in moved.items()]
table(
    rows,
    {"": "", "accuracy at shifts of 0, 1, 2, 3": ".3f", "standard deviation of five starts": ".3f"},
)
by_start = {name: runs.T for name, runs in moved.items()}
xlabel = "shift of the test images in pixels"
ylabel = "test accuracy of five starts\n(bars: standard deviation)"
figure = viz.line_chart(shifts, by_start, xlabel, ylabel, size=(6.5, 3))
figure.axes[0].set_xticks(shifts)
show(figure, "09/accuracy-of-two-heads")

# %%
large = torch.zeros(5, 1, 20, 20)
print("global average on 20×20:", tuple(by_head["global average"][0](large).shape))
try:
    by_head["flatten"][0](large)
    takes_any_size = True
except RuntimeError:
    takes_any_size = False
print("flatten on 20×20 works:", takes_any_size)

# %% tags=["check"]
# Check that the text is true.
fall = {name: runs[:, 0] - runs[:, 2] for name, runs in moved.items()}
at_least(fall["flatten"] - fall["global average"], 0.04, "09/flatten-falls-more")
at_least(moved["flatten"][:, 0] - moved["global average"][:, 0], 0.005, "09/flatten-better-centred")
x = np.arange(18.0).reshape(1, 2, 3, 3)
assert np.array_equal(x.reshape(1, 18).reshape(1, 2, 3, 3), x)
assert not takes_any_size

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# **"Nothing geometric is lost": true of the numbers, false of the network.** The array can be reshaped back. But the
# linear layer does not know which inputs are neighbours. Two poolings halve the size twice. So when the image moves by
# $2 \cdot 2 = 4$ pixels, the last map moves by one, and all features meet *other weights*, which learned nothing about them. Global averaging forgets the place, so
# it loses less. It loses something, because a shift by less than four pixels is no whole pixel of the last map
# (lesson 07). On the centred garments the flattening head is the better one: there the place of a feature tells
# something.
#
# **"One image size": false of the encoder, true of a flattening head**, whose weights are counted for one size. With
# global pooling any size goes through. (Whether its accuracy is good on sizes it never saw is another question.)
# </details>
#
# ## 2. Softmax and cross-entropy
#
# Logits $z$ are any numbers. Softmax makes probabilities of them. The loss is minus the (natural) logarithm of the
# probability that the true class $y$ got:
#
# $$ p[k] = \frac{e^{z[k]}}{\sum_j e^{z[j]}}, \qquad L = -\log p[y] = \log \sum_j e^{z[j]} - z[y]. $$
#
# Three things to know. **The start.** A network that knows nothing gives each of the $C$ classes a probability of about
# $1/C$, so its loss must be about $\log C$. (Here $C$ counts classes, not channels.) **Overflow.** For a large $z$ the
# number $e^{z}$ is too large for a float. But adding a constant to all logits changes nothing, so the largest logit is
# subtracted from all of them first. **The gradient** is simple. The chain rule gives
# $\partial \log\sum_j e^{z[j]} / \partial z[k] = e^{z[k]} / \sum_j e^{z[j]} = p[k]$, so
#
# $$ \frac{\partial L}{\partial z[k]} = p[k] - [k = y], \qquad\text{divided by } N \text{ for the mean over a batch.} $$
#
# Here $[k = y]$ is 1 for the true class and 0 for all others. As code, for one image with the logits `z` and the class
# `y`. (For a whole batch without a loop you write it in the exercises.)


# %%
def loss_of_one(z, y):
    shifted = z - z.max()
    return np.log(np.exp(shifted).sum()) - shifted[y]


def gradient_of_one(z, y):
    p = np.exp(z - z.max())
    p /= p.sum()
    p[y] -= 1
    return p


# %%
logits, labels = rng.normal(size=(4, 10)), np.array([3, 0, 9, 3])
t = torch.from_numpy(logits).requires_grad_()
by_torch = F.cross_entropy(t, torch.from_numpy(labels))
by_torch.backward()
pairs = list(zip(logits, labels, strict=True))
loss = np.mean([loss_of_one(z, y) for z, y in pairs])
gradient = np.stack([gradient_of_one(z, y) for z, y in pairs]) / len(pairs)
by_package = NF.cross_entropy_backward(1.0, logits, labels)[0]
rows = [
    ("the mean loss equals PyTorch's", np.isclose(loss, by_torch.item())),
    ("the gradient equals PyTorch's", np.allclose(gradient, t.grad)),
    ("and the package's", np.allclose(gradient, by_package)),
    ("each row of the gradient sums to zero", np.allclose(gradient.sum(axis=1), 0)),
]
table(rows, ["", "true"])

# %%
large_logits = np.array([1000.0, 0, -1000])
fresh = np.array([evaluate(cnn(seed), x_test, y_test)[0] for seed in STARTS])
rows = [
    ("logits of 1000, 0, −1000, true class 1", loss_of_one(large_logits, 1)),
    ("equal logits, ten classes", loss_of_one(np.zeros(10), 0)),
    ("five fresh networks on the test images", fresh),
]
table(rows, {"": "", "loss": ".1f"})

# %% tags=["check"]
# Check that the text is true.
at_most(np.abs(fresh - np.log(10)), 0.3, "09/first-loss")

# %% [markdown]
# How low can the puzzle's second loss get? That network hands probabilities, which lie between 0 and 1, to a loss
# that takes them for logits. The best possible ones are 1 for the true class and 0 for the nine others. They give
# $L = \log(e^1 + 9 e^0) - 1$. PyTorch's `cross_entropy` contains the softmax already.

# %%
floor = np.log(np.e + 9) - 1
print(f"log(e + 9) - 1 = {floor:.2f}")

# %% tags=["check"]
# Check that the text is true.
assert puzzle["softmax, then cross_entropy"].min() > floor

# %% [markdown]
# ## 3. The start: variance and symmetry
#
# (In this section $y$ is an output, not a class.) A layer's output is $y = \sum w x$ over
# $\text{fan\_in} = C_{in} K_h K_w$ terms. If the weights are independent and have mean 0, the products of two different
# terms have mean 0, and only the squares are left: $E[y^2] = \text{fan\_in} \cdot \text{Var}(w) \cdot E[x^2]$. A ReLU sets half of a symmetric distribution to zero, so
# $E[\text{relu}(y)^2] = \frac12 E[y^2]$. To keep the signal over depth, the two factors must multiply to 1:
# $\frac12\, \text{fan\_in} \cdot \text{Var}(w) = 1$ (He and others, 2015). So
#
# $$ \text{Var}(w) = \frac{2}{\text{fan\_in}} . $$
#
# The next cell tries it. There each image is continued at its border by its opposite side (`mode="wrap"`), because zeros
# would make the signal smaller.
#
# > **Predict.** Twenty layers. What remains of the mean square with $1/\text{fan\_in}$? And with $18/\text{fan\_in}$,
# > which is nine times too large? (One published course used this value.)

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
    remains[numerator] = np.log10(ratios)
rows = []
for numerator, powers in remains.items():
    theory = 20 * np.log10(numerator / 2)
    rows.append((f"{numerator} / fan_in", np.mean(powers), powers.min(), powers.max(), theory))
heads = ["mean of five draws", "lowest", "highest", "theory"]
table(
    rows,
    {"Var(w)": ""} | dict.fromkeys(heads, ".1f"),
    "Powers of ten by which the mean square has changed",
)

# %% tags=["check"]
# Check that the text is true.
assert -1.3 < np.mean(remains[2]) < 1.3
assert np.mean(remains[1]) < -4
assert np.mean(remains[18]) > 15

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# With $2/\text{fan\_in}$ the mean square stays of the same size. With half of that, each layer halves it, and $2^{20}$
# is a million. With nine times that it grows to a number of nineteen digits or so. The single draws scatter by a power
# of ten, because the theory is about the mean over all weights, and each network has only one draw of them.
# </details>
#
# **A claim.** *"Filters differ because they start at random."* Four kinds of small networks, trained for 40 steps in
# float64, from five starts each. In the first kind all 8 filters of the convolution start as copies of one, and so do
# the head's weights for the 8 channels.
#
# > **Predict.** Do they stay equal? And if only the filters are equal, but the head is random? And the reverse?


# %%
def filters_after(equal_filters, equal_head, seed, steps=40):
    own = np.random.default_rng(seed)
    w, head = own.normal(size=(8, 1, 3, 3)) / 3, own.normal(size=(10, 8)) / 3
    if equal_filters:
        w[:] = w[0]
    if equal_head:
        head[:] = head[:, :1]
    x, labels = x_train[:100].astype(np.float64), y_train[:100]
    for _ in range(steps):
        maps = NF.conv2d(x, w)
        features = NF.relu(maps).mean(axis=(2, 3))
        g = NF.cross_entropy_backward(1.0, features @ head.T, labels)[0]
        g_features = np.broadcast_to((g @ head)[:, :, None, None], maps.shape) / maps[0, 0].size
        _, g_w, _ = NF.conv2d_backward(g_features * (maps > 0), x, w)
        w, head = w - 0.5 * g_w, head - 0.5 * g.T @ features
    return w


# %%
apart = {}
for filters, head in [(True, True), (True, False), (False, True), (False, False)]:
    weights = [filters_after(filters, head, seed) for seed in STARTS]
    apart[filters, head] = np.array([np.abs(w - w[0]).max() for w in weights])
rows = [("yes" if f else "no", "yes" if h else "no", runs) for (f, h), runs in apart.items()]
table(
    rows,
    {"filters equal": "", "head equal": "", "largest difference afterwards, five starts": ".2f"},
)

# %% tags=["check"]
# Check that the text is true.
assert apart[True, True].max() < 1e-9
assert apart[True, False].min() > 0.01

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# **True**: identical starts stay identical. Equal filters get equal maps, equal gradients and equal steps, so 8
# filters are one filter. But the randomness need not be in the filters: a random head sends each of them *another*
# gradient, and they separate. In the reverse case the filters differ from the start, and stay different. What must be
# broken is the symmetry of the whole network: exchanging two channels must change something.
# </details>
#
# ## 4. The step: momentum, weight decay, schedules
#
# PyTorch's rule, for each parameter $p$ (no longer a probability) with gradient $g$:
#
# $$ g \leftarrow g + \lambda p, \qquad v \leftarrow m v + g, \qquad p \leftarrow p - \eta v . $$
#
# $\eta$ is the learning rate, $m$ the momentum, $\lambda$ the weight decay: the gradient of $\frac\lambda2 p^2$. With
# a constant gradient $v$ tends to the value that the rule leaves as it is, $v = m v + g$, that is $v = g/(1 - m)$. So
# momentum 0.9 makes steps ten times as long along a steady slope. A valley that is thirty times as steep across as along
# shows it, here with momentum 0.8 and without weight decay. It also shows the price: the path with momentum swings to
# both sides of the valley before it comes to rest.

# %%
curvature, paths = np.array([1.0, 30.0]), {}
for name, momentum in [("plain", 0.0), ("momentum 0.8", 0.8)]:
    p, v = np.array([-10.0, 1.5]), np.zeros(2)
    path = [p]
    for _ in range(40):
        v = momentum * v + curvature * p  # the gradient is curvature · p
        p = p - 0.03 * v
        path.append(p)
    paths[name] = np.array(path)

# %% tags=["plumbing"]
# The two paths.
table([(name, np.linalg.norm(path[-1])) for name, path in paths.items()],
      {"": "", "distance from the minimum after 40 steps": ".2f"})  # fmt: skip
show(valley_paths(paths, curvature), "09/paths-in-a-valley")

# %% tags=["check"]
# Check that the text is true.
assert np.linalg.norm(paths["momentum 0.8"][-1]) < 0.5 * np.linalg.norm(paths["plain"][-1])

# %% [markdown]
# **Schedules.** The gradient of a batch is noisy, and with a constant learning rate the weights never come to rest.
# So one lets the learning rate fall. Two usual ways are to divide it by ten every few epochs (`StepLR`), and to let
# it fall along half a cosine (`CosineAnnealingLR`):

# %%
holder, lrs = [modules.Parameter(np.zeros(1))], {}
falling = {
    "StepLR": lambda o: optim.StepLR(o, 10),
    "CosineAnnealingLR": lambda o: optim.CosineAnnealingLR(o, 30),
}
for name, make in falling.items():
    optimizer = optim.SGD(holder, lr=0.1)
    schedule, lrs[name] = make(optimizer), []
    for _ in range(30):
        lrs[name].append(optimizer.lr)
        schedule.step()
figure = viz.line_chart(
    np.arange(30), lrs, "epoch", "learning rate", size=(6.5, 2.8), markers=False
)
for line in figure.axes[0].lines:
    line.set_drawstyle("steps-post")  # one learning rate for a whole epoch
show(figure, "09/two-schedules")

# %% [markdown]
# ## 5. The same network in NumPy and in PyTorch
#
# *(This section can wait.)*
#
# All pieces are there. The course's NumPy network gets PyTorch's weights, and both take ten steps on the same
# batches, with momentum and weight decay.
#
# > **Predict.** In float64, how far apart are the losses after ten steps?


# %%
def numpy_cnn():
    float64 = {"dtype": np.float64}
    layers, c_in = [], 1
    for c_out in (16, 32):
        layers.append(modules.Conv2d(c_in, c_out, 3, padding=1, bias=False, **float64))
        layers += [modules.BatchNorm2d(c_out, **float64), modules.ReLU(), modules.MaxPool2d(2)]
        c_in = c_out
    head = [modules.Flatten(), modules.Dropout(0.0), modules.Linear(32 * 3 * 3, 10, **float64)]
    return modules.Sequential(*layers, *head)


twin, reference = cnn().double(), numpy_cnn()
reference.load_state_dict({name: value.numpy().copy() for name, value in twin.state_dict().items()})
options = {"lr": 0.1, "momentum": 0.9, "weight_decay": 5e-4}
ours = optim.SGD(reference.parameters(), **options)
theirs = torch.optim.SGD(twin.parameters(), **options)

# %%
reference.train()
losses = []
for _ in range(10):
    index = rng.choice(1000, 20, replace=False)
    x, labels = x_train[index].astype(np.float64), y_train[index]
    loss = numpy_step(reference, ours, x, labels)[0]
    losses.append(
        (loss, torch_step(twin, theirs, torch.from_numpy(x), torch.from_numpy(labels))[0])
    )
worst = max(abs(a - c) for a, c in losses)
state = reference.state_dict()
apart_by = max(
    np.abs(state[name] - value.numpy()).max() for name, value in twin.state_dict().items()
)
table(
    [(step, *losses[step]) for step in (0, 1, 9)], {"step": "d", "NumPy": ".3f", "PyTorch": ".3f"}
)
print(
    f"losses equal to 1e-9 in every step: {worst < 1e-9}; all weights at the end: {apart_by < 1e-9}"
)

# %% tags=["check"]
# Check that the text is true.
assert worst < 1e-9
assert apart_by < 1e-9

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# They differ by rounding only, even where the loss jumps up at step 1. So nothing in PyTorch's training is hidden
# from you now.
# </details>
#
# From here on we use PyTorch, for speed.
#
# ## 6. Too few pictures: dropout, weight decay, augmentation
#
# **Dropout** (Srivastava and others, 2014): in training, each number is set to zero with probability $p$, and the
# others are divided by $1 - p$, so that the expected value stays the same. In `eval()` it does nothing.

# %%
x = np.full((1000, 100), 3.0)
y = NF.dropout(x, 0.4, training=True, rng=np.random.default_rng(0))
rows = [
    ("values", np.unique(y)),
    ("share of zeros", (y == 0).mean()),
    ("mean", y.mean()),
    ("unchanged in eval()", np.array_equal(NF.dropout(x, 0.4, training=False), x)),
]
table(rows, {"dropout of 3.0 with p = 0.4": "", "": ".2f"})

# %% [markdown]
# **Augmentation** makes further examples of those we have, by changes that do not change the class: a mirrored boot
# is a boot. (A mirrored 2 is not a 2. It depends on the task.)

# %%
boot = (pictures[np.flatnonzero(y_test == 9)[0]][None, None] / 255).astype(np.float32)
examples = {
    "original": boot,
    "flip": transforms.random_flip(boot, rng, probability=1.0),
    "crop, padding 4": transforms.random_crop(boot, 4, rng),
    "rotate 15°": transforms.rotate(boot, 15),
    "scale 0.8": transforms.scale(boot, 0.8),
}
augmented = [image[0, 0] for image in examples.values()]
show(viz.image_row(augmented, list(examples), height=1.7), "09/augmented-boot")

# %% [markdown]
# Now we train on 400 images only, for 24 epochs, from five random starts each, with section 4's momentum and cosine. There
# are four recipes: nothing, weight decay (section 4, too), dropout, and augmentation (flip, and a crop with padding 2). We measure the accuracy on the training images, on the test images,
# and on the test images moved by two pixels to the right.


# %%
draw = np.random.default_rng(5)


def flip_and_crop(batch):
    # crop pads with zeros: make black zero first, or each image gets a grey rim
    black = batch.min().item()
    cropped = transforms.random_crop(transforms.random_flip(batch.numpy(), draw) - black, 2, draw)
    return torch.from_numpy(cropped + black)


recipes = {
    "nothing": {},
    "weight decay": {"weight_decay": 5e-3},
    "dropout": {"dropout": 0.5},
    "augmentation": {"augment": flip_and_crop},
}

# %%
x_few, y_few = x_train[:400], y_train[:400]


def run(seed, dropout=0.0, weight_decay=0.0, augment=None, epochs=24, falling=True, watch=None):
    network, schedule = cnn(seed, dropout), None
    options = {"lr": 0.05, "momentum": 0.9, "weight_decay": weight_decay}
    optimizer = torch.optim.SGD(network.parameters(), **options)
    if falling:
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    history = fit(network, optimizer, x_few, y_few, epochs=epochs, batch_size=50, test=watch,
                  rng=np.random.default_rng(seed), schedule=schedule, augment=augment)  # fmt: skip
    return network, history


# %% [markdown]
# > **Predict.** Which recipes make the training accuracy *worse*? Which help on the test images? On the moved ones?

# %% tags=["nbval-ignore-output"]
asked = {
    "training": (x_few, y_few),
    "test": (x_test, y_test),
    "test, moved": (np.roll(x_test, 2, axis=3), y_test),
}
results = {}
for name, options in recipes.items():
    group = [run(seed, **options)[0] for seed in STARTS]
    for images, pair in asked.items():
        results[name, images] = np.array([evaluate(network, *pair)[1] for network in group])

# %% tags=["plumbing", "nbval-ignore-output"]
# Means and standard deviations of the five starts.
rows = []
for name in recipes:
    runs = np.array([results[name, images] for images in asked])
    rows.append((name, runs.mean(axis=1), runs.std(axis=1, ddof=1)))
table(rows, {"": "", "accuracy: training, test, test moved": ".3f", "standard deviations": ".3f"})
by_recipe = {name: {images: results[name, images] for images in asked} for name in recipes}
means, spread = {}, {}
for name, tested in by_recipe.items():
    means[name] = {images: runs.mean() for images, runs in tested.items()}
    spread[name] = {images: runs.std(ddof=1) for images, runs in tested.items()}
ylabel = "accuracy of five starts\n(lines: standard deviation)"
show(viz.bar_chart(means, ylabel, size=(9, 3.4), spread=spread), "09/four-recipes")

# %% tags=["check"]
# Check that the text is true.
gap = {name: results[name, "training"] - results[name, "test"] for name in recipes}
at_least(results["nothing", "training"], 0.95, "09/knows-its-400-images")
at_least(gap["nothing"], 0.1, "09/overfits")
at_least(gap["nothing"] - gap["augmentation"], 0.03, "09/augmentation-narrows")
at_least(gap["weight decay"] - gap["augmentation"], 0.03, "09/more-than-weight-decay")
at_least(gap["dropout"] - gap["augmentation"], 0.03, "09/more-than-dropout")
for name in ["dropout", "augmentation"]:
    lower = results["nothing", "training"] - results[name, "training"]
    at_least(lower, 0.01, f"09/{name}-lowers-training")
worse = results["nothing", "test"] - results["augmentation", "test"]
at_least(worse, 0.02, "09/augmentation-worse-in-test")
more = results["augmentation", "test, moved"] - results["nothing", "test, moved"]
at_least(more, 0.05, "09/augmentation-on-moved")
for name in ["weight decay", "dropout"]:
    change = results[name, "test"] - results["nothing", "test"]
    at_most(np.abs(change.mean()), 0.03, "09/little-change-by-" + name.replace(" ", "-"))

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Without help the network knows its 400 images by heart and is clearly worse on others: it **overfits**. Dropout and
# augmentation lower the training accuracy. Augmentation narrows the gap most, by making the *training* harder, and
# that need not make the *test* better: here it makes it clearly worse. All test garments are centred like the
# training ones, so knowing about shifted garments is of no use there. It is of great use on the moved ones.
# **Augmentation buys the invariance that you put into it**, and it pays where the test needs that invariance. Dropout
# and weight decay change little on the test images, in so small a network and so short a training. A smaller gap is
# not the goal. The goal is accuracy on the images that will come.
# </details>
#
# ## 7. Curves and early stopping
#
# During training, watch the loss on images that are *not* trained on, the **validation** set. It may decide when to
# stop, or which recipe to take. The **test** set may not: what was used to choose a network can no longer be used to
# judge it. Here is the recipe "nothing" again, with a constant learning rate, from five starts.

# %% tags=["nbval-ignore-output"]
runs = [run(seed, falling=False, watch=(x_val, y_val))[1] for seed in STARTS]
curves = {
    "training": np.array([[row["train_loss"] for row in history] for history in runs]),
    "validation": np.array([[row["test_loss"] for row in history] for history in runs]),
}
best = curves["validation"].argmin(axis=1) + 1
print("lowest validation loss of the five starts in epoch", *best, "of 24")

# %% tags=["plumbing", "nbval-ignore-output"]
# The curves of the five starts; the dotted line is at the lowest mean of the validation losses.
figure = viz.training_curves({name: losses.T for name, losses in curves.items()}, size=(7.5, 3.2))
lowest = curves["validation"].mean(axis=0).argmin() + 1
figure.axes[0].axvline(lowest, color="0.4", linewidth=1, linestyle=":")
figure.axes[0].set_ylabel("loss of five starts\n(bars: standard deviation)")
show(figure, "09/validation-curve")

# %% tags=["check"]
# Check that the text is true.
at_most(curves["training"][:, -1] / curves["validation"][:, -1], 0.3, "09/training-far-below")
at_least(
    curves["validation"][:, -1] - curves["validation"].min(axis=1), 0.05, "09/validation-rises"
)

# %% [markdown]
# **Early stopping**: keep the weights of the epoch with the lowest validation loss (the dotted line, for the mean of
# the five), and stop when it has not improved for some epochs (the *patience*). How to read curves:
#
# - The training loss stays near $\log C$: the learning rate is far too large or too small, or there is a bug.
# - Both fall and stay together: train longer, or take a larger network.
# - Training falls, validation rises: overfitting.
# - The loss jumps to infinity: the learning rate is too large.
#
# ## 8. Look at the mistakes
#
# *(This section can wait.)*
#
# One number hides what a network does. The **confusion matrix** counts, for each true class (row), what it was taken
# for (column).

# %% tags=["nbval-ignore-output"]
network = by_head["flatten"][0].eval()  # section 1's first start, trained on 3,000 images
with torch.no_grad():
    probabilities = network(torch.from_numpy(x_test)).softmax(dim=1).numpy()
predicted = probabilities.argmax(axis=1)
counts = confusion_matrix(y_test, predicted, 10)
show(confusion_figure(counts, data.FASHION_CLASSES), "09/confusion")

# %% tags=["check"]
# Check that the text is true.
tops, shoes = [0, 2, 3, 4, 6], [5, 7, 9]
mistakes = counts - np.diag(np.diag(counts))
inside = mistakes[np.ix_(tops, tops)].sum() + mistakes[np.ix_(shoes, shoes)].sum()
at_least(inside / mistakes.sum(), 0.75, "09/mistakes-among-likes")

# %% [markdown]
# That was one network. Most of its mistakes are made among the garments for the upper body (T-shirt, pullover, dress, coat, shirt) and among the
# three kinds of shoe. And the mistakes that it was surest of:

# %% tags=["nbval-ignore-output"]
wrong = np.flatnonzero(predicted != y_test)
surest = wrong[np.argsort(-probabilities[wrong].max(axis=1))[:8]]
kind = data.FASHION_CLASSES
names = [f"{kind[y_test[i]]}\n→ {kind[predicted[i]]}" for i in surest]
show(viz.image_row(list(pictures[surest]), names, columns=4, height=1.7), "09/surest-mistakes")

# %% [markdown]
# Look at each of them: could you tell? Some may be hard for you, too, and some labels look odd. Ideas for the next step
# come from here, not from the accuracy.
#
# ## Claims to test
#
# You will read sentences like these.
#
# 1. "CNNs only work at one image size."
# 2. "After flattening nothing geometric is lost."
# 3. "Filters differ because they start at random."
# 4. "The first loss tells nothing."
#
# > **Predict.** In what sense is each of them true?

# %% tags=["nbval-ignore-output"]
loud = cnn()
with torch.no_grad():
    loud[-1].weight *= 100
loud_loss = evaluate(loud, x_test, y_test)[0]
rows = [
    ("1. flatten takes 20×20", takes_any_size),
    ("2. accuracy lost by a shift of 2 pixels, flatten", fall["flatten"].mean()),
    ("   global average", fall["global average"].mean()),
    ("3. largest difference of filters, all equal at the start", apart[True, True].max()),
    ("   equal filters, random head", apart[True, False].mean()),
    ("4. first loss", fresh.mean()),
    ("   with a head 100 times too large", loud_loss),
    ("   log 10", np.log(10)),
]
table(rows, {"": "", " ": ".2f"})

# %% tags=["check"]
# Check that the text is true.
assert loud_loss > 2 * np.log(10)

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **False** of the convolutional part, true of a flattening head. Global pooling frees the head.
# 2. **True of the numbers, false of the network**: the layer after it no longer knows neighbours, and shifted
#    images meet other weights.
# 3. **True**: identical starts stay identical. Randomness *somewhere* in the channel's path is enough.
# 4. **False.** It must be about $\log C$. If it is much larger, the first logits are too large, or the labels
#    are wrong. One line of code tells.
# </details>

# %% [markdown]
# ## Summary
#
# 1. Encoder (conv, batch norm, ReLU, pool), then a head: flatten knows places and one size, global average neither.
# 2. Softmax cross-entropy: $\log\sum_j e^{z[j]} - z[y]$, gradient $p - [k=y]$, first loss about $\log C$. PyTorch's
#    loss applies the softmax itself.
# 3. Start with $\text{Var}(w) = 2/\text{fan\_in}$, and at random, or filters stay copies.
# 4. $g + \lambda p$, then $m v + g$, then $p - \eta v$; let $\eta$ fall. NumPy and PyTorch agree step for step.
# 5. Overfit one batch first; watch validation; augment; look at the confusion matrix and the mistakes.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded. The folded cell after them computes every number.
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
# **5.** Padding 4: how many windows can a random crop choose from, and how many different images with flips?
#
# <details><summary>Answer</summary>
#
# $9^2 = 81$, and 162.
# </details>

# %% tags=["plumbing"]
# The numbers of the answers.
v = 0.0
for _ in range(200):
    v = 0.9 * v + 1
windows = (2 * 4 + 1) ** 2
rows = [
    ("1. first loss with 1,000 classes", f"{np.log(1000):.2f}"),
    ("2. standard deviation", f"{np.sqrt(2 / (64 * 9)):.3f}"),
    ("3. length of the step", f"{0.1 * v:.2f}"),
    ("4. share of the weight", f"{(1 - 0.1 * 0.01) ** 1000:.2f}"),
    ("5. windows, and with flips", f"{windows}, {2 * windows}"),
]
table(rows, ["question", "answer"])

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
