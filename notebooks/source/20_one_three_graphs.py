# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 20 · One dimension, three dimensions, graphs
#
# [Start](00_start_here.ipynb) · previous: [19 Segmentation and U-Net](19_segmentation.ipynb) ·
# next: [21 Scaling up](21_scaling_up.ipynb) ·
# [exercises of this unit](../exercises/20_one_three_graphs/20_one_three_graphs.ipynb)
#
# **After this lesson you can**
#
# - write a convolution in time that never sees the future, and count how far back a dilated stack sees;
# - count what a third dimension costs, and show what it sees that no single frame shows;
# - build a convolution that is equivariant to quarter turns, and say what that costs in accuracy;
# - write down a graph convolution and its gradient, and say which powers of a convolution it lacks;
# - compute when smoothing over a graph destroys the features, and when something else fails.
#
# **Time** about 90 minutes, with the questions. The code runs in about a minute. Section 9 can wait.
#
# **You should know** lesson 03 (dilation), lesson 04 (equivariance), lesson 05 (the Fourier transform).

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %%
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cnncourse import at_least, at_most, data, show, table, viz
from cnncourse.numpy_nn.graph_convolution import (
    graph_conv,
    graph_conv_backward,
    normalized_adjacency,
)
from cnncourse.numpy_nn.modules import CausalConv1d
from cnncourse.torch_nn import graph_convolution as torch_graphs
from cnncourse.torch_nn.graph_convolution import GCN
from cnncourse.torch_nn.models.causal import CausalStack
from cnncourse.torch_nn.models.video import Conv2Plus1D
from cnncourse.torch_nn.quarter_turns import LiftingConv2d, QuarterTurnConv2d, turn_maps
from cnncourse.torch_nn.training import descend
from cnncourse.viz.matrices import matrix_row

torch.set_num_threads(1)  # for small networks, dividing the work costs more than the work
STARTS = range(5)

# %% [markdown]
# ## A puzzle
#
# Lesson 01 shuffled the pixels of its images, and a CNN could no longer use them. Here is a photograph of 32×40 pixels,
# and the same pixels in random order. This time something is left: for each shuffled pixel we also keep the list of the
# pixels that were its four neighbours. The list has no order. It does not say which of them was on the left.

# %%
crop = data.photograph("astronaut")[20:212, 130:370].mean(axis=2) / 255
photo = crop.reshape(32, 6, 40, 6).mean(axis=(1, 3))  # means of 6×6 pixels


def grid_graph(H, W):
    """A of H·W pixels, each joined to the pixels above, below, on its left and right."""
    number = np.arange(H * W).reshape(H, W)
    A = np.zeros((H * W, H * W))
    for one, other in [(number[1:], number[:-1]), (number[:, 1:], number[:, :-1])]:
        A[one, other] = A[other, one] = 1
    return A


order = rng.permutation(photo.size)
grid = grid_graph(*photo.shape)
shuffled, shuffled_grid = photo.ravel()[order], grid[order][:, order]
show(viz.image_row([photo, shuffled.reshape(photo.shape)], ["photograph", "shuffled"], height=2.6),
     "20/shuffled")  # fmt: skip

# %% [markdown]
# > **Guess, and write it down.** You have the shuffled pixels and the lists. Which of these can you compute: for each
# > pixel, the value that it would have in a blurred photograph? For each pixel, the change from left to right? The
# > photograph itself?
#
# Sections 6 and 7 answer this. On the way there we ask what is left of a convolution when the grid has one axis, three
# axes, more symmetries than shifts, or when there is no grid at all.
#
# ## 1. One dimension, and only the past
#
# A signal has one axis, time. Convolution along it is lesson 02's with one index. What is new is that the future is not
# known yet: a network that forecasts must not look at it. In a **causal** convolution, output $t$ depends on inputs up
# to $t$ only:
#
# $$ y_t = \sum_{k=0}^{K-1} w_k \, x_{t - (K - 1 - k)} $$
#
# The last tap $w_{K-1}$ meets the present, and before the beginning stand zeros. With two taps $w = (1, 2)$ and
# $x = (1, 3, 2, 5)$: $y_0 = 0 + 2 \cdot 1 = 2$, $y_1 = 1 + 2 \cdot 3 = 7$, then $3 + 4 = 7$ and $2 + 10 = 12$.


# %%
def causal(x, w):
    """One channel, as in the formula."""
    K, y = len(w), np.zeros(len(x))
    for t in range(len(x)):
        for k in range(K):
            if t - (K - 1 - k) >= 0:
                y[t] += w[k] * x[t - (K - 1 - k)]
    return y


print(causal([1, 3, 2, 5], [1, 2]))
layer = CausalConv1d(1, 1, 2, bias=False)
layer.weight.data[...] = [1, 2]
print("the package's layer:", layer(np.array([[[1, 3, 2, 5]]], np.float32))[0, 0])

# %% [markdown]
# As in lesson 04, the layer is a matrix. Here it is for six steps and three taps, beside that of a convolution with
# padding 1 at both ends. Row $t$ shows which inputs output $t$ sees:

# %%
taps = np.array([1.0, 2.0, 3.0])
centred = np.stack([np.correlate(e, taps, mode="same") for e in np.eye(6)], axis=1)
only_past = np.stack([causal(e, taps) for e in np.eye(6)], axis=1)
show(matrix_row([centred, only_past], ["padding at both ends", "causal"], values=True),
     "20/causal-matrix")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert np.array_equal(causal([1, 3, 2, 5], [1, 2]), [2, 7, 7, 12])
assert np.array_equal(layer(np.array([[[1, 3, 2, 5]]], np.float32))[0, 0], [2, 7, 7, 12])
assert np.array_equal(only_past, np.tril(only_past))
assert not np.array_equal(centred, np.tril(centred))

# %% [markdown]
# The triangle is the whole secret. Now a real signal: an electrocardiogram of 1,024 samples.
#
# > **Predict.** We change sample 500. Which outputs change, for a kernel of 5 taps with padding 2 at both ends, and for a
# > causal one of 5 taps?

# %%
heartbeat = data.signal("heartbeat")
touched = heartbeat.copy()
touched[500] += 1
five = rng.normal(size=5)
layers = {"padding at both ends": lambda x: np.correlate(x, five, mode="same"),
          "causal": lambda x: causal(x, five)}  # fmt: skip
