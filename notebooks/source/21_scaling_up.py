# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 21 · Scaling up
#
# [Start](00_start_here.ipynb) · previous: [20 One dimension, three dimensions, graphs](20_one_three_graphs.ipynb) ·
# [exercises of this unit](../exercises/21_scaling_up/21_scaling_up.ipynb)
#
# **After this lesson you can**
#
# - say where the time of a training step goes, and train with a batch that does not fit into memory;
# - train one network with several processes, and prove that they act as one;
# - compute how long adding up gradients takes, and what a larger batch is worth;
# - say what is lost in sixteen bits and in eight, and measure it on a real network;
# - fit a learning curve, with an error bar, and reproduce a published result by one command.
#
# **Time** about 80 minutes, with the questions. The code runs in less than a minute. On a short evening read sections 2
# to 5 and 10; sections 1, 8 and 9 can wait.
#
# **You should know** lesson 08 (batch normalisation), lesson 09 (optimisers), lesson 15 (EfficientNet-Lite0).

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %%
import inspect
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from cnncourse import at_least, at_most, data, show, table, viz
from cnncourse.torch_nn import models, parallel, quantization
from cnncourse.torch_nn.models.efficientnet_lite import imagenet_classes, preprocess
from cnncourse.torch_nn.profiling import profile_steps
from cnncourse.torch_nn.training import warmup_cosine

torch.set_num_threads(1)

# %% [markdown]
# ## A puzzle
#
# EfficientNet-Lite0 from lesson 15 looks at photographs. A telephone that is to do the same wants its weights as integers
# of 8 bits: a quarter of the memory. So in each layer we divide the weights by one number, its *scale*, such that the
# largest becomes 127, and round.
#
# We do this twice. Once with the network as it was trained. And once after each batch norm has been multiplied
# into the convolution in front of it (lesson 08): another network with the same outputs, and this is the form in which
# networks are delivered.

# %%
PICTURES = ["coffee", "cat", "camera", "rocket", "motorcycle", "moon", "coins", "astronaut"]
photographs = torch.cat([preprocess(data.photograph(name)) for name in PICTURES])
lite0 = models.efficientnet_lite0(pretrained=True).eval()
folded = quantization.fold_batch_norms(lite0)


@torch.no_grad()
def top5(net):
    """The five most likely classes of each photograph."""
    return net(photographs).topk(5).indices


exact = top5(lite0)
names = imagenet_classes()
table([(p, names[k]) for p, k in zip(PICTURES, exact[:, 0], strict=True)],
      {"photograph": "", "class": ""})  # fmt: skip
print("folding changes nothing:", bool((top5(folded) == exact).all()))

# %% tags=["plumbing"]
# The eight photographs.
show(viz.image_row([data.photograph(name) for name in PICTURES], PICTURES, columns=4, height=1.7),
     "21/eight-photographs")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert (top5(folded) == exact).all()
assert names[exact[0, 0]] == "espresso"

# %% [markdown]
# > **Predict.** Of the five classes that are most likely for a photograph, how many are still among the five after
# > rounding? Does it matter in which of the two forms the network is rounded?


# %% tags=["nbval-ignore-output"]
def kept(net):
    """How many of the exact network's five classes are among the five, by photograph."""
    pairs = zip(top5(net).tolist(), exact.tolist(), strict=True)
    return np.array([len({*a} & {*b}) for a, b in pairs])