changed = {name: np.flatnonzero(f(touched) != f(heartbeat)) for name, f in layers.items()}
for name, places in changed.items():
    print(f"{name}: outputs {places[0]} to {places[-1]}")

# %% tags=["check"]
# Check that the text is true.
assert changed["padding at both ends"].tolist() == [498, 499, 500, 501, 502]
assert changed["causal"].tolist() == [500, 501, 502, 503, 504]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Both kernels reach five outputs. With padding at both ends two of them are *earlier* than the sample that changed:
# these outputs have seen the future. A forecast that is trained with such a layer looks excellent and is useless.
# </details>
#
# ## 2. A long memory from few layers
#
# A causal layer with $K$ taps sees $K - 1$ steps back. With a
# **dilation** $D$, neighbouring taps are $D$ steps apart, and the layer reaches $D(K-1)$ steps back. What the layers reach
# adds up:
#
# $$ \text{steps seen} = 1 + (K - 1) \sum_l D_l $$
#
# WaveNet (van den Oord and others, 2016) doubles the dilation from layer to layer: 1, 2, 4, … . We measure with lesson
# 03's method: follow the gradient of the last output back, and see how far it reaches. Each layer of `CausalStack` is a
# causal convolution, a ReLU and a convolution with one tap, with a shortcut around the three (lesson 14). One more
# convolution with one tap in front makes 8 channels out of one, and one at the end makes one out of 8.
#
# > **Predict.** How many steps do eight layers of two taps see, with dilations of 1, and with dilations that double?
# > How many more weights does the second stack have?


# %%
def reach(dilations):
    """Steps of the input that the last output depends on, measured with 20 random signals."""
    torch.manual_seed(0)
    net = CausalStack(channels=8, dilations=dilations).double()
    x = torch.randn(20, 1, 300, dtype=torch.float64, requires_grad=True)
    (g,) = torch.autograd.grad(net(x)[:, :, -1].sum(), x)
    first = g.abs().sum(dim=(0, 1)).nonzero()[0].item()
    return 300 - first, sum(p.numel() for p in net.parameters())


rows = []
for L in (1, 2, 4, 8):
    (plain, weights), (doubling, same) = reach([1] * L), reach([2**layer for layer in range(L)])
    rows.append((L, plain, doubling, weights, same))
table(rows, {"layers": "d", "steps seen, dilation 1": "d", "steps seen, doubling": "d",
             "parameters, dilation 1": "d", "parameters, doubling": "d"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert all(plain == L + 1 and doubling == 2**L for L, plain, doubling, _, _ in rows)
assert all(weights == same for *_, weights, same in rows)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# 9 steps against 256, with the same number of weights. With $K = 2$ the sum is $1 + (1 + 2 + 4 + \dots + 2^{L-1}) = 2^L$.
# Each layer sees few neighbours, and the stack sees exponentially far.
# </details>
#
# Is a long memory worth having? The signal `sea` is the monthly mean temperature of the Pacific's surface in the region
# Niño 3, 800 months from 1950 on. Two stacks of four layers forecast the temperature in six months. One has dilations of 1
# and sees 5 months, and the other doubles and sees 16. They are trained on the first 600 months. Errors are root mean
# squares on the rest, in standard deviations of the training months. Two rivals need no network: the temperature of
# today, and a table with the mean of each calendar month.
#
# > **Predict.** Write down the order of the four.

# %% tags=["nbval-ignore-output"]
AHEAD, CUT = 6, 600
sea = data.signal("sea")
z = (sea - sea[:CUT].mean()) / sea[:CUT].std()
series = torch.tensor(z, dtype=torch.float32)[None, None]
past, future = series[:, :, : CUT - AHEAD], series[:, :, AHEAD:CUT]
MEMORIES = {"network, 5 months": (1, 1, 1, 1), "network, 16 months": (1, 2, 4, 8)}


def squared_error(output, wanted):
    return (output - wanted)[:, :, 16:].square().mean()


errors, forecasts = {}, {}
for name, dilations in MEMORIES.items():
    errors[name] = []
    for seed in STARTS:
        torch.manual_seed(seed)
        net = CausalStack(channels=8, dilations=dilations)
        descend(net, past, future, steps=200, lr=0.05, batch_size=1, loss_of=squared_error)
        forecasts[name] = net(series).detach().numpy()[0, 0, CUT - AHEAD : -AHEAD]
        errors[name].append(np.sqrt(((forecasts[name] - z[CUT:]) ** 2).mean()))
    errors[name] = np.array(errors[name])

# %% tags=["nbval-ignore-output"]
month = np.arange(len(z)) % 12
by_month = np.array([z[:CUT][month[:CUT] == m].mean() for m in range(12)])
simple = {
    "as today": np.sqrt(((z[CUT - AHEAD : -AHEAD] - z[CUT:]) ** 2).mean()),
    "mean of the calendar month": np.sqrt(((by_month[month] - z)[CUT:] ** 2).mean()),
}
rows = [(name, runs.mean(), runs) for name, runs in errors.items()]
rows += [(name, value, None) for name, value in simple.items()]
table(rows, {"forecast": "", "error": ".2f", "five starts": ".2f"})

# %% tags=["check"]
# Check that the text is true.
short, long = errors["network, 5 months"], errors["network, 16 months"]
at_least(short - long, 0.02, "20/long-memory-helps")
at_least(long, simple["mean of the calendar month"] - 0.05, "20/table-of-months-is-as-good")
at_most(short, simple["as today"] - 0.5, "20/today-is-no-forecast")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The long memory helps: it holds a whole year, and the season is most of what can be known six months ahead. But the
# table of twelve numbers is as good as the network. The temperature of today is far behind all of them, since half a
# year later it is the other season. *Before you praise a network, look for the simplest rule that knows the same.*
# </details>
#
# ## 3. Three dimensions
#
# A clip has three axes, time, height and width: (N, C, T, H, W). A 3-D kernel slides along all of them and sums over
# $K_t \times K_h \times K_w$ entries and the channels. For 3×3×3 that is 27 weights per pair of channels instead of 9.
# Tran and others (2018) split it into a 1×3×3 kernel in space and a 3×1×1 kernel in time, called **(2+1)-D**. With $M$
# channels in between it has $9 C_{in} M + 3 M C_{out}$ weights:

# %%
C = 64
conv_3d = nn.Conv3d(C, C, 3, bias=False)
split = {M: Conv2Plus1D(C, C, M) for M in (64, 144)}
rows = [("3×3", 9 * C * C), ("3×3×3", conv_3d.weight.numel())]
rows += [(f"(2+1)-D, M = {M}", net[0].weight.numel() + net[3].weight.numel())
         for M, net in split.items()]  # fmt: skip
table(rows, {"kernel, 64 channels": "", "weights": ",d"})

# %% tags=["check"]
# Check that the text is true.
assert [weights for _, weights in rows] == [36_864, 110_592, 49_152, 110_592]
assert rows[2][1] == 9 * C * 64 + 3 * 64 * C

# %% [markdown]
# With $M = 64$ the split saves more than half. The authors choose $M$ so that the weights are as many as before ($M = 144$
# here), and gain a nonlinearity in between.
#
# What can a third axis see? In these clips a garment crosses a photograph, to the right, up, to the left or down. What
# leaves on one side comes back on the other.

# %%
clips = data.moving_scenes(4, seed=3, frames=4, speeds=(4, 4))
frames = [clips.clips[1][:, t] for t in range(4)]
show(viz.image_row(frames, [f"frame {t}" for t in range(4)]), "20/clip")


# %%
def grey_clips(count, split):
    """Clips (count, 1, 4, 16, 16) and directions; the garment moves by 2 pixels per frame."""
    batch = data.moving_scenes(count, split=split, frames=4, speeds=(4, 4))
    grey = batch.clips.mean(axis=1).reshape(count, 1, 4, 16, 2, 16, 2).mean(axis=(4, 6))
    grey = (grey - grey.mean()) / grey.std()
    return torch.tensor(grey, dtype=torch.float32), torch.tensor(batch.directions)


x_clips, directions = grey_clips(500, "train")
x_test_clips, test_directions = grey_clips(300, "test")

# %% [markdown]
# First by hand. A kernel of two frames has $-1$ in the middle of its first frame, and $+1$ in the second frame, two pixels
# to the right. Its output is zero wherever the picture moves to the right by two pixels. So we make four such
# kernels, one for each direction, and take the direction whose output has the smallest mean square. Nothing is trained.
#
# > **Predict.** A guess is right in a quarter of the cases. In what share of the 300 test clips are these four kernels
# > right?

# %%
steps = [(0, 1), (-1, 0), (0, -1), (1, 0)]  # right, up, left, down: rows, columns
by_hand = torch.zeros(4, 1, 2, 5, 5)
by_hand[:, 0, 0, 2, 2] = -1
for d, (dy, dx) in enumerate(steps):
    by_hand[d, 0, 1, 2 + 2 * dy, 2 + 2 * dx] = 1
energy = F.conv3d(x_test_clips, by_hand).square().mean(dim=(2, 3, 4))
right_by_hand = (energy.argmin(dim=1) == test_directions).double().mean().item()
print(f"right: {right_by_hand:.2f}")

# %% tags=["check"]
# Check that the text is true.
assert 0.7 < right_by_hand < 0.85

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# In about three quarters of the clips. The photograph behind the garment stands still and disturbs all four.
# </details>
#
# Now the same form is learned: 16 kernels, the mean square of each output, its logarithm, batch normalisation and a
# linear layer. The kernels have one frame of 5×5, two frames, or are (2+1)-D with 4 channels in between. Each is trained
# for 100 steps of 32 clips.
#
# > **Predict.** How good is each of the three on the test clips?


# %%
class MotionEnergy(nn.Module):
    def __init__(self, *filters):
        super().__init__()
        self.filters = nn.Sequential(*filters)
        self.head = nn.Sequential(nn.BatchNorm1d(16), nn.Linear(16, 4))

    def forward(self, x):
        return self.head((self.filters(x).square().mean(dim=(2, 3, 4)) + 1e-3).log())


FILTERS = {
    "1×5×5": lambda: [nn.Conv3d(1, 16, (1, 5, 5), bias=False)],
    "2×5×5": lambda: [nn.Conv3d(1, 16, (2, 5, 5), bias=False)],
    "1×5×5, then 2×1×1": lambda: [nn.Conv3d(1, 4, (1, 5, 5), bias=False),
                                  nn.Conv3d(4, 16, (2, 1, 1), bias=False)],
}  # fmt: skip

# %% tags=["nbval-ignore-output"]
motion, weights = {}, {}
for name, filters in FILTERS.items():
    motion[name] = []
    for seed in STARTS:
        torch.manual_seed(seed)
        net = MotionEnergy(*filters())
        descend(net, x_clips, directions, steps=100, lr=0.1, batch_size=32)
        with torch.no_grad():
            hits = net.eval()(x_test_clips).argmax(dim=1) == test_directions
        motion[name].append(hits.double().mean().item())
    weights[name] = sum(p.numel() for p in net.filters.parameters())
rows = [(name, weights[name], np.mean(runs), runs) for name, runs in motion.items()]
table(rows, {"kernels": "", "weights": "d", "accuracy": ".2f", "five starts": ".2f"})

# %% tags=["check"]
# Check that the text is true.
at_most(np.array(motion["1×5×5"]), 0.35, "20/one-frame-is-a-guess")
at_least(np.array(motion["2×5×5"]), 0.65, "20/two-frames-see-motion")
at_least(np.array(motion["1×5×5, then 2×1×1"]), 0.65, "20/split-sees-motion")
assert weights["2×5×5"] == 800
assert weights["1×5×5, then 2×1×1"] == 228

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Kernels of one frame guess: the place of the garment in a single frame says nothing about its direction. Kernels that compare two frames learn the direction from 500 clips. The (2+1)-D ones do it with less than
# a third of the weights, because a few shapes in space suffice.
# </details>
#
# ## 4. Quarter turns
#
# Lesson 04 found that a convolution is equivariant to shifts and to nothing else. Cohen and Welling (2016) add quarter
# turns by the same idea that gave us shifts: meet the picture with the kernel in *every* position, now turned ones
# included. The first layer, the **lifting** convolution, keeps four maps per filter, one for each turn of the
# kernel. Here is a 2×2 kernel and its turns:

# %%
kernel = np.array([[1, 2], [0, 0]])
for quarters in range(4):
    print(90 * quarters, np.rot90(kernel, quarters).tolist())

# %% [markdown]
# When the picture turns by a quarter, each map turns, too. And it changes places: what the kernel saw, the turned kernel
# sees now, so all four maps move one place on. The next layer sees four maps per channel. Its filters have an axis $s$ for
# them. They are turned *and* moved on along this axis: filter number $r$ is
#
# $$ W^{(r)}_{o,c,s} = W_{o,c,s-r} \text{ turned by } r \text{ quarters}, \qquad r, s \text{ counted modulo } 4 $$
#
# > **Predict.** We turn a photograph and compare $f(\text{turned})$ with the turned $f(x)$, relative to the largest output.
# > How large is the difference for an ordinary convolution, for the two layers above, and for the second layer with
# > filters that are turned but not moved on?

# %%
square = torch.tensor(photo[:, :32].copy())[None, None]
torch.manual_seed(0)
ordinary = nn.Conv2d(1, 4, 3).double()
lift, group = LiftingConv2d(1, 4, 3).double(), QuarterTurnConv2d(4, 4, 3).double()


def not_moved_on(maps):
    """The second layer with W turned and not moved on along s."""
    turned = torch.stack([group.weight.rot90(r, (-2, -1)) for r in range(4)], dim=1)
    filters = turned.flatten(0, 1).flatten(1, 2)
    return F.conv2d(maps.flatten(1, 2), filters).unflatten(1, (-1, 4))


def turn(maps):
    return maps.rot90(1, (-2, -1))


def on(maps):
    return turn_maps(maps, 1)


# %%
CASES = {
    "ordinary convolution": (ordinary, turn),
    "lifting": (lift, on),
    "lifting, then group": (lambda x: group(lift(x).relu()), on),
    "the same, not moved on": (lambda x: not_moved_on(lift(x).relu()), on),
}
turn_error = {}
for name, (f, moved) in CASES.items():
    with torch.no_grad():
        before, after = f(turn(square)), moved(f(square))
    turn_error[name] = ((before - after).abs().max() / after.abs().max()).item()
table([(name, error > 1e-12, round(error, 2)) for name, error in turn_error.items()],
      ["layer", "beyond rounding", "relative error"])  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert turn_error["lifting"] < 1e-12
assert turn_error["lifting, then group"] < 1e-12
assert min(turn_error["ordinary convolution"], turn_error["the same, not moved on"]) > 0.1

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The two layers are equivariant to the last digit, in a network that has not been trained. Moving on along $s$ is not a
# detail: without it the second layer is as far off as other layers are.
# </details>
#
# The mean over all places and all four maps is then *invariant*: a picture and its turned copies get the same answer.
# Is that better than augmentation, which shows turned pictures in training? Three small networks learn from 200 garments
# of 14×14 pixels for 150 steps. The plain one sees them upright, the second one sees all four turns of each, and the
# third one has group convolutions and about as many parameters. All are tested upright, and with each picture turned by
# 0, 1, 2 or 3 quarters at random. (So about a quarter of the turned pictures still stand upright.)
#
# > **Predict.** Fill in the table: which of the three is best on upright pictures, and which on turned ones?


# %%
class MeanOfPlaces(nn.Module):
    def forward(self, x):
        return x.flatten(2).mean(dim=2)


def plain_net():
    early = nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2)
    return nn.Sequential(*early, nn.Conv2d(16, 32, 3), nn.ReLU(), MeanOfPlaces(), nn.Linear(32, 10))


def turning_net():
    early = LiftingConv2d(1, 8, 3), nn.ReLU(), nn.MaxPool3d((1, 2, 2))
    late = QuarterTurnConv2d(8, 16, 3), nn.ReLU(), MeanOfPlaces(), nn.Linear(16, 10)
    return nn.Sequential(*early, *late)


x_all, y_all = data.small_garments("train")
x_test, y_test = data.small_garments("test", 1000)
few, y_few = x_all[:200], y_all[:200]
few_turned = torch.cat([few.rot90(r, (2, 3)) for r in range(4)])
quarters = torch.from_numpy(rng.integers(4, size=1000))
turned_test = torch.stack([x.rot90(int(r), (1, 2)) for x, r in zip(x_test, quarters, strict=True)])

# %% tags=["nbval-ignore-output"]
NETS = {
    "plain": (plain_net, few, y_few),
    "plain, augmented": (plain_net, few_turned, y_few.repeat(4)),
    "group convolutions": (turning_net, few, y_few),
}
scores = {}
for name, (make, images, labels) in NETS.items():
    scores[name] = []
    for seed in STARTS:
        torch.manual_seed(seed)
        net = make()
        descend(net, images, labels, steps=150, lr=0.1, batch_size=32)
        with torch.no_grad():
            scores[name].append([(net(x).argmax(1) == y_test).double().mean().item()
                                 for x in (x_test, turned_test)])  # fmt: skip
    scores[name] = np.array(scores[name]).T
rows = [(name, upright.mean(), turned.mean(), turned) for name, (upright, turned) in scores.items()]
table(rows, {"network": "", "upright": ".2f", "turned": ".2f", "turned, five starts": ".2f"})

# %% tags=["check"]
# Check that the text is true.
upright, turned = (np.array([scores[name][i] for name in NETS]) for i in (0, 1))
at_least(upright[0] - turned[0], 0.2, "20/plain-falls-on-turned")
at_least(turned[2] - turned[0], 0.1, "20/group-beats-plain-on-turned")
at_least(upright[0] - upright[2], 0.03, "20/invariance-costs-upright")
at_least(turned[1] - turned[0], 0.05, "20/augmentation-helps-on-turned")
assert np.abs(upright[2] - turned[2]).max() < 0.005

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The plain network falls apart on turned pictures. The group network is *exactly* as good on them as on upright ones,
# without having seen one. Augmentation gets most of the way in as many steps. But look at the first column: on upright
# pictures the plain network is the best. That garments stand upright is knowledge, and a network that is invariant to
# turns cannot use it. Build in a symmetry that the task has, and no other.
# </details>
#
# ## 5. Graphs: no grid, no order
#
# Molecules, roads and friends have no grid. A **graph** has $M$ nodes and an adjacency matrix $A$, where $A_{ij}$ is
# the weight with which node $i$ hears node $j$. Each node has $C$ features, a row of $X$. (From here on $M$, $D$ and $W$
# are no longer the channels in between, the dilation and the width.) The numbers of the nodes
# mean nothing, so what a layer computes must not depend on them. What is left of the convolution's weighted sum over
# neighbours? There is no "left neighbour" that could have a weight of its own: all neighbours share *one* weight matrix
# $W$. Kipf and Welling (2017) write
#
# $$ \boxed{\; Y = \hat A X W \;} \qquad \hat A = D^{-1/2} (A + I)\, D^{-1/2} $$
#
# $A + I$ makes every node its own neighbour. $D$ is the diagonal matrix of the row sums of $A + I$; the division keeps
# nodes with many neighbours from shouting. Here node 1 is a friend of 0, 2 and 3:

# %%
A = np.zeros((4, 4))
for i, j in [(0, 1), (1, 2), (1, 3)]:
    A[i, j] = A[j, i] = 1
print("row sums of A + I:", A.sum(axis=1) + 1)
print(normalized_adjacency(A).round(3))

# %% [markdown]
# For the pair (0, 1) it is $1 / \sqrt{2 \cdot 4} = 0.354$, and for node 1 itself $1/4$.
#
# **Backward.** With $G = \partial L / \partial Y$ and $H = \hat A X$, the layer $Y = H W$ is a linear layer: its weight gets
# $H^\top G$ and its input gets $G W^\top$. And $H = \hat A X$ is linear in $X$: node $j$ was heard by the nodes $i$ with
# $\hat A_{ij} \neq 0$, so it collects their gradients with the *transposed* matrix. In a directed graph those
# are not the nodes that $j$ hears. You write it in the exercises. The package's agrees with PyTorch:

# %%
directed = (rng.random((6, 6)) < 0.4) * rng.uniform(0.5, 2, (6, 6))
X, W, G = rng.normal(size=(6, 3)), rng.normal(size=(3, 2)), rng.normal(size=(6, 2))
given = [torch.tensor(a, requires_grad=True) for a in (X, W)]
in_torch = torch_graphs.graph_conv(torch.tensor(directed), *given)
wanted = torch.autograd.grad(in_torch, given, torch.tensor(G))
by_formula = graph_conv_backward(G, directed, X, W)
print("forward: ", np.allclose(graph_conv(directed, X, W), in_torch.detach()))
print("backward:", all(np.allclose(a, b) for a, b in zip(by_formula, wanted, strict=True)))

# %% [markdown]
# > **Predict.** We number the nodes in another order. Does the output at a node change, for the graph
# > convolution, and for a 1-D convolution with three taps along the numbers of the nodes?

# %%
p = rng.permutation(6)
again = graph_conv(directed[p][:, p], X[p], W)
print("graph convolution changes:", not np.allclose(again, graph_conv(directed, X, W)[p]))
along = rng.normal(size=3)
one, other = (np.correlate(values, along, mode="same") for values in (X[p, 0], X[:, 0]))
print("1-D convolution changes:  ", not np.allclose(one, other[p]))

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(graph_conv(directed, X, W), in_torch.detach())
assert all(np.allclose(a, b) for a, b in zip(by_formula, wanted, strict=True))
assert np.abs(again - graph_conv(directed, X, W)[p]).max() < 1e-12
assert np.abs(one - other[p]).max() > 0.1
assert np.isclose(normalized_adjacency(A)[0, 1], 1 / np.sqrt(8))

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The graph convolution gives every node the same answer, whatever its number: it is **equivariant to permutations**. A
# convolution along the numbers is not. Its notion of a neighbour is the number.
# </details>
#
# ## 6. A picture as a graph
#
# A picture is a graph, too: each pixel is joined to its four neighbours. Is a graph convolution on this grid a
# convolution? A pixel that is not on the border has four neighbours and itself, so its row sum is 5. If none of its
# neighbours is on the border either, the five entries in its row of $\hat A$ that are not 0 are all
# $1/\sqrt{5 \cdot 5} = 1/5$. So we compare two pixels from the border, and one pixel from it:

# %%
cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]]) / 5
on_graph = graph_conv(grid, photo.reshape(-1, 1), np.eye(1)).reshape(photo.shape)
as_kernel = F.conv2d(torch.tensor(photo)[None, None], torch.tensor(cross)[None, None])[0, 0].numpy()
inside = np.abs(on_graph[1:-1, 1:-1] - as_kernel)
print("equal two pixels from the border:", inside[1:-1, 1:-1].max() < 1e-12)
print("equal one pixel from the border: ", inside.max() < 1e-12)