layer_wise = {
    "as trained": kept(quantization.quantized(lite0, per_channel=False)),
    "batch norms folded in": kept(quantization.quantized(folded, per_channel=False)),
}
table([(name, value.mean(), value) for name, value in layer_wise.items()],
      {"": "", "kept of five, mean": ".1f", "by photograph": "d"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(layer_wise["as trained"].mean(), 3.9, "21/as-trained-keeps")
at_most(layer_wise["batch norms folded in"].mean(), 3.5, "21/folded-loses")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The network as it was trained keeps more than four of five. The folded one, which computes the very same function, loses
# a good part of its answers. So it is not the number of bits alone. Section 10 finds what it is, and repairs it with a
# few hundred more numbers per layer.
# </details>
#
# This lesson is about what happens when networks, batches and data get larger than one notebook. At every step the
# question is: *is the result still the same, and if not, by how much?*
#
# ## 1. Where the time goes
#
# *(This section can wait.)* Run its cells all the same: later ones use `x` and `y`.
#
# Before anything is made faster, measure. A training step makes a batch, goes
# forward, goes backward, and changes the weights. `cnncourse train --profile` measures these four on the
# network that it is going to train. It uses PyTorch's own profiler.
#
# > **Predict.** Lesson 06 counted the multiply-adds of the backward pass of a convolution. So how many times as long as
# > forward should backward take?

# %% tags=["nbval-ignore-output"]
x, y = data.small_garments("train", 1024)
torch.manual_seed(0)
profiled = profile_steps(
    models.resnet20(10, 1), F.pad(x, (1, 1, 1, 1)), y, batch_size=32, steps=3, most=4
)
print(profiled)

# %% tags=["check"]
# Check that the text is true.
at_most(profiled.phases["batch"] / sum(profiled.phases.values()), 0.3, "21/share-of-the-batch")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# By the multiply-adds, twice as long: there is one product for the gradient with respect to the weights and one for the
# gradient with respect to the input. The clock comes near that, and says something else in every run: batch norms and ReLUs
# take time too, and a computer does other things beside. Making the batch and the optimiser's step are small *here*. With
# photographs that must be decoded, and with a GPU that is done in a few milliseconds, making the batch is often the
# longest of the four. Then a faster GPU changes nothing.
# </details>
#
# ## 2. A batch in pieces
#
# Training keeps all activations of a batch until the backward pass has used them. If they do not fit, cut the batch. The
# loss is a mean over $N$ images, so it is a sum over pieces, and gradients of sums add up:
#
# $$ \frac{1}{N} \sum_{n=1}^{N} \nabla \ell_n
#    = \sum_{\text{pieces } p} \frac{N_p}{N} \Big( \frac{1}{N_p} \sum_{n \in p} \nabla \ell_n \Big) $$
#
# PyTorch's `backward` *adds* to `.grad`. So: go backward for each piece with its weight $N_p / N$, and step once, at the
# end. That is **gradient accumulation**.


# %%
def network(norm):
    norms = [nn.BatchNorm2d(8)] if norm else []
    head = nn.ReLU(), nn.Flatten(), nn.Linear(288, 10)
    return nn.Sequential(nn.Conv2d(1, 8, 3, stride=2), *norms, *head).double()


def gradient(net, images, labels, pieces):
    """All gradients in one vector; the batch is cut into equal pieces."""
    net.zero_grad()
    for x, y in zip(images.chunk(pieces), labels.chunk(pieces), strict=True):
        (F.cross_entropy(net(x), y) / pieces).backward()
    return torch.cat([p.grad.flatten() for p in net.parameters()])


# %% [markdown]
# > **Predict.** A batch of 32 in one, two and eight pieces, for a network without batch norm and for one with it. How
# > much does the gradient differ from that of the whole batch?

# %%
x32, y32 = x[:32].double(), y[:32]
differs = {}
for norm in (False, True):
    torch.manual_seed(0)
    net = network(norm)
    whole = gradient(net, x32, y32, 1)
    for pieces in (2, 8):
        part = gradient(net, x32, y32, pieces)
        differs[norm, pieces] = ((part - whole).norm() / whole.norm()).item()
for (norm, pieces), value in differs.items():
    text = "less than 1e-12" if value < 1e-12 else f"{value:.2f}"
    print(f"{'with' if norm else 'no'} batch norm, {pieces} pieces: differs by {text}")

# %% tags=["check"]
# Check that the text is true.
assert max(differs[False, 2], differs[False, 8]) < 1e-12
assert 0.05 < differs[True, 2] < differs[True, 8]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Without batch norm the pieces give the gradient of the whole batch, to rounding. With it they do not: each piece is
# normalised by its own mean and variance, so an image's output depends on which others are in its piece. The smaller the
# pieces, the more the gradient differs. (How much depends on the draw of the weights; this is one.)
# </details>
#
# ## 3. Two processes, one network
#
# The pieces need not come one after the other. Let $P$ processes hold the same weights, and give each a part of the
# batch. Each computes its own gradient. Then all average their gradients, and all take the same step. So they
# hold the same weights again. That is **data parallel** training. The average is one call, `all_reduce`: it replaces an
# array by the sum over all processes.
#
# Here is a complete program. Alone it trains with whole batches. Several of it, started together, share every batch:

# %%
PROGRAM = '''
import sys
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn
from cnncourse import data, setup
from cnncourse.torch_nn import parallel

def network(norm):
    norms = [nn.BatchNorm2d(8)] if norm else []
    head = nn.ReLU(), nn.Flatten(), nn.Linear(288, 10)
    return nn.Sequential(nn.Conv2d(1, 8, 3, stride=2), *norms, *head).double()

def train(net):
    """Ten steps of 32 images; the weights in one vector."""
    x, y = data.small_garments("train", 320)
    for images, labels in zip(x.double().split(32), y.split(32)):
        images, labels = parallel.share(images), parallel.share(labels)
        net.zero_grad()
        F.cross_entropy(net(images), labels).backward()
'''

# %%
PROGRAM += """
        for p in net.parameters():
            if parallel.world_size() > 1:
                dist.all_reduce(p.grad)            # the sum over all processes ...
                p.grad /= parallel.world_size()    # ... and the mean
            p.data -= 0.1 * p.grad
    return nn.utils.parameters_to_vector(net.parameters()).detach()

def runs():
    for norm, change in [(False, lambda net: net), (True, lambda net: net),
                         (True, parallel.synchronize_batch_norms)]:
        torch.manual_seed(0)
        yield train(change(network(norm)))

if __name__ == "__main__":
    setup(threads=1)
    dist.init_process_group("gloo")    # "nccl" for GPUs
    weights = list(runs())
    if dist.get_rank() == 0:
        torch.save(weights, sys.argv[1])
    dist.destroy_process_group()
"""

# %% [markdown]
# `torchrun`, PyTorch's launcher, starts several of it on this computer. It tells each its number (`rank`) and where
# to meet the others. (`cnncourse train --processes N` uses the same launcher.)
#
# > **Predict.** Ten steps, in double precision. By how much do the weights of two processes differ from those of one, for
# > the network without batch norm?

# %%
LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2",
          "--rdzv-backend=c10d", "--rdzv-endpoint=127.0.0.1:0",
          "--local-addr=127.0.0.1"]  # fmt: skip
LOCAL = os.environ | {"OMP_NUM_THREADS": "1"}
if sys.platform == "linux":
    LOCAL["GLOO_SOCKET_IFNAME"] = "lo"  # talk over the loopback, whatever this computer's name is
with tempfile.TemporaryDirectory() as folder:
    program, result = Path(folder, "program.py"), Path(folder, "weights.pt")
    program.write_text(PROGRAM)
    subprocess.run([*LAUNCH, str(program), str(result)], env=LOCAL, check=True, capture_output=True)
    together = torch.load(result)
alone = {"__name__": "alone"}
exec(PROGRAM, alone)
ones = list(alone["runs"]())
apart = [(a - b).abs().max().item() for a, b in zip(together, ones, strict=True)]
print("without batch norm: the same to 1e-12:", apart[0] < 1e-12)

# %% tags=["check"]
# Check that the text is true.
assert apart[0] < 1e-12

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# By nothing but rounding. Two processes with 16 images each are one process with 32: the sum is only cut in another place.
# Everything that is known about a batch of 32 holds.
# </details>
#
# Which images a process sees is decided anew in each epoch: all draw the same order from the same seed, and each takes its
# share of it. You write this in the exercises.
#
# ## 4. Where batch norm breaks it
#
# Section 2 lets us guess what comes of batch norm: each process has its own statistics. Two numbers by hand: one process
# has the values 0, 0, the other 2, 2. In both of them the variance is 0, so everything is normalised to 0 and the
# difference is gone. The whole batch has the mean 1 and the variance 1, and becomes −1, −1, 1, 1.
#
# **Synchronised** batch norm asks the others. The sums over its own images are added up over all processes, and so are the
# squared distances from the common mean. This is all of it:

# %%
print(inspect.getsource(parallel.SynchronizedBatchNorm.forward))

# %% [markdown]
# `_SumOverProcesses` is `all_reduce` with a gradient. As every process has used the sum, the gradient of a summand is the
# sum of all processes' gradients: another `all_reduce`. (PyTorch's own `SyncBatchNorm` needs a GPU.)
#
# > **Predict.** The same ten steps with batch norm. How far apart are two processes and one now, with statistics
# > per process, and with common ones?

# %%
print(f"batch norm per process: largest difference of a weight {apart[1]:.3f}")
print("synchronised batch norm: the same to 1e-12:", apart[2] < 1e-12)

# %% tags=["check"]
# Check that the text is true.
assert 0.005 < apart[1] < 0.05
assert apart[2] < 1e-12

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# With its own statistics each process trains another network than one process would. After ten steps the weights differ
# in the second digit behind the point. With common statistics they are the same again, to rounding. That costs
# messages in each batch norm, forward and backward. With enough images per process (a few dozen), training
# without them works as well, and it is the default of PyTorch. But it is another training, with other results.
# </details>
#
# ## 5. The ring
#
# How do $P$ devices add up their gradients? If all send to one, that one receives $P - 1$ arrays and sends as many. The
# more devices, the longer. In a **ring** each device only talks to its neighbour. The array is cut into $P$ parts. In each
# round every device sends *one* part on, and each receiver adds it to its own:


# %%
def ring(arrays):
    """(P, P, n): for each device its P parts. Yields the state after each round."""
    P = len(arrays)
    for turn in range(2 * (P - 1)):
        before, arrays = arrays, arrays.copy()
        for device in range(P):
            neighbour = (device + 1) % P
            if turn < P - 1:  # first half: add up
                part = (device - turn) % P
                arrays[neighbour, part] += before[device, part]
            else:  # second half: hand the sums round
                part = (device + 1 - (turn - (P - 1))) % P
                arrays[neighbour, part] = before[device, part]
        yield arrays


P, n = 4, 5
gradients = rng.normal(size=(P, P, n))
states = list(ring(gradients))
right = all(np.allclose(device, gradients.sum(axis=0)) for device in states[-1])
print("rounds:", len(states), " every device has the sum:", right)
print(f"each device sent {len(states) * n} numbers of {P * n}: {len(states) / P} times the array")

# %% tags=["plumbing"]
# How many gradients are in each part, after each round.
counts = list(ring(np.ones((P, P, 1))))
show(viz.image_row([np.ones((P, P)), *(state[:, :, 0] for state in counts)],
                   ["start", *(f"round {i + 1}" for i in range(len(counts)))],
                   height=1.3, low=1, high=4.6),
     "21/ring")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert right
assert len(states) == 2 * (P - 1) == 6
assert len(states) / P == 2 * (P - 1) / P == 1.5

# %% [markdown]
# A row is a device, a column a part; black is one gradient, light grey the sum of all four. In the first three rounds each
# part collects a summand per round. In the next three the finished sums go round.
#
# $2(P-1)$ rounds with a $P$-th of the array each: a device sends $\boxed{\;2\,\frac{P-1}{P}\;}$ times the array.
# That is less than 2, *for any number of devices*. Each round also waits for the **latency** $\alpha$, the time before
# a message begins to arrive. With the array's size $S$ in bytes and the bandwidth $B$ in bytes per second:
#
# $$ t = 2 (P - 1) \left( \alpha + \frac{S}{P B} \right) $$
#
# Does this describe a real computer? Goyal and others (2017) train ResNet-50 for 90 epochs in one hour, with batches of
# 8,192 on 256 GPUs in 32 servers. The servers are connected by 50 gigabits per second. They report about 90 % of the
# speed that 32 times one server would have. An epoch has 1,281,167 images, and the gradients are 25,557,032 numbers of
# 4 bytes.
#
# > **Predict.** The steps take no time but for computing and for the ring of 32 servers, one after the other. What
# > efficiency does the formula give, without latency?

# %%
steps = 90 * 1_281_167 / 8192
step = 3600 / steps  # seconds: 90 epochs in one hour
size = 4 * 25_557_032  # bytes: the gradients of ResNet-50 in float32
exchange = 2 * 31 * size / 32 / (50e9 / 8)
to_one = 2 * 31 * size / (50e9 / 8)
print(
    f"{steps:,.0f} steps of {step:.3f} s; ring {exchange:.3f} s, through one server {to_one:.2f} s"
)
print(f"share of the time that is computing: {1 - exchange / step:.0%}")

# %% tags=["check"]
# Check that the text is true.
assert 0.85 < 1 - exchange / step < 0.9
assert to_one > 3 * step

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# 88 %, next to the 90 % that they report. They do a little better, as the exchange of late layers' gradients begins while
# early ones are still being computed. Through a single server the exchange would take several times as long as
# the whole step.
# </details>
#
# ## 6. Large batches
#
# More devices mean larger batches. What is a larger batch worth? Its gradient has less noise, so one can take
# longer steps. The **linear rule**: with $k$ times the batch take $k$ times the learning rate, and so a $k$-th of the
# steps (Goyal and others, 2017).
#
# We measured how many steps a small network needs until 70 % of 500 test garments are right, for four batch
# sizes and three learning rates, from five starts. (It takes too long for this page. The command that did it and the
# seeds are kept with the numbers: `python -m tools.keep_curves batch`.)
#
# > **Predict.** From batches of 8 images to batches of 512, with the best rate for each: by what factor do the steps fall, and by what
# > factor does the number of images that are seen grow?

# %%
curves = data.training_history("21_curves")
batch = curves["batch"]
sizes, rates = batch["settings"]["batch_sizes"], batch["settings"]["lr"]
taken = np.array([[[s or np.inf for s in starts] for starts in row] for row in batch["steps"]])
median = np.median(taken, axis=2)  # (batch sizes, rates); infinite where most starts did not arrive
best = median.argmin(axis=1)
needed = median.min(axis=1)
at_best = np.array([row[i] for row, i in zip(taken, best, strict=True)])  # (batch sizes, starts)
table([(B, rates[i], int(s), f"{runs.min():.0f} to {runs.max():.0f}", int(B * s))
       for B, i, s, runs in zip(sizes, best, needed, at_best, strict=True)],
      {"batch": "d", "best rate": ".3f", "steps, median": "d", "all five starts": "",
       "images": ",d"})  # fmt: skip

# %% tags=["plumbing"]
# The steps, and what they would be if only the number of images counted.
ideal = needed[0] * sizes[0] / np.array(sizes)
figure = viz.line_chart(sizes, {"measured": needed, "if only images counted": ideal},
                        "batch size", "steps, median of five starts\n(bars: all five)",
                        log="xy")  # fmt: skip
figure.axes[0].vlines(sizes, at_best.min(axis=1), at_best.max(axis=1), linewidth=1)
show(figure, "21/steps-to-target")

# %% tags=["check"]
# Check that the text is true.
assert (np.diff(best) >= 0).all()
assert best[-1] > best[0]
assert needed[0] / needed[1] > 2
assert needed[-1] * sizes[-1] > 4 * needed[0] * sizes[0]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# From 8 to 512 images the steps fall by a factor of about 5, and the images grow by a factor of about 13. (The product is
# 64. With batches of 8 the starts differ much: the quickest of the five gives a factor of 3, and the slowest one of 9.) The best of the three rates grows with the batch. But four times the batch does not save three quarters of the
# steps, as the linear rule has it. It saves about half at first, and next to nothing at the end, so a large batch looks at
# many times as many images for the same result. Two causes are possible. The noise of the gradient may be small with a few
# dozen images already, as this network and this target are easy. And 0.08, the best rate for the two largest batches, is the
# largest that we tried: a still larger one might need fewer steps.
# McCandlish and others (2018) call the size at which the line bends the *critical batch size*. For ImageNet it is in the thousands.
# </details>
#
# At the start the rule breaks down, as the weights change quickly and a long step overshoots. So the rate is raised from 0
# in the first steps, the **warm-up**, and lowered later, for example along half a cosine (Loshchilov and Hutter, 2017).
# `cnncourse train --warmup EPOCHS` does that, and you write it in the exercises.

# %% tags=["plumbing"]
# Two schedules with a warm-up of 10 steps.
steps100 = np.arange(101)
show(viz.line_chart(steps100, {"peak 1": [warmup_cosine(s, 100, 10, 1.0) for s in steps100],
                               "peak 0.5": [warmup_cosine(s, 100, 10, 0.5) for s in steps100]},
                    "step", "learning rate", markers=False), "21/warm-up")  # fmt: skip

# %% [markdown]
# ## 7. Sixteen bits
#
# GPUs multiply numbers of 16 bits several times as fast as float32, and half the bytes have to be moved. There are two
# kinds, and they spend their bits differently:

# %%
kinds = {
    "float32": (torch.float32, 23),
    "float16": (torch.float16, 10),
    "bfloat16": (torch.bfloat16, 7),
}
rows = []
for name, (kind, fraction) in kinds.items():
    info = torch.finfo(kind)
    rows.append((name, info.bits - fraction - 1, fraction, info.max, info.tiny, info.eps))
table(rows, {"": "", "bits of exponent": "d", "of fraction": "d", "largest": ".0e",
             "smallest normal": ".0e", "step after 1": ".0e"})  # fmt: skip

one = np.float32(1.01)
bits = f"{one.view(np.uint32):032b}"
print("1.01 in float32: ", bits[0], bits[1:9], bits[9:])
print(
    "1.01 in bfloat16:", bits[0], bits[1:9], bits[9:16], " is", torch.tensor(1.01).bfloat16().item()
)

# %% [markdown]
# A **bfloat16** is the upper half of a float32: the same exponents, but two to three decimal digits only. A **float16** has
# more digits and far fewer exponents. Each can go wrong in its own way.
#
# > **Predict.** (a) We add 1 to a bfloat16 a thousand times, starting at 0. What comes out? (b) Gradients of the size of
# > $10^{-8}$ become float16. What is left of them?

# %%
total = torch.tensor(0.0, dtype=torch.bfloat16)
for _ in range(1000):
    total += 1
print("(a) the sum of a thousand ones:", total.item())

small = torch.from_numpy(1e-8 * rng.normal(size=10_000))
lost = (small.half() == 0).double().mean()
scaled = (small * 2**14).half().double() / 2**14
print(
    f"(b) zero in float16: {lost:.0%};",
    f"multiplied by 2^14 before: {(scaled == 0).double().mean():.1%}",
)
error16 = ((scaled - small).norm() / small.norm()).item()
error_b = ((small.bfloat16().double() - small).norm() / small.norm()).item()
print(f"relative error: scaled float16 {error16:.4f}, bfloat16 as it is {error_b:.4f}")

# %% tags=["check"]
# Check that the text is true.
assert total.item() == 256
assert lost > 0.95
assert (scaled == 0).double().mean() < 0.01
assert error16 < 0.5 * error_b < 0.002

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# (a) The sum stops at 256. Beyond 256 the next bfloat16 is 258, and 257 is rounded back to 256. So sums, statistics
# and the weights themselves stay in float32. Only products and convolutions get 16 bits, and `torch.autocast` chooses them.
# (b) Nearly all are lost in float16. **Loss scaling** multiplies the loss by a large number before `backward`, and so
# every gradient, and divides the gradients by it afterwards in float32. bfloat16 needs no scaling, and it is
# less exact. That is why `cnncourse train --precision bf16` exists and `fp16` does not.
# </details>
#
# ## 8. Compute again instead of keeping
#
# *(This section can wait.)* Section 2 saved memory by smaller pieces. Another way is to keep fewer activations. **Checkpointing**
# keeps only what goes into each block, and computes the inside of the block a second time during the backward pass (Chen
# and others, 2016).
#
# > **Predict.** A chain of 12 blocks of two convolutions and two ReLUs. What remains of the kept bytes, if only the
# > inputs of the blocks are kept? And what does it cost?


# %%
def conv_block():
    layers = nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()
    return nn.Sequential(*layers)


# %%
torch.manual_seed(0)
chain = nn.ModuleList(conv_block() for _ in range(12)).double()
x_chain = torch.from_numpy(rng.normal(size=(4, 8, 16, 16))).requires_grad_()


def kept_and_gradient(again):
    """Bytes that are kept for the backward pass, and the gradient of the first layer."""
    storages = {}
    weights = {p.untyped_storage().data_ptr() for p in chain.parameters()}

    def keep(tensor):
        storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
        return tensor

    chain.zero_grad()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        x = x_chain
        for part in chain:
            x = checkpoint(part, x, use_reentrant=False) if again else part(x)
    held = sum(s.nbytes() for pointer, s in storages.items() if pointer not in weights)
    x.square().sum().backward()
    return held, chain[0][0].weight.grad.clone()


# %%
(all_kept, g_all), (few_kept, g_few) = kept_and_gradient(False), kept_and_gradient(True)
print(f"kept: {all_kept / 1024:,.0f} KiB, with checkpoints {few_kept / 1024:,.0f} KiB;",
      "the same gradient:", torch.allclose(g_all, g_few, rtol=1e-12))  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert torch.allclose(g_all, g_few, rtol=1e-12)
assert 0.4 < few_kept / all_kept < 0.6

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# About half: of the two outputs per block one is kept. (A ReLU's output is the next convolution's input, so
# it is kept once.) Deeper blocks save more, as less of what is inside is kept; but while a block is computed
# again, its inside is in memory. The price is a second forward pass. That is a third more multiply-adds, as backward has
# twice as many as forward (section 1), and a somewhat larger share of the time. The gradient is the same.
# </details>
#
# ## 9. A file for other programs
#
# *(This section can wait.)* A trained network is of use in a browser, on a telephone, in a program without Python. **ONNX** is a file
# format for that: a list of operations and arrays, which many run-times can read. One command writes it:
#
# ```
# cnncourse export runs/fashion-mnist-lenet5-torch/checkpoint.pt lenet5.onnx
# cnncourse export efficientnet_lite0 lite0.onnx --int8 channel
# ```
#
# The command runs the file in another run-time, onnxruntime, and writes it only if both give the same numbers, to rounding.
# (It needs `pip install 'cnncourse[deploy]'`, and the exporter alone takes ten seconds to load, so this page does not run it. The course's
# tests do.) Never deliver a converted network that you have not compared.

# %% [markdown]
# ## 10. Eight bits
#
# Back to the puzzle. We rounded weights to integers of 8 bits: $w \approx s\, q$ with $q$ from −127 to 127. The scale is
# $s = \max |w| / 127$, so the rounding error of any weight is at most $s / 2$. Small weights suffer if one large
# weight makes $s$ large. Four weights by hand:

# %%
w = np.array([[12.7, -3.0], [0.02, 0.011]])  # two output channels
for name, s in [
    ("one scale", np.abs(w).max() / 127),
    ("one per channel", np.abs(w).max(axis=1, keepdims=True) / 127),
]:
    q = np.round(w / s)
    print(f"{name}: q = {q.astype(int).tolist()}, back: {(q * s).round(4).tolist()}")

# %% [markdown]
# With one scale, the second channel is lost completely. With a scale per output channel it comes back to two digits. So
# look at how far apart the channels of a real layer are: the largest weight of each channel, in Lite0's first
# depthwise convolution.
#
# > **Predict.** What does multiplying a batch norm into the convolution do to these maxima?

# %%
first = {"as trained": lite0, "batch norms folded in": folded}
peaks = {
    name: net.get_submodule("_blocks.0._depthwise_conv").weight.detach().abs().amax(dim=(1, 2, 3))
    for name, net in first.items()
}
spread = {name: (peak.max() / peak.median()).item() for name, peak in peaks.items()}
for name, peak in peaks.items():
    print(f"{name}: largest channel {peak.max():.2f}, the one in the middle {peak.median():.2f},",
          f"ratio {spread[name]:.1f}")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert spread["batch norms folded in"] > 1.5 * spread["as trained"]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# It drives them apart. A batch norm multiplies each channel by its own $\gamma / \sqrt{\mathrm{var} + \varepsilon}$, and in
# this depthwise layer these factors differ a lot: each channel has a kernel of its own and nothing evens them out. In the
# folded layer one channel sets the scale. The channel in the middle reaches $127 \cdot 1.72 / 17.68 = 12.4$, so half of the
# channels use at most 25 of the 255 steps, from −12 to 12.
# </details>
#
# > **Predict.** So with one scale per output channel, a few hundred numbers more for a layer: how many of the five
# > classes are kept now?

# %% tags=["nbval-ignore-output"]
channel_wise = kept(quantization.quantized(folded, per_channel=True))
errors = {
    name: quantization.error_by_layer(folded, photographs[:2], per_channel)
    for name, per_channel in [("one scale per layer", False), ("one per channel", True)]
}
rows = [(name, layer_wise[name].mean()) for name in layer_wise]
table([*((f"per layer, {name}", value) for name, value in rows),
       ("per channel, batch norms folded in", channel_wise.mean())],
      {"": "", "kept of five, mean": ".2f"})  # fmt: skip

# %% tags=["plumbing", "nbval-ignore-output"]
# What rounding the layers so far does to each layer's output.
total = {name: [row["total_error"] for row in layers] for name, layers in errors.items()}
show(viz.line_chart(range(1, 51), total, "layer", "error of the output, relative", log="y"),
     "21/error-by-layer")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(channel_wise.mean(), 3.9, "21/per-channel-keeps")
at_least(
    total["one scale per layer"][-1] / total["one per channel"][-1], 2, "21/last-layer-error-ratio"
)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# More than four of five, about as many as before folding. The figure shows the error of each layer's output when all weights
# are rounded. With one scale per layer it is large from the first blocks on. With one per channel it stays several times
# smaller. For this reason a scale for each output channel is recommended for weights (Krishnamoorthi, 2018). (The activations
# have stayed in float32 here. Rounding them as well needs their ranges, from sample images.)
# </details>
#
# ## 11. How many images?
#
# More devices can look at more data. What is it worth? We trained one small network on 100 to 10,000 garments, from
# five starts, with a new choice of images each (`python -m tools.keep_curves learning`). If the error falls by the same
# factor each time the number $n$ of images is doubled, it is a **power law**, $e = a\, n^{-b}$, and a straight line if both
# axes are logarithmic.
# So fit a line to the logarithms:

# %%
learning = curves["learning"]
counts, errors_n = np.array(learning["settings"]["images"]), np.array(learning["error"])
u, v = np.repeat(np.log(counts), 5), np.log(errors_n).ravel()
slope, start = np.polyfit(u, v, 1)
residual = v - (start + slope * u)
bar = np.sqrt((residual**2).sum() / (len(u) - 2) / ((u - u.mean()) ** 2).sum())
print(f"exponent {-slope:.3f} ± {bar:.3f} (one standard error);",
      f"twice the images: {1 - 2**slope:.0%} fewer errors")  # fmt: skip

# %% [markdown]
# > **Predict.** In that run more images got more steps, up to 4,000. Now each network gets 500 steps, whatever the number of images.
# > Each image is then seen 250 times if there are 100, and two or three times if there are 10,000. Where do the two curves
# > part?

# %%
short = np.array(curves["short"]["error"])
table([(n, a.mean(), a.std(ddof=1), b.mean(), b.std(ddof=1))
       for n, a, b in zip(counts, errors_n, short, strict=True)],
      {"images": ",d", "error, enough steps": ".3f", "spread": ".3f", "500 steps": ".3f",
       "spread of it": ".3f"})  # fmt: skip

# %% tags=["plumbing"]
# The errors, with the line that was fitted.
fitted = np.exp(start + slope * np.log(counts))
lines = {"enough steps": errors_n, "fitted line": fitted, "500 steps": short}
ylabel = "error of five starts\n(bars: standard deviation)"
show(viz.line_chart(counts, lines, "training images", ylabel, log="xy"), "21/learning-curve")

# %% tags=["check"]
# Check that the text is true.
assert 0.1 < -slope < 0.35
assert bar < 0.02
mean, limited = errors_n.mean(axis=1), short.mean(axis=1)
assert abs(limited[:2] - mean[:2]).max() < 0.02
assert limited[-1] - mean[-1] > 0.02
assert abs(limited[-1] - limited[-2]) < 0.01

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Up to 3,000 images they are about alike. From 3,000 to 10,000 more images bring nothing to the network with 500 steps: it
# does not get to see them often enough. A curve that becomes flat says that *something* is used up. It may be the data, the
# size of the network or, as here, the training. So vary one, and make sure that the others are not what
# limits you.
# </details>
#
# ## 12. Reproducing a paper
#
# He and others (2016) report an error of 8.75 % for ResNet-20 on CIFAR-10. One command trains it. It shows progress,
# writes a checkpoint after every epoch, and the same command goes on after a stop, to the last bit:
#
# ```
# cnncourse train resnet20 --data cifar10 --backend torch --augment --batch-size 128 --weight-decay 0.0001 --epochs 164
# ```
#
# The page `docs/reproductions.md` of the repository has the commands, what to expect, and what
# has been run. When is a result *the same*? Two runs with other seeds differ by their starts and their order of images. And
# the test set is a sample: of $n$ test images with an error of $e$, the number of errors has a standard deviation of
# $\sqrt{n e (1 - e)}$, even for a fixed network. The error rate is this number divided by $n$, so its standard deviation, the
# **standard error**, is $\sqrt{e (1 - e) / n}$.
#
# > **Predict.** Five starts of our small network on all 10,000 garments, 2,000 test images. Which is larger: the spread over the starts, or
# > the standard error of one start's error rate?

# %%
e, spread_starts = mean[-1], errors_n[-1].std(ddof=1)
sampling = np.sqrt(e * (1 - e) / 2000)
print(
    f"error {e:.3f}; spread over starts {spread_starts:.4f};",
    f"sampling of the test set {sampling:.4f}",
)
cifar = np.sqrt(0.0875 * (1 - 0.0875) / 10_000)
print(f"for 8.75 % of 10,000 images: {cifar:.2%}")

# %% tags=["check"]
# Check that the text is true.
assert 0.3 < spread_starts / sampling < 1.3
assert 0.0025 < cifar < 0.003

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The standard error of the test set is the larger one here, though by less than a factor of two. All starts are tested on the
# *same* images, so the spread over the starts does not contain it. Both count. For *other* test images, two standard errors
# around 8.75 % are 8.2 % to 9.3 %: the error of the network is not known better than that. A run that is tested on
# the paper's own 10,000 images differs from the paper's by its start, and only several starts show by how much. One run,
# and two digits behind the point, is less than it seems.
# </details>
#
# ## Claims to test
#
# 1. "Data parallel training is a larger batch."
# 2. "Eight bits cost accuracy."
#
# > **Predict.** In what sense is each of them true?

# %% tags=["plumbing"]
# The measurements, one line per claim.
print("1. largest difference of a weight after ten steps: without batch norm less than 1e-12,",
      f"with it {apart[1]:.3f}, synchronised less than 1e-12")  # fmt: skip
print("2. a network that keeps", "most" if channel_wise.mean() > 3.9 else "few",
      "of its answers per channel, and",
      "loses many" if layer_wise["batch norms folded in"].mean() < 3.5 else "keeps most",
      "per layer")  # fmt: skip

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **True to rounding, until there is batch norm** (or anything else that mixes the images of a batch). With synchronised
#    statistics it is true again.
# 2. **Not the bits, but a scale that does not fit.** With one scale per output channel Lite0 keeps most of its answers.
#    With one per layer it does, too, unless the batch norms have been folded in, which drives the channels apart.
# </details>

# %% [markdown]
# ## Summary
#
# 1. Gradients add up: pieces of a batch, or parts in several processes, give the gradient of the whole batch, to rounding.
#    Batch norm does not: its statistics must be added up as well.
# 2. A ring adds up the arrays of $P$ devices while each sends $2 (P-1)/P$ times the array, in $2 (P-1)$ rounds.
# 3. Larger batches save steps, with a larger rate and a warm-up, but beyond the critical size hardly any.
# 4. float16 underflows, which a scaled loss prevents. bfloat16 has few digits, so sums stay in float32. Eight bits are enough
#    for weights if each output channel has its scale.
# 5. A learning curve is a straight line on logarithmic axes until something else is used up. Say how far it scatters.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** 16 devices add up 102 MB of gradients in a ring. How many MB does each send?
#
# <details><summary>Answer</summary>
#
# $2 \cdot 15/16 \cdot 102 = 191.25$.
# </details>
#
# **2.** Pieces of 10, 10 and 12 images have the mean losses 1, 2 and 3. What is the mean loss of the batch?
#
# <details><summary>Answer</summary>
#
# $(10 + 20 + 36)/32 = 2.0625$, not 2.
# </details>
#
# **3.** One process holds 0 and 0, the other 0 and 4. What are mean and variance of all values together?
#
# <details><summary>Answer</summary>
#
# The mean is 1, the variance $(1 + 1 + 1 + 9)/4 = 3$.
# </details>
#
# **4.** What is the next bfloat16 after 1, and after 1,000?
#
# <details><summary>Answer</summary>
#
# $1 + 2^{-7} = 1.0078125$. 1,000 lies between $2^9$ and $2^{10}$, where the steps are $2^9 / 2^7 = 4$: 1,004.
# </details>
#
# **5.** The error falls as $n^{-0.25}$. How many times as many images halve it?
#
# <details><summary>Answer</summary>
#
# $2^{1/0.25} = 16$.
# </details>

# %%
print("1.", 2 * 15 / 16 * 102)
print("2.", (10 * 1 + 10 * 2 + 12 * 3) / 32)
print("3.", np.mean([0, 0, 0, 4]), np.var([0, 0, 0, 4]))
after = [torch.tensor(v).bfloat16().view(torch.int16) + 1 for v in (1.0, 1000.0)]
print("4.", *(a.view(torch.bfloat16).item() for a in after))
print("5.", 2 ** (1 / 0.25))

# %% [markdown]
# ## Where to read more
#
# - P. Goyal and others, "Accurate, large minibatch SGD: Training ImageNet in 1 hour" (2017), arXiv:1706.02677: sections 2 to 4.
# - S. McCandlish, J. Kaplan, D. Amodei and others, "An empirical model of large-batch training" (2018),
#   arXiv:1812.06162: section 2.
# - I. Loshchilov, F. Hutter, "SGDR: Stochastic gradient descent with warm restarts", ICLR (2017), arXiv:1608.03983.
# - P. Micikevicius and others, "Mixed precision training", ICLR (2018), arXiv:1710.03740: section 3, loss scaling.
# - T. Chen, B. Xu, C. Zhang, C. Guestrin, "Training deep nets with sublinear memory cost" (2016), arXiv:1604.06174.
# - R. Krishnamoorthi, "Quantizing deep convolutional networks for efficient inference: A whitepaper" (2018), arXiv:1806.08342:
#   sections 2 and 3.
# - J. Hestness and others, "Deep learning scaling is predictable, empirically" (2017), arXiv:1712.00409: learning curves.
# - K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR (2016), arXiv:1512.03385: section 4.2,
#   ResNet-20 on CIFAR-10.
#
# **Next:** do the [exercises of this unit](../exercises/21_scaling_up/21_scaling_up.ipynb). Then train something of your own, and
# look back at the [start page](00_start_here.ipynb) for what you have not done yet.