# %% [markdown]
# So it is a convolution with the kernel
# $\frac15 \begin{pmatrix} 0 & 1 & 0 \\ 1 & 1 & 1 \\ 0 & 1 & 0 \end{pmatrix}$, except near the border, where pixels have
# fewer neighbours. This kernel is a small blur. The same sum over the *shuffled* pixels and their lists is the
# first answer to the puzzle:

# %%
blurred = graph_conv(shuffled_grid, shuffled[:, None], np.eye(1))[:, 0]
back = np.empty(photo.size)
back[order] = blurred
print("blur of the shuffled pixels, put back, is the blur:", np.allclose(back, on_graph.ravel()))

# %% tags=["check"]
# Check that the text is true.
assert inside[1:-1, 1:-1].max() < 1e-12 < inside.max()
assert np.allclose(back, on_graph.ravel())

# %% [markdown]
# A stack of linear graph convolutions computes $\hat A^L X W$. With all powers $\hat A^0, \hat A^1, \dots, \hat A^8$ at hand
# and the best weights, how much of a convolution's output can be reached? We fit three of them on the photograph by least
# squares: a 5×5 blur, the Laplacian (each pixel against the mean of its four neighbours), and the change from left to
# right.
#
# > **Predict.** What share of the variance can be explained, for each of the three?

# %%
KERNELS = {
    "blur 5×5": np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256,
    "Laplacian": np.pad(np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]]) / 4, 1),
    "left to right": np.pad(np.array([[0, 0, 0], [-1, 0, 1], [0, 0, 0]]) / 2, 1),
}
middle = (slice(8, -8), slice(8, -8))  # away from the border
powers, values = [], photo.reshape(-1, 1)
for _ in range(9):
    powers.append(values.reshape(photo.shape)[middle].ravel())
    values = normalized_adjacency(grid) @ values
powers = np.array(powers).T
explained = {}
for name, kernel in KERNELS.items():
    whole = torch.tensor(photo)[None, None]
    output = F.conv2d(whole, torch.tensor(kernel)[None, None], padding=2)[0, 0].numpy()
    target = output[middle].ravel()
    rest = target - powers @ np.linalg.lstsq(powers, target, rcond=None)[0]
    explained[name] = 1 - rest.var() / target.var()
table(list(explained.items()), {"convolution": "", "explained": ".2f"})

# %% tags=["check"]
# Check that the text is true.
assert explained["blur 5×5"] > 0.99
assert explained["Laplacian"] > 0.99
assert explained["left to right"] < 0.1

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The blur and the Laplacian treat left, right, up and down alike. The Laplacian is reached exactly, as
# $\frac54 (\hat A^0 - \hat A)$. The blur is reached to the two digits that are printed, though not exactly. (The Laplacian
# needs the pixel itself, $\hat A^0$. Kipf and Welling's layer alone has one weight for the node and its neighbours and
# cannot give the node a weight of its own; a shortcut as in lesson 14 can.) Of the change from left to right next to
# nothing is explained, and that is chance: nothing tells left from right in the lists. So the second answer to the puzzle
# is no, as long as we use graph convolutions.
# </details>
#
# ReLUs do not help. Turn a picture by a quarter: the graph of a square grid stays the same, and only the numbers of the
# nodes change. So a mean over all nodes at the end is the same number, for *any* stack of graph convolutions:

# %%
torch.manual_seed(0)
side = 32
gcn = GCN(grid_graph(side, side), [1, 8, 8]).double()
cnn = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3)).double()
turned_square = turn(square)
with torch.no_grad():
    by_graph = [gcn(x.reshape(-1, 1)).mean(dim=0) for x in (square, turned_square)]
    by_cnn = [cnn(x).mean(dim=(0, 2, 3)) for x in (square, turned_square)]
print("a graph network tells a picture from its turned copy:", not torch.allclose(*by_graph))
print("a CNN does:                                          ", not torch.allclose(*by_cnn))

# %% tags=["check"]
# Check that the text is true.
assert torch.allclose(*by_graph)
assert not torch.allclose(*by_cnn)

# %% [markdown]
# It has section 4's invariance, and mirror images on top, whether the task wants it or not.
#
# ## 7. Waves on a ring
#
# Lesson 05 computed convolutions with the Fourier transform. Does a graph have one? Take a ring of 16 nodes. Its
# **Laplacian** $D - A$ (here with the row sums of $A$) computes for each node twice its value less the values of its two
# neighbours.
#
# > **Predict.** The title of this section says what its eigenvectors are. What is the eigenvalue of a constant, and what is
# > that of the values $1, -1, 1, -1, \dots$? Do slow waves or fast ones have large eigenvalues?

# %%
n = 16
ring = np.roll(np.eye(n), 1, axis=1) + np.roll(np.eye(n), -1, axis=1)
laplacian = np.diag(ring.sum(axis=1)) - ring
fourier = np.fft.fft(np.eye(n))  # column k: the wave that goes around k times
by_cosine = 2 - 2 * np.cos(2 * np.pi * np.arange(n) / n)
print("Fourier's waves are eigenvectors:", np.allclose(laplacian @ fourier, fourier * by_cosine))
print("eigenvalues:", np.abs(np.linalg.eigvalsh(laplacian)).round(2)[:7])

# %%
waves = {f"{k} times around": fourier[:, k].real for k in (1, 2, 5)}
show(viz.line_panels(np.arange(n), {"": waves}, "node of the ring", ["value"], size=(8, 3)),
     "20/ring-waves")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(laplacian @ fourier, fourier * by_cosine)
assert np.allclose(np.linalg.eigvalsh(laplacian), np.sort(by_cosine))

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# They are the waves of the discrete Fourier transform, with the eigenvalues $2 - 2\cos(2\pi k/n)$: 0 for the constant, 4
# for the wave that changes its sign from node to node, and small ones for all slow waves. (Each eigenvalue but these two
# is there twice, for sine and cosine.) For any graph, the eigenvectors of the Laplacian
# play the part of the waves, and the slow ones change little from neighbour to neighbour.
# </details>
#
# The *slowest* waves of the puzzle's graph change along its long side, and then along its short one. They were computed
# from the shuffled lists, which know nothing about rows and columns. We sort the pixels by them:
#
# > **Predict.** What does the picture look like in which the first wave gives the column of each pixel, and the second
# > wave the row?

# %%
H, W = photo.shape
_, vectors = np.linalg.eigh(np.diag(shuffled_grid.sum(axis=1)) - shuffled_grid)
first, second = (vectors[:, k] * np.sign(vectors[0, k]) for k in (1, 2))
column, row = np.argsort(np.argsort(first)) // H, np.argsort(np.argsort(second)) // W
recovered = np.zeros((H, W))
recovered[row, column] = shuffled
pair = [shuffled.reshape(H, W), recovered]
show(viz.image_row(pair, ["shuffled", "sorted by two waves"], height=2.6), "20/recovered")

# %% tags=["check"]
# Check that the text is true.
mirrored = [photo, photo[::-1], photo[:, ::-1], photo[::-1, ::-1]]
assert any(np.array_equal(recovered, one) for one in mirrored)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The photograph, exactly, perhaps mirrored or upside down. That is the third answer to the puzzle: with the size 32×40, the
# lists of neighbours hold the whole picture up to its mirror images. Which of them it was is the one thing that they do not
# hold, and a graph convolution cannot find it either. So the change from left to right can be computed after all, but for
# its sign. But that takes the slow waves of the whole graph, and not a few graph convolutions.
# </details>
#
# In these waves a graph convolution is easy to understand. On the ring $\hat A = (A + I)/3$ multiplies the wave that goes
# around $k$ times by $(1 + 2 \cos(2\pi k/n))/3$: the constant stays, all others shrink. In every connected undirected graph
# one vector stays: that with the entries $\sqrt{d_i + 1}$, where $d_i$ counts the neighbours of node $i$. With $\mathbf 1$
# for the vector of ones it is $D^{1/2} \mathbf 1$, and
# $\hat A D^{1/2} \mathbf 1 = D^{-1/2} (A + I) \mathbf 1 = D^{-1/2} D \mathbf 1 = D^{1/2} \mathbf 1$. All other eigenvalues of
# $\hat A$ lie between $-1$ and 1, so after many multiplications only this vector is left. All nodes then have
# proportional features. This is **over-smoothing** (Li, Han and Wu, 2018).
#
# ## 8. A karate club
#
# A small real graph: 34 members of a karate club and their 78 friendships. The club split in two, after the instructor and
# the officer fell out (Zachary, 1977). Only these two are labelled. There are no features: the
# node's own number stands for it, $X = I$. First $\hat A^k$ alone:

# %%
club = data.karate_club()
smooth = normalized_adjacency(club.adjacency)
cosines = {}
for k in (1, 2, 4, 8, 16, 64):
    rows_of = np.linalg.matrix_power(smooth, k)
    rows_of = rows_of / np.linalg.norm(rows_of, axis=1, keepdims=True)
    cosines[k] = (rows_of @ rows_of.T).min()
table(list(cosines.items()), {"multiplications": "d", "smallest cosine of two members": ".3f"})
limit = np.linalg.matrix_power(smooth, 300)[:, 0] / np.sqrt(club.adjacency.sum(axis=1) + 1)
print("in the end √(d + 1) is left:", np.allclose(limit, limit[0]))

# %% tags=["check"]
# Check that the text is true.
assert cosines[8] < 0.5
assert cosines[64] > 0.999
assert np.allclose(limit, limit[0])

# %% [markdown]
# After 8 multiplications the members can still be told apart easily, after 64 no longer. Now two ways to use $k$ of
# them. Either a **GCN** of $k$ layers with 16 features and ReLUs in between, which is trained. Or the sum over neighbours is
# taken $k$ times first, and one linear layer is trained on the result. Both learn from two labels.
#
# > **Predict.** How many of the other 32 members does each of them place correctly, for $k = 2$, for 8, and for 64 (only
# > the linear one)?


# %% tags=["nbval-ignore-output"]
class OneGraph(nn.Module):
    """A batch of one graph, as `descend` wants it."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, batch):
        return self.net(batch[0])[None]


TWO, members = [0, 33], torch.tensor(club.labels)
others = [i for i in range(34) if i not in TWO]


def placed(net, features, seed_labels=TWO):
    """Share of the others who are placed correctly after 200 steps."""

    def loss_of(output, wanted):
        return F.cross_entropy(output[0, seed_labels], wanted[0, seed_labels])

    model = OneGraph(net)
    descend(model, features[None], members[None], steps=200, lr=0.05, batch_size=1, loss_of=loss_of)
    with torch.no_grad():
        return (net(features).argmax(dim=1) == members)[others].double().mean().item()


# %% tags=["nbval-ignore-output"]
deep, linear, TEN = {}, {}, range(10)
for k in (1, 2, 4, 8, 64):
    summed = torch.tensor(np.linalg.matrix_power(smooth, k), dtype=torch.float32)
    deep[k], linear[k] = [], []
    for seed in TEN:
        torch.manual_seed(seed)
        linear[k].append(placed(nn.Linear(34, 2), summed))
        if k < 64:
            torch.manual_seed(seed)
            net = GCN(club.adjacency, [34, *[16] * (k - 1), 2])
            deep[k].append(placed(net, torch.eye(34)))
rows = [(k, np.mean(deep[k]) if k < 64 else None, np.mean(linear[k]), sorted(deep[k]) or None)
        for k in deep]  # fmt: skip
table(rows, {"k": "d", "GCN": ".2f", "summed first": ".2f", "GCN, ten starts, sorted": ".2f"})

# %% tags=["check"]
# Check that the text is true.
at_least(np.array(deep[2]), 0.85, "20/two-layers-place-the-club")
at_most(np.array(deep[8]), 0.7, "20/eight-layers-fail")
at_least(np.array(linear[8]), 0.85, "20/eight-sums-do-not")
at_most(np.array(linear[64]), 0.8, "20/sixty-four-sums-do")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Two labels and two layers place nearly everybody. With eight layers the GCN places half of the members, no better than a
# coin. (Both columns are means of ten starts.) One often reads that such a failure is over-smoothing. But eight
# sums *without* the layers do no harm: the second column is
# still high, and it falls only at 64. So at eight the graph is not too smooth. What fails is the training of
# eight layers with ReLUs from two labels. Two things come with depth here, and only a control tells them apart.
# </details>
#
# ## 9. Where convolution ends
#
# *(This section can wait.)* Two steps lead from here to the networks that have replaced CNNs in many places (Dosovitskiy
# and others, 2021). First, the picture is cut into patches of $P \times P$ pixels, and each patch becomes a vector by one
# matrix. That is called a **patch embedding**, and it is a convolution with kernel $P$ and stride $P$, as the stem of
# lesson 15's ConvNeXt is:

# %%
P = 4
torch.manual_seed(0)
embed = nn.Conv2d(1, 16, P, stride=P).double()
picture = torch.tensor(photo)[None, None]
with torch.no_grad():
    by_convolution = embed(picture).flatten(2).transpose(1, 2)
    patches = F.unfold(picture, P, stride=P).transpose(1, 2)  # (1, 80, 16)
    by_matrix = patches @ embed.weight.flatten(1).T + embed.bias
print(tuple(patches.shape), "equal:", torch.allclose(by_convolution, by_matrix))

# %% [markdown]
# Second, the patches are mixed by **attention** (Vaswani and others, 2017). Each patch asks with a vector $q_i$, each answers
# with a vector $k_j$, and each gives a vector $v_j$ to the sum. Output $i$ is $\sum_j a_{ij} v_j$ with the weights
# $a_{ij} = \mathrm{softmax}_j (q_i \cdot k_j / \sqrt{d})$, where $d$ is the length of $q_i$ and $k_j$. Compare the matrix of
# the $a_{ij}$ with $\hat A$: every patch is a neighbour of every other, and the weights are computed from the features. It is
# a kernel that depends on what it sees. Here $q$, $k$ and $v$ are the patches themselves, less their mean and scaled to
# norm 1, with a factor of 3 in place of $1/\sqrt d$. In the two maps bright is a large weight. A patch listens most to
# itself, as its product with itself is the largest, and then to patches with a similar pattern, near or far:

# %%
tokens = patches[0].numpy()
tokens = tokens - tokens.mean(axis=1, keepdims=True)
tokens = tokens / np.linalg.norm(tokens, axis=1, keepdims=True)


def attention(tokens):
    """Row i: how much patch i listens to each patch."""
    scores = np.exp(3 * tokens @ tokens.T)
    return scores / scores.sum(axis=1, keepdims=True)


weights_of = attention(tokens)
asked = (25, 63)
maps = [np.kron(weights_of[i].reshape(8, 10), np.ones((P, P))) for i in asked]
marked = [f"patch in row {i // 10}, column {i % 10} listens" for i in asked]
show(viz.image_row([photo, *maps], ["photograph", *marked], share=False), "20/attention")

# %% [markdown]
# > **Predict.** We shuffle the patches. Do the outputs of attention change, apart from their order?

# %%
mixed = rng.permutation(80)
same = np.allclose(attention(tokens[mixed]) @ tokens[mixed], (weights_of @ tokens)[mixed])
print("equivariant to permutations:", same)

# %% tags=["check"]
# Check that the text is true.
assert torch.allclose(by_convolution, by_matrix)
assert same
assert np.abs(weights_of[25] - weights_of[63]).max() > 0.01

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# No. Attention is equivariant to every permutation, like a graph convolution: of the four biases of lesson 04 not
# much is left. It does not know where a patch was. So these networks add a vector to each patch that tells its
# place, and they learn from data what a convolution has built in.
# </details>

# %% [markdown]
# ## Claims to test
#
# 1. "Convolution sees only neighbours."
# 2. "A graph convolution on a grid is a convolution."
#
# > **Predict.** In what sense is each of them true?

# %% tags=["plumbing"]
# The measurements, one line per claim.
doubled = reach([2**i for i in range(8)])[0]
print("1. steps seen by eight layers of two taps:", reach([1] * 8)[0], "and", doubled)
print("2. explained:", ", ".join(f"{name} {value:.2f}" for name, value in explained.items()))

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **True of a layer, false of a stack.** $L$ dilated layers of two taps see $2^L$ steps, with two weights per layer and
#    pair of channels. What a network sees is a matter of depth, dilation and stride.
# 2. **True of one kind of convolution: an isotropic one, away from the border.** All neighbours share one weight, so every
#    kernel with a direction is out of reach, and with it the difference between a picture and its mirror image.
# </details>

# %% [markdown]
# ## Summary
#
# 1. A causal convolution is a triangular matrix. Dilations add up: a stack sees $1 + (K - 1) \sum D$ steps.
# 2. A third axis multiplies weights and work by $K$, and sees what no frame shows: motion. (2+1)-D splits the kernel.
# 3. Turned copies of a filter make a layer equivariant to quarter turns, exactly and before training. It pays where the task
#    has this symmetry, and costs where it has not.
# 4. Without a grid, all neighbours share one matrix: $Y = \hat A X W$. It is equivariant to permutations, and blind to
#    direction.
# 5. $\hat A$ damps all waves but one. Depth smooths, slowly; that a deep graph network fails may have another reason.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** Kernels of three taps, dilations 1, 3, 9, 27. How many steps does the stack see?
#
# <details><summary>Answer</summary>
#
# $1 + 2 \cdot 40 = 81$.
# </details>
#
# **2.** How many weights has a (2+1)-D convolution with 16 channels in, 32 out and $M = 20$?
#
# <details><summary>Answer</summary>
#
# $9 \cdot 16 \cdot 20 + 3 \cdot 20 \cdot 32 = 4{,}800$. Without the split there are $27 \cdot 16 \cdot 32 = 13{,}824$.
# </details>
#
# **3.** A group convolution for quarter turns has 8 channels in and 8 out and kernels of 3×3. How many weights does it have,
# and how many filters does the ordinary convolution have that computes it?
#
# <details><summary>Answer</summary>
#
# $8 \cdot 8 \cdot 4 \cdot 9 = 2{,}304$ weights, and $8 \cdot 4 = 32$ filters.
# </details>
#
# **4.** A node has 7 neighbours, and one of them has 1. What is the entry of $\hat A$ for this pair?
#
# <details><summary>Answer</summary>
#
# $1/\sqrt{8 \cdot 2} = 0.25$.
# </details>
#
# **5.** On a ring of 12 nodes, by what factor does $\hat A$ multiply the wave that goes around 4 times?
#
# <details><summary>Answer</summary>
#
# $(1 + 2 \cos(2\pi/3))/3 = 0$: the three values that are added cancel.
# </details>

# %%
print("1.", 1 + 2 * (1 + 3 + 9 + 27))
print("2.", 9 * 16 * 20 + 3 * 20 * 32, 27 * 16 * 32)
layer = QuarterTurnConv2d(8, 8, 3, bias=False)
print("3.", layer.weight.numel(), 8 * 4)
star = np.zeros((8, 8))
star[0, 1:] = star[1:, 0] = 1
print("4.", normalized_adjacency(star)[0, 1].round(2))
print("5.", abs(round((1 + 2 * np.cos(2 * np.pi * 4 / 12)) / 3, 3)))

# %% [markdown]
# ## Where to read more
#
# - A. van den Oord and others, "WaveNet: A generative model for raw audio" (2016), arXiv:1609.03499: section 2.1, dilated
#   causal convolutions.
# - D. Tran, H. Wang, L. Torresani, J. Ray, Y. LeCun, M. Paluri, "A closer look at spatiotemporal convolutions for action
#   recognition", CVPR (2018), arXiv:1711.11248: section 3, the kernels compared.
# - T. S. Cohen, M. Welling, "Group equivariant convolutional networks", ICML (2016), arXiv:1602.07576: sections 4 to 6.
# - T. N. Kipf, M. Welling, "Semi-supervised classification with graph convolutional networks", ICLR (2017),
#   arXiv:1609.02907: section 2; its appendix A has the karate club.
# - Q. Li, Z. Han, X.-M. Wu, "Deeper insights into graph convolutional networks for semi-supervised learning", AAAI (2018),
#   arXiv:1801.07606: over-smoothing.
# - W. W. Zachary, "An information flow model for conflict and fission in small groups", Journal of Anthropological
#   Research (1977).
# - A. Dosovitskiy and others, "An image is worth 16x16 words: Transformers for image recognition at scale", ICLR (2021),
#   arXiv:2010.11929: section 3.1.
# - A. Vaswani and others, "Attention is all you need", NeurIPS (2017), arXiv:1706.03762: section 3.2.
#
# **Next:** do the [exercises of this unit](../exercises/20_one_three_graphs/20_one_three_graphs.ipynb). Then lesson
# [21 Scaling up](21_scaling_up.ipynb) trains at a larger scale.
