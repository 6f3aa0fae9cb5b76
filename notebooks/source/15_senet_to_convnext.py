# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 15 · SENet, MobileNet, EfficientNet, ConvNeXt
#
# [Start](00_start_here.ipynb) · previous: [14 ResNet](14_resnet.ipynb) ·
# next: [16 What CNNs learn](16_what_cnns_learn.ipynb) ·
# [exercises of this unit](../exercises/15_senet_to_convnext/15_senet_to_convnext.ipynb)
#
# **After this lesson you can**
#
# - write down what a squeeze-and-excitation gate computes and how its gradient flows, and measure what its gates know;
# - derive the cost of a depthwise separable convolution, measure its time, and compare the two;
# - say how much a ReLU destroys in a space of $n$ dimensions, and what MobileNetV2's blocks do about it;
# - run a real ImageNet network in NumPy and say where its multiply-adds and its seconds are;
# - turn a ResNet into a ConvNeXt step by step, and count each step.
#
# **Time** about 105 minutes, with the questions. The code runs in about a minute and a half. On a short evening read
# sections 1, 3 and 4; sections 7, 8 and 10 can wait.
#
# **You should know** lesson 05 (arithmetic intensity and the roofline), lesson 08 (batch normalisation), lesson 14
# (ResNet).

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %%
import time
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cnncourse import at_least, at_most, data, show, table, viz
from cnncourse.from_torch import from_torch
from cnncourse.numpy_nn import functional as NF
from cnncourse.numpy_nn import models as numpy_models
from cnncourse.numpy_nn.gradcheck import gradcheck_module
from cnncourse.numpy_nn.inference import prepare
from cnncourse.numpy_nn.models.senet import SqueezeExcitation
from cnncourse.numpy_nn.summary import summary
from cnncourse.timing import seconds
from cnncourse.torch_nn import models as torch_models
from cnncourse.torch_nn.models.convnext import LayerNorm2d
from cnncourse.torch_nn.models.efficientnet_lite import imagenet_classes, preprocess
from cnncourse.torch_nn.models.senet import SEBasicBlock
from cnncourse.torch_nn.training import descend
from cnncourse.viz.blocks import Block, residual_blocks

torch.set_num_threads(1)  # for small networks, dividing the work costs more than the work

# %% [markdown]
# `F` is PyTorch's `torch.nn.functional`; `NF` is the course's own in NumPy, with the same names.
#
# ## A puzzle
#
# Here are two networks for photographs of 224×224 pixels. ResNet-18 is from lesson 14. EfficientNet-Lite0 is from 2020,
# and it is made for phones. By the accuracy on ImageNet that their authors report, Lite0 is even better, by three points
# (section 11 has the numbers). We count both:

# %%
cup = data.photograph("coffee")
RIVALS = {"ResNet-18": "resnet18", "EfficientNet-Lite0": "efficientnet_lite0"}
counted = {
    name: summary(getattr(numpy_models, model)(), (1, 3, 224, 224))
    for name, model in RIVALS.items()
}
table(
    [(name, one.parameters, one.multiply_adds / 1e6) for name, one in counted.items()],
    {"": "", "parameters": ",d", "million multiply-adds": ",.0f"},
)
work = {name: one.multiply_adds for name, one in counted.items()}
print(f"ratio of the multiply-adds: {work['ResNet-18'] / work['EfficientNet-Lite0']:.1f}")

# %% [markdown]
# > **Predict.** Both see the same cup of coffee, on one thread, in PyTorch and in this course's NumPy. How many times as
# > long as Lite0 does ResNet-18 take?

# %% tags=["nbval-ignore-output"]
x_cup = preprocess(cup)  # (1, 3, 224, 224)
calls = {}
for name, model in RIVALS.items():
    torch.manual_seed(0)
    in_torch = getattr(torch_models, model)().eval()
    in_numpy = prepare(getattr(numpy_models, model)(rng=rng).eval())
    calls[name, "PyTorch"] = torch.no_grad()(lambda net=in_torch: net(x_cup))
    calls[name, "NumPy"] = lambda net=in_numpy: net(x_cup.numpy())
took = seconds(calls, rounds=3)
ratio = {
    library: took["ResNet-18", library] / took["EfficientNet-Lite0", library]
    for library in ("PyTorch", "NumPy")
}
for library, value in ratio.items():
    print(f"{library}: ResNet-18 takes {value:.1f} times as long")

# %% tags=["check"]
# Check that the text is true.
assert work["ResNet-18"] / work["EfficientNet-Lite0"] > 4.5
at_most(list(ratio.values()), 4.0, "15/resnet18-over-lite0-seconds")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Less than the ratio of the multiply-adds says: a multiply-add of Lite0 takes longer than one of ResNet-18. Something in
# Lite0 is cheap to count and slow to run. Section 3 builds it, section 4 finds out why it is slow, and
# section 9 says where in Lite0 the time goes.
# </details>
#
# This lesson follows the ideas of the networks that came after ResNet. Each idea saves something, or adds something at a
# small cost. We count what it costs, and we test what is said about it.
#
# ## 1. Squeeze and excite
#
# The filters of a convolution are the same for every image. Hu, Shen and Sun (2018) add a small network that looks at the
# whole image and decides *how much of each channel* passes:
#
# $$ s_c = \frac{1}{HW} \sum_{ij} x_{cij}, \qquad
#    a = \sigma\big(w_2\, \mathrm{relu}(w_1 s + b_1) + b_2\big), \qquad \boxed{\; y_{cij} = a_c\, x_{cij} \;} $$
#
# The mean is the *squeeze*: one number for each channel. The two layers are the *excitation*. With $C$ channels the
# middle has only $C/r$ numbers, where $r$ is the **reduction** (16 in the paper): $w_1$ has shape $(C/r, C)$ and
# $w_2$ has shape $(C, C/r)$. The sigmoid gives one factor between 0 and 1 per channel, the **gate**. First the
# middle part alone, on four means:


# %%
def gate(s, w1, b1, w2, b2):
    """From the C means of one image to its C factors."""
    hidden = np.maximum(w1 @ s + b1, 0)
    return 1 / (1 + np.exp(-(w2 @ hidden + b2)))


s = np.array([1.0, 0.0, 0.5, 2.0])
w1 = np.array([[1.0, 0.0, 0.0, -0.5], [0.0, 0.0, 1.0, 1.0]])  # C = 4, r = 2
w2 = np.array([[2.0, 0.0], [-2.0, 1.0], [0.0, -1.0], [0.0, 1.0]])
print("hidden:", np.maximum(w1 @ s, 0), " gate:", gate(s, w1, 0, w2, 0).round(2))

# %% [markdown]
# The first channel alone would open its own gate. Here the last channel cancels this: $1 - 0.5 \cdot 2 = 0$, and the gate
# is $\sigma(0) = 0.5$. So what passes depends on the *other* channels, too. A channel that is strong in this image can
# close another one everywhere in the image: the third gate is 0.08, mostly because the last mean is large.
#
# **Backward**, with $g = \partial L / \partial y$. As in lesson 06: which outputs does $x_{cij}$ influence? Its own
# output, by the factor $a_c$. And through the mean $s_c$ it influences *all gates*, hence all outputs:
#
# $$ \frac{\partial L}{\partial a_c} = \sum_{ij} g_{cij}\, x_{cij}, \qquad
#    \boxed{\; \frac{\partial L}{\partial x_{cij}} = a_c\, g_{cij} + \frac{1}{HW} \frac{\partial L}{\partial s_c} \;} $$
#
# Between the two lie two linear layers: $\partial L / \partial a$ is multiplied by $a (1 - a)$, then by
# $w_2^\top$, masked by the ReLU, and multiplied by $w_1^\top$. That gives $\partial L / \partial s$. You write this in
# the
# exercises. The package's layer does it, and the numerical check agrees:

# %%
layer = SqueezeExcitation(6, 2, rng=rng).astype(np.float64)
check = gradcheck_module(layer, rng.normal(size=(2, 6, 3, 4)))
print("numerical check:", check.passed, "on", check.entries, "entries")

parts = torch_models.SqueezeExcitation(6, 2).double()
x = torch.from_numpy(rng.normal(size=(1, 6, 3, 4))).requires_grad_()
g = torch.from_numpy(rng.normal(size=(1, 6, 3, 4)))
(whole,) = torch.autograd.grad(parts(x), x, g)
a = (parts(x) / x).detach()
extra = (whole - a * g)[0]
print("what the gates add is equal at all places:", torch.allclose(extra, extra[:, :1, :1]))

# %% tags=["check"]
# Check that the text is true.
assert check.passed
assert torch.allclose(extra, extra[:, :1, :1])

# %% [markdown]
# The second line shows the box's second term: one number per channel, the same at every place.
#
# What does it cost? There are $2 C^2 / r$ weights and $C + C/r$ biases. The two layers do $2 C^2 / r$ multiply-adds *once
# per image* and not per pixel. The scaling adds one product for each entry of $x$.

# %%
with_gates = summary(numpy_models.seresnet50(), (1, 3, 224, 224))
without = summary(numpy_models.resnet50(), (1, 3, 224, 224))
by_formula = sum(
    count * (2 * C * C // 16 + C + C // 16)
    for C, count in [(256, 3), (512, 4), (1024, 6), (2048, 3)]
)
extra_parameters = with_gates.parameters - without.parameters
extra_work = with_gates.multiply_adds / without.multiply_adds - 1
print(f"parameters of the gates: {extra_parameters:,}, by the formula {by_formula:,}")
print(f"SE-ResNet-50 over ResNet-50: {extra_parameters / without.parameters:.1%} more parameters,",
      f"{extra_work:.1%} more multiply-adds")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert extra_parameters == by_formula == 2_530_992
assert extra_work < 0.01

# %% [markdown]
# A network of such blocks won the ImageNet competition of 2017, the last one, with a top-5 error of 2.25 %
# (reported for an ensemble).
#
# ## 2. Does a gate know the class?
#
# The authors looked at the gates of a trained network, averaged over 50 images of each of four classes (figure 6 of the
# journal version). We repeat it with all classes
# on a small scale: a network of four residual blocks with gates, two with 16 channels and two with 32, on garments
# of 14×14 pixels. It is trained for 120 steps of 32 images, from five starts.


# %%
def conv_bn(c_in, c_out, stride=1):
    conv = nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(c_out), nn.ReLU())


def small_senet():
    early = [SEBasicBlock(16, 16, reduction=4) for _ in range(2)]
    late = [SEBasicBlock(32, 32, reduction=4) for _ in range(2)]
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)
    return nn.Sequential(conv_bn(1, 16, 2), *early, conv_bn(16, 32, 2), *late, *head)


def gates_of(net, images):
    """One array (images, C) per block."""
    kept, hooks = [], []
    for block in net:
        if isinstance(block, SEBasicBlock):
            keep = lambda layer, given, out: kept.append(torch.sigmoid(out).flatten(1).numpy())
            hooks.append(block.se.fc2.register_forward_hook(keep))
    with torch.no_grad():
        net(images)
    for hook in hooks:
        hook.remove()
    return kept


# %%
x_train, y_train = data.small_garments("train")
x_test, y_test = data.small_garments("test", 1000)
CLASSES, STARTS = y_test.numpy(), range(5)


def class_means(values):
    """(10, C): the mean over the images of each class."""
    return np.array([values[CLASSES == k].mean(axis=0) for k in range(10)])


def spreads(values):
    """Standard deviation over all images, and over the class means; both as a mean over C."""
    return np.sqrt(values.var(axis=0).mean()), np.sqrt(class_means(values).var(axis=0).mean())


# %% [markdown]
# > **Predict.** In which of the four blocks do the gates differ most from class to class? And how far do the gates of
# > one channel spread: over most of the range from 0 to 1, or little?

# %% tags=["nbval-ignore-output"]
senets, gates = [], []
for seed in STARTS:
    torch.manual_seed(seed)
    net = small_senet()
    descend(net, x_train, y_train, steps=120, lr=0.1, batch_size=32)
    senets.append(net)
    gates.append(gates_of(net, x_test))
spread = np.array([[spreads(values) for values in run] for run in gates])  # (starts, blocks, 2)
levels = np.array([[values.mean() for values in run] for run in gates])
rows = [
    (f"block {b + 1}", levels[:, b].mean(), *spread[:, b].mean(axis=0), spread[:, b, 1])
    for b in range(4)
]
table(
    rows,
    {"": "", "mean gate": ".2f", "spread over images": ".3f", "over class means": ".3f",
     "the same, five starts": ".3f"},
)  # fmt: skip

# %% tags=["plumbing", "nbval-ignore-output"]
# The gates of four classes in the first and the last block, first start.
shown = [0, 1, 7, 9]
panels = {
    title: {data.FASHION_CLASSES[k]: class_means(gates[0][b])[k][:16] for k in shown}
    for title, b in [("block 1", 0), ("block 4, half of its channels", 3)]
}
show(viz.line_panels(np.arange(16), panels, "channel", ["mean gate"] * 2, sharey=True),
     "15/gates-by-class")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(spread[:, 3, 1] - spread[:, 0, 1], 0.005, "15/late-gates-differ-more")
at_most(spread[:, 3, 0], 0.15, "15/gates-spread-little")
at_most(np.abs(levels - 0.5).max(axis=1), 0.15, "15/gates-near-a-half")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# In the last block the class means differ most, in the first two much less. The paper sees the same on the way from early
# to late stages: early gates are shared by the classes, later ones are specific to them. (Its last blocks of all are an
# exception: their gates are again about the same for all classes.) But look at the size. On average a gate
# is near 0.5, the sigmoid of 0, and from image to image it moves by a few hundredths. After this short training a gate is
# a gentle correction and not a switch. (In the paper's network, trained to the end, the gates spread over much more of
# the range.)
# </details>
#
# So do the gates matter? We replace each gate by its mean over all test images. Each channel is then still scaled, but
# all
# images get the same scale.
#
# > **Predict.** How much accuracy does the network lose?


# %% tags=["nbval-ignore-output"]
def accuracy(net, images=x_test):
    with torch.no_grad():
        return (net(images).argmax(dim=1) == y_test).double().mean().item()


def with_constant_gates(net):
    def mean_logit(layer, given, out):
        return torch.logit(torch.sigmoid(out).mean(dim=0, keepdim=True)).expand_as(out)

    hooks = [
        block.se.fc2.register_forward_hook(mean_logit) for block in net if hasattr(block, "se")
    ]
    result = accuracy(net)
    for hook in hooks:
        hook.remove()
    return result


as_trained = np.array([accuracy(net) for net in senets])
constant = np.array([with_constant_gates(net) for net in senets])
rows = [("as trained", as_trained), ("constant gates", constant)]
table([(name, runs.mean(), runs) for name, runs in rows],
      {"": "", "mean accuracy": ".3f", "five starts": ".3f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_most(np.abs(as_trained - constant), 0.03, "15/constant-gates-change-little")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Next to nothing. *That* the late gates differ by class does not mean that the network needs them
# to: at this size and after this short training, the convolutions do the work. For ResNet-50 on ImageNet the
# authors report that gates lower the top-1 error by 1.5 percentage points (24.80 % without them, 23.29 % with them).
# </details>
#
# ## 3. Depthwise separable convolution
#
# A convolution does two things at once: it looks at a *neighbourhood*, and it mixes *channels*. Separate them:
#
# - **depthwise**: each channel is filtered by its own $K \times K$ kernel, and nothing is mixed. In PyTorch this is
#   `groups=C_in`;
# - **pointwise**: a 1×1 convolution mixes the channels at each place.
#
# On a photograph: three channels, one kernel each, and then a 1×1 convolution with two outputs.

# %%
astronaut = data.photograph("astronaut")[:256, 100:356].transpose(2, 0, 1)[None] / 255
depthwise = np.zeros((3, 1, 3, 3))
depthwise[0, 0] = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]  # red: edges from left to right
depthwise[1, 0] = depthwise[0, 0].T  # green: edges from top to bottom
depthwise[2, 0] = 1 / 9  # blue: the mean
pointwise = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])[:, :, None, None]

each = NF.conv2d(astronaut, depthwise, groups=3)
mixed = NF.conv2d(each, pointwise)
dense = pointwise[:, :, 0, 0][:, :, None, None] * depthwise[:, 0]  # (C_out, C_in, K, K)
print("shapes:", each.shape, mixed.shape, "  dense filters:", dense.shape)
print("one dense convolution gives the same:", np.allclose(NF.conv2d(astronaut, dense), mixed))

# %% tags=["plumbing"]
# The photograph, the depthwise step and the pointwise step.
titles = ["depthwise, red", "depthwise, green", "depthwise, blue", "pointwise 1", "pointwise 2"]
show(viz.image_row([*each[0], *mixed[0]], titles, share=False, height=2.0), "15/two-steps")

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(NF.conv2d(astronaut, dense), mixed)

# %% [markdown]
# (Each picture has its own scale.) So a separable convolution *is* a convolution, with the filters
# $W_{oc} = p_{oc}\, d_c$. Not every convolution has this form: here all filters see channel $c$ through the **same**
# kernel
# $d_c$, each with its own factor $p_{oc}$. With a layer in between (batch norm and ReLU, as MobileNet has) it is not
# even linear.
#
# **Its cost.** At each of $H_{out} W_{out}$ places an ordinary convolution needs $K^2 C_{in} C_{out}$ multiply-adds. The
# depthwise step needs $K^2 C_{in}$, the pointwise step $C_{in} C_{out}$. The ratio is
#
# $$ \boxed{\; \frac{K^2 C_{in} + C_{in} C_{out}}{K^2 C_{in} C_{out}} = \frac{1}{C_{out}} + \frac{1}{K^2} \;} $$
#
# One layer by hand, then the factor $1 / (1/C_{out} + 1/K^2)$ for some others:

# %%
K, C_in, C_out, places = 3, 32, 64, 112 * 112
ordinary = K**2 * C_in * C_out * places
steps = K**2 * C_in * places, C_in * C_out * places
print(f"ordinary {ordinary:,}; depthwise {steps[0]:,} and pointwise {steps[1]:,}")
print(f"ratio {sum(steps) / ordinary:.4f}, 1/64 + 1/9 = {1 / 64 + 1 / 9:.4f}")
rows = [(K, *(1 / (1 / C + 1 / K**2) for C in (16, 64, 256, 1024))) for K in (1, 3, 5, 7)]
table(rows, {"K": "d"} | {f"C_out = {C}": ".1f" for C in (16, 64, 256, 1024)},
      "How many times fewer multiply-adds")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert np.isclose(sum(steps) / ordinary, 1 / 64 + 1 / 9)
assert rows[0][1] < 1
assert all(8 < factor < 9 for factor in rows[1][3:])

# %% [markdown]
# For 3×3 kernels and many channels it is close to 9. (Howard and others, 2017: "8 to 9 times less computation".) For 1×1
# it costs *more*, because the depthwise step is added for nothing. The factor is always below both $C_{out}$ and $K^2$:
# with few channels the first limits it, with many channels the second. In the layer by hand, 88 % of the separable
# work is in the pointwise step, which does not depend on $K$. So large kernels become affordable, which ConvNeXt uses
# (section 10).
#
# ## 4. Multiply-adds and seconds
#
# We measure what the formula says, in PyTorch and on one thread: an ordinary 3×3 convolution, and the two steps.
#
# > **Predict.** The multiply-adds fall by a factor of 8 to 9. By what factor does the time fall? And which of the two
# > steps does more multiply-adds in a second, depthwise or pointwise?

# %% tags=["nbval-ignore-output"]
SHAPES = [(64, 56), (128, 28), (256, 14)]
speed, rows = {}, []
for C, side in SHAPES:
    maps = torch.from_numpy(rng.normal(size=(1, C, side, side)).astype(np.float32))
    w_full, w_depth, w_point = (
        torch.from_numpy(rng.normal(size=shape).astype(np.float32))
        for shape in [(C, C, 3, 3), (C, 1, 3, 3), (C, C, 1, 1)]
    )
    took = seconds({
        "ordinary": partial(F.conv2d, maps, w_full, padding=1),
        "depthwise": partial(F.conv2d, maps, w_depth, padding=1, groups=C),
        "pointwise": partial(F.conv2d, maps, w_point),
    })  # fmt: skip
    work = {"ordinary": 9 * C * C, "depthwise": 9 * C, "pointwise": C * C}
    speed[C] = {kind: work[kind] * side**2 / took[kind] / 1e9 for kind in work}
    fewer = work["ordinary"] / (work["depthwise"] + work["pointwise"])
    faster = took["ordinary"] / (took["depthwise"] + took["pointwise"])
    rows.append((f"{C} channels, {side}×{side}", fewer, faster, *speed[C].values()))
table(rows, {"": "", "multiply-adds ÷": ".1f", "time ÷": ".1f", "ordinary, 10⁹/s": ".0f",
             "depthwise": ".1f", "pointwise": ".0f"})  # fmt: skip

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# On the processor of the stored outputs the time falls, but by less. The reason is in the last three columns, which say how
# many multiply-adds are done in a second. The depthwise step does the fewest by far. It has only $9/C$ of the pointwise
# step's multiply-adds, but it takes far more than $9/C$ of the pointwise step's time. Nothing here is checked, because it
# depends on the processor: we also ran these cells with all but the oldest of its instructions switched off, and there the
# *ordinary* convolution lost most, so that the time fell as much as the multiply-adds, or more.
# </details>
#
# Lesson 05 has the explanation, the **roofline**: a step is limited by arithmetic or by memory, depending on how many
# multiply-adds it does for each number that it moves. Count input, output and weights once each:


# %%
def intensity(multiply_adds, *sizes):
    return multiply_adds / sum(sizes)


rows = []
for C, side in SHAPES:
    maps = C * side**2
    rows.append((
        f"{C} channels, {side}×{side}",
        intensity(9 * C * maps, maps, maps, 9 * C * C),
        intensity(9 * maps, maps, maps, 9 * C),
        intensity(C * maps, maps, maps, C * C),
    ))  # fmt: skip
table(rows, {"": "", "ordinary": ".0f", "depthwise": ".1f", "pointwise": ".0f"},
      "Multiply-adds for each number that is moved")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert all(row[2] < 4.5 < row[3] / 4 for row in rows)

# %% [markdown]
# The depthwise step can never get above $K^2/2 = 4.5$: it moves two numbers for 9 multiply-adds, however many channels
# there are. The others reuse each number for every output channel. So the roofline sets a low limit for the depthwise
# step. But the intensity is nearly the same in the three rows, and the measured speed is not. So there must be a second
# reason: with one input channel for each output there is no matrix product, and the fast routines of lesson 05 are made
# for those.
#
# ### All networks of the course
#
# The same question for whole networks: our NumPy versions, prepared for inference, one image. The order is by
# multiply-adds.
#
# > **Predict.** Are the seconds in the same order?

# %% tags=["nbval-ignore-output"]
TIMED = {
    "mobilenet_v2": "MobileNetV2", "efficientnet_lite0": "EfficientNet-Lite0",
    "AlexNet": "AlexNet", "GoogLeNet": "GoogLeNet", "resnet18": "ResNet-18",
    "densenet121": "DenseNet-121", "resnet50": "ResNet-50", "convnext_tiny": "ConvNeXt-T",
}  # fmt: skip
times = {model: viz.time_here(model, rounds=2) for model in TIMED}
tour = viz.tour_of_networks(times)
stops = {stop.model: stop for stop in tour.stops if stop.model in TIMED}
rates = {model: stops[model].multiply_adds / times[model] / 1e9 for model in TIMED}
table([(TIMED[model], stops[model].multiply_adds / 1e6, times[model] * 1e3, rates[model])
       for model in sorted(TIMED, key=lambda model: stops[model].multiply_adds)],
      {"": "", "million multiply-adds": ",.0f", "ms": ".0f", "10⁹ per second": ".1f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert stops["resnet18"].multiply_adds > 5 * stops["mobilenet_v2"].multiply_adds
at_most(times["resnet18"] / times["mobilenet_v2"], 4, "15/resnet18-over-mobilenet-seconds")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Only roughly: the speeds in the last column differ by several times. ResNets consist of ordinary 3×3 and 1×1
# convolutions
# over many channels, the case that every library has made fast. ConvNeXt-T has hardly more multiply-adds than ResNet-50,
# and in the stored outputs it takes clearly longer. **Multiply-adds are a count, seconds are a measurement.** The seconds depend on the processor
# and on the library, and on a GPU the order may be another one.
# </details>
#
# ## 5. ReLU in a narrow space
#
# Why not make everything narrow, then? Sandler and others (2018) give an experiment for an answer. Take a spiral in the
# plane, map it into $n$ dimensions by a random matrix $T$, apply ReLU, and map it back to the plane with the best linear
# map (least squares; the authors use the inverse of $T$). Without the ReLU the spiral comes back exactly for every
# $n \geq 2$.
#
# > **Predict.** With the ReLU: how much of the spiral is left for $n = 2, 3, 5, 15, 30$?

# %%
angle = np.linspace(0, 4 * np.pi, 400)
spiral = (angle * np.array([np.cos(angle), np.sin(angle)])).T  # (400, 2)
spiral /= spiral.std()
DIMENSIONS, DRAWS = (2, 3, 5, 15, 30), 100


def there_and_back(n, draws):
    T = draws.normal(size=(2, n))
    hidden = np.maximum(spiral @ T, 0)
    return hidden, hidden @ np.linalg.lstsq(hidden, spiral, rcond=None)[0]


error, lost, pictures = {}, {}, {}
for n in DIMENSIONS:
    draws = np.random.default_rng(n)
    runs = [there_and_back(n, draws) for _ in range(DRAWS)]
    error[n] = np.mean([((back - spiral) ** 2).mean() / spiral.var() for _, back in runs])
    lost[n] = np.mean([((hidden > 0).sum(axis=1) < 2).mean() for hidden, _ in runs])
    pictures[n] = runs[0][1]
table(
    [(n, error[n], lost[n], (n + 1) / 2**n) for n in DIMENSIONS],
    {"n": "d", "error of the way back": ".2f", "points with fewer than two left": ".2f",
     "(n + 1) / 2ⁿ": ".2f"}, "Mean of 100 random matrices",
)  # fmt: skip

# %% tags=["plumbing"]
# The spiral, and what comes back from the first matrix of each n.
figure, axes = viz.figure_grid(1, 6, size=(10, 2.0), sharex=True, sharey=True)
for place, (title, points) in zip(
    axes[0],
    [("input", spiral)] + [(f"n = {n}", points) for n, points in pictures.items()],
    strict=True,
):
    place.plot(*points.T, color="0.2", linewidth=1)
    place.set(title=title, aspect="equal", xticks=[], yticks=[])
show(figure, "15/spiral")

# %% tags=["check"]
# Check that the text is true.
errors = list(error.values())
assert all(left > right for left, right in zip(errors, errors[1:], strict=False))
assert errors[0] > 0.3
assert errors[-1] < 0.1
assert all(abs(lost[n] - (n + 1) / 2**n) < 0.05 for n in DIMENSIONS)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The error falls with $n$. (Single matrices scatter by about 0.1 around these means for $n \leq 5$, so the mean of 100 is known to
# about 0.01.) In two dimensions most of the spiral collapses onto a few lines. In 15 or 30 it comes back
# nearly
# whole, although half of all numbers are set to zero there as well.
#
# The third column asks what *no* method could bring back that does not know the spiral. To find the two coordinates of
# a point one needs two of the
# $n$ numbers, since every number that is left is one linear equation. Each of them survives with probability 1/2. The
# probability
# that none survives is $2^{-n}$, and that exactly one does $n\, 2^{-n}$. The sum is in the last column, and the
# measurement
# agrees. So a ReLU loses information for certain where the space is as narrow as the data, and nearly none where it is
# several times as wide.
# </details>
#
# ## 6. The inverted residual
#
# From this MobileNetV2 builds its block. ResNet's bottleneck is wide – narrow – wide, with the shortcut between the wide
# ends. The **inverted residual** is narrow – wide – narrow:
#
# 1. a 1×1 convolution widens $C$ channels to $tC$ ($t$ = 6, the **expansion**), batch norm, ReLU6;
# 2. a depthwise 3×3, batch norm, ReLU6: the nonlinearities act where the space is wide;
# 3. a 1×1 convolution narrows, batch norm, and **no activation**: the *linear bottleneck*.
#
# Where the shapes agree, $x$ is added. (ReLU6 is $\min(\max(x, 0), 6)$, whose range suits 8-bit numbers.)

# %% tags=["plumbing"]
# ResNet's bottleneck beside the inverted residual.
bottleneck = ("1×1, 64", "BN", "ReLU", "3×3, 64", "BN", "ReLU", "1×1, 256", "BN")
inverted = ("1×1, 144", "BN", "ReLU6", "3×3, depthwise", "BN", "ReLU6", "1×1, 24", "BN")
blocks = [Block("bottleneck, x: 256", bottleneck), Block("inverted, x: 24", inverted, after=())]
show(residual_blocks(blocks), "15/two-bottlenecks")

# %% [markdown]
# The whole network is a stem, 17 such blocks, a 1×1 convolution to 1,280 channels and a linear layer. Where are its
# parameters and its work?


# %%
def kind_of(row, layers):
    """Depthwise, widening or narrowing 1×1, the rest."""
    layer = layers.get(row.name)
    if row.layer != "Conv2d" or layer is None:
        return "norms, linear layer"
    c_out, c_in, K, _ = layer.weight.shape
    if layer.groups > 1:
        return "depthwise"
    if K > 1:
        return "stem"
    return "1×1, widening" if c_out > c_in else "1×1, narrowing"


def by_kind(model):
    layers = dict(model.named_modules())
    totals = {}
    for row in summary(model, (1, 3, 224, 224)).rows:
        sums = totals.setdefault(kind_of(row, layers), [0, 0])
        sums[0] += row.parameters
        sums[1] += row.multiply_adds
    return totals


# %%
mobile = by_kind(numpy_models.mobilenet_v2())
totals = np.sum(list(mobile.values()), axis=0)
table([(kind, *sums, sums[1] / totals[1]) for kind, sums in mobile.items()],
      {"": "", "parameters": ",d", "multiply-adds": ",d", "share": ".0%"},
      "MobileNetV2")  # fmt: skip
print(f"in all: {totals[0]:,} parameters, {totals[1]:,} multiply-adds")

import torchvision.models as theirs

with torch.device("meta"):
    networks = theirs.mobilenet_v2(), torch_models.mobilenet_v2()
keys = [{key: tuple(value.shape) for key, value in net.state_dict().items()} for net in networks]
print("the names and shapes are torchvision's:", keys[0] == keys[1])

# %% tags=["check"]
# Check that the text is true.
assert totals[0] == 3_504_872
assert keys[0] == keys[1]
assert mobile["depthwise"][1] / totals[1] < 0.1
assert (mobile["1×1, widening"][1] + mobile["1×1, narrowing"][1]) / totals[1] > 0.85

# %% [markdown]
# Nearly all of the work is in 1×1 convolutions, which are matrix products. The depthwise layers, the only ones that see
# a neighbourhood (besides the stem), are a few per cent of the work.
#
# ## 7. Groups and channel shuffle
#
# *(This section can wait.)* Between the ordinary and the depthwise convolution there is everything in between: with
# $G$ **groups** each output channel sees only the $C_{in}/G$ input channels of its own group, and weights
# and multiply-adds fall by the factor $G$. Seen as a matrix between channels, a grouped 1×1 convolution is
# block-diagonal.
# AlexNet used two groups because it had two GPUs ([lesson 11](11_alexnet.ipynb#8.-Two-GPUs,-two-groups)). ResNeXt (Xie
# and
# others, 2017) uses 32 on purpose:

# %%
bodies = {
    "ResNet-50's bottleneck": (64, 1),
    "ResNeXt-50's, 32 groups": (128, 32),
}
rows = [
    (name, mid, groups, 256 * mid + 9 * mid * mid // groups + mid * 256)
    for name, (mid, groups) in bodies.items()
]
table(rows, {"body on 256 channels": "", "width of the 3×3": "d", "groups": "d", "weights": ",d"})

# %% tags=["check"]
# Check that the text is true.
assert abs(rows[1][3] / rows[0][3] - 1) < 0.01

# %% [markdown]
# For about the same number of weights the 3×3 can be twice as wide. The authors of ResNeXt report a top-1 error of
# 22.2 %,
# against 23.9 % for ResNet-50.
#
# The price: within a layer no group sees the channels of another one. ShuffleNet (Zhang, Zhou, Lin and Sun, 2018) puts
# two grouped layers one after the other and reorders the channels in between, without any weight: write the channels as
# a table with $G$ rows, and read it by columns.
#
# > **Predict.** 12 channels in 3 groups: how many of the 12 inputs does an output depend on after two grouped layers?
# > And with a shuffle in between?

# %%
C, G = 12, 3
order = NF.channel_shuffle(np.arange(C).reshape(1, C, 1, 1), G)[0, :, 0, 0]
print("order after the shuffle:", *order)

grouped = np.kron(np.eye(G), np.ones((C // G, C // G)))  # which output sees which input
two_layers = np.minimum(grouped @ grouped, 1)
with_shuffle = np.minimum(grouped @ grouped[order], 1)
print(f"inputs of an output: {two_layers.sum(axis=1).max():.0f}",
      f"and {with_shuffle.sum(axis=1).min():.0f}")  # fmt: skip

# %% tags=["plumbing"]
# Which output depends on which input.
pictures = [grouped, two_layers, grouped[order], with_shuffle]
titles = ["one grouped layer", "two", "grouped, then shuffled", "two, a shuffle between"]
show(viz.image_row(pictures, titles, height=2.2, low=-0.2, high=1.4), "15/who-sees-whom")

# %% tags=["check"]
# Check that the text is true.
assert two_layers.sum(axis=1).max() == C // G
assert with_shuffle.min() == 1

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# (In each picture a row is an output and a column is an input.)
# Without the shuffle an output depends only on the 4 inputs of its group. With it every output depends on all 12:
# after the
# shuffle each group of four holds at least one channel of every group before. This needs $C/G \geq G$.
# </details>
#
# ## 8. Compound scaling
#
# *(This section can wait.)* Suppose that you may spend more multiply-adds on a network. Make it wider, deeper, or give
# it larger images? Multiply-adds grow with the depth $d$, with the square of the width $w$ and with the square of the
# resolution $r$ (no longer the reduction of section 1). Tan and Le (2019) searched for the best exchange between the
# three and
# found, for each doubling of the work, depth × 1.2, width × 1.1, resolution × 1.15:

# %%
alpha, beta, gamma = 1.2, 1.1, 1.15
print(f"α·β²·γ² = {alpha * beta**2 * gamma**2:.2f}")

# %% [markdown]
# So each step about doubles the work. EfficientNet-B1 to B7 are made in this way from one network, B0, found by a
# search. Is
# scaling all three the best on a small scale, too? The network has a 3×3 stem with $w$ channels, $d$ residual layers and
# global average pooling, on garments of $r \times r$ pixels. We spend three and a half to four times
# the multiply-adds, in four ways.


# %%
class Scaled(nn.Module):
    def __init__(self, w, d):
        super().__init__()
        self.stem = conv_bn(1, w)
        self.layers = nn.ModuleList(conv_bn(w, w) for _ in range(d))
        self.fc = nn.Linear(w, 10)

    def forward(self, x):
        x = self.stem(x)
        for layer in self.layers:
            x = x + layer(x)
        return self.fc(x.mean(dim=(2, 3)))


# %%
pixels = {split: data.fashion_mnist(split)[0] for split in ("train", "test")}


def garments(split, r, count):
    x = torch.from_numpy(pixels[split][:count, None]).float() / 255
    return (F.interpolate(x, (r, r), mode="bilinear", antialias=True) - 0.286) / 0.321


WAYS = {
    "as it is": (8, 3, 10), "width": (16, 3, 10), "depth": (8, 12, 10),
    "resolution": (8, 3, 20), "all three": (10, 4, 13),
}  # fmt: skip

# %% [markdown]
# > **Predict.** Which of the four ways gives the highest accuracy after 60 steps of 32 images?

# %% tags=["nbval-ignore-output"]
found, rows = {}, []
for name, (w, d, r) in WAYS.items():
    small_train, small_test = garments("train", r, 4000), garments("test", r, 1000)
    found[name] = []
    for seed in STARTS:
        torch.manual_seed(seed)
        net = Scaled(w, d)
        descend(net, small_train, y_train[:4000], steps=60, lr=0.05, batch_size=32)
        found[name].append(accuracy(net, small_test))
    found[name] = np.array(found[name])
    cost = 9 * (w * w * d + w) * r * r
    rows.append((name, w, d, r, cost, found[name].mean(), found[name]))
table(rows, {"": "", "width": "d", "depth": "d", "resolution": "d", "multiply-adds": ",d",
             "accuracy": ".3f", "five starts": ".2f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
costs = [row[4] for row in rows]
assert all(3.4 < cost / costs[0] < 4.1 for cost in costs[1:])
at_least(found["width"] - found["resolution"], 0.05, "15/width-beats-resolution")
at_least(found["all three"] - found["resolution"], 0.04, "15/all-three-beat-resolution")
at_least(found["as it is"] - found["resolution"], 0.0, "15/resolution-alone-does-not-help")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# More width, or all three together, are far ahead of more resolution. And more resolution *alone* does not even reach
# the network as it is, which does a quarter of the work. A likely reason can be computed: a stem and three layers of
# 3×3 see $1 + 2 \cdot 4 = 9$ pixels
# (lesson 03). Of 10 pixels that is nearly the whole garment, of 20 pixels less than half of it in each direction. Larger
# images need more depth to be seen. This is the paper's argument for scaling all three together.
#
# Depth alone differs very much from start to start here, so we claim nothing about it. Nor can we say whether width or
# all three
# are better. (Width brings most parameters, too.) After training to the end the order may be another one: the paper's
# is for
# ImageNet.
# </details>
#
# ## 9. A real network: EfficientNet-Lite0
#
# EfficientNet-B0 is made of inverted residuals (section 6) with gates (section 1) and with kernels of 3×3 and 5×5.
# Lite0 is
# B0 without the gates, and with ReLU6 as its activation. Its trained weights come with the course's extra `imagenet`.
# Here they
# are, in PyTorch, and translated by `from_torch` into a list of NumPy steps. `preprocess` cuts the centre square,
# resizes it to 224 pixels, and scales it as the network was trained: $(x - 127)/128$.

# %% tags=["plumbing"]
# What the network sees.
PHOTOS = ["coffee", "cat", "camera", "motorcycle", "moon"]
views = [preprocess(data.photograph(photo))[0].numpy() / 2 + 0.5 for photo in PHOTOS]
show(viz.image_row(views, PHOTOS, height=1.9), "15/what-lite0-sees")

# %% [markdown]
# > **Predict.** What does it say about these five photographs? It knows 1,000 classes: dogs, tools, vehicles, food.
# > It has no class for "person", for "moon" or for "grass".

# %%
lite = torch_models.efficientnet_lite0(pretrained=True)
lite_numpy = from_torch(lite).prepare()
names = imagenet_classes()
rows, agreement = [], []
for photo in PHOTOS:
    image = preprocess(data.photograph(photo))
    logits = lite_numpy(image.numpy())
    with torch.no_grad():
        agreement.append(np.abs(logits - lite(image).numpy()).max() < 1e-3)
    probabilities = NF.softmax(logits, dim=1)[0]
    best = probabilities.argsort()[::-1][:5]
    rows.append((photo, probabilities[best[0]], ", ".join(names[k] for k in best)))
print("NumPy and PyTorch agree:", all(agreement))
table(rows, {"photograph": "", "probability of the first": ".2f", "top 5": ""})

# %% tags=["check"]
# Check that the text is true.
assert all(agreement)
top = {row[0]: row[2] for row in rows}
assert top["coffee"].startswith("espresso")
assert "tabby" in top["cat"]
assert top["camera"].startswith("tripod")
assert top["motorcycle"].startswith("moped")
assert top["moon"].startswith("nematode")
assert rows[4][1] > 0.5

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Espresso, kinds of cats, a tripod (it stands in the picture), a moped: all sensible. The surface of the moon is called a
# *nematode*, a worm, with more than half of the probability. A classifier must distribute its probability among the
# classes that it knows, and to us, too, a grey plain with small dark spots looks a little like a photograph through a
# microscope. A large probability is no proof that the question makes sense.
# </details>
#
# Where are its multiply-adds, and where are its seconds? We sum both over its two main kinds of convolution. The times
# are PyTorch's, measured layer by layer.


# %% tags=["nbval-ignore-output"]
def seconds_by_kind(net, image, rounds=5):
    """Seconds of the convolutions, the smallest of some rounds, summed by kind."""
    layers = {name: layer for name, layer in net.named_modules() if isinstance(layer, nn.Conv2d)}
    best, start = dict.fromkeys(layers, np.inf), {}

    def before(name):
        return lambda *_: start.update({name: time.perf_counter()})

    def after(name):
        return lambda *_: best.update({name: min(best[name], time.perf_counter() - start[name])})

    hooks = [layer.register_forward_pre_hook(before(name)) for name, layer in layers.items()]
    hooks += [layer.register_forward_hook(after(name)) for name, layer in layers.items()]
    with torch.no_grad():
        for _ in range(rounds):
            net(image)
    for hook in hooks:
        hook.remove()
    sums = {"depthwise": 0.0, "1×1": 0.0}
    for name, layer in layers.items():
        if layer.kernel_size == (1, 1) or layer.groups > 1:
            sums["depthwise" if layer.groups > 1 else "1×1"] += best[name]
    return sums


# %% tags=["nbval-ignore-output"]
of_lite = by_kind(numpy_models.efficientnet_lite0())
lite_work = {
    "depthwise": of_lite["depthwise"][1],
    "1×1": of_lite["1×1, widening"][1] + of_lite["1×1, narrowing"][1],
}
lite_time = seconds_by_kind(lite, x_cup)
share = {
    kind: (lite_work[kind] / sum(lite_work.values()), lite_time[kind] / sum(lite_time.values()))
    for kind in lite_work
}
table([(kind, *both) for kind, both in share.items()],
      {"": "", "share of multiply-adds": ".0%", "share of the time": ".0%"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(share["depthwise"][1] / share["depthwise"][0], 2, "15/depthwise-share-of-time")

# %% [markdown]
# This is one part of the puzzle's answer. The depthwise layers are a small share of the multiply-adds of these layers and
# a far larger share of their time. It is not the whole answer. A 1×1 convolution, too, does fewer multiply-adds for each
# number that it moves than a 3×3 convolution does (the table in section 4). And Lite0 has many activations and sums (in
# PyTorch batch norms, too), which this table leaves out: they have no multiply-adds in our count, but they take time.
#
# ## 10. From ResNet to ConvNeXt
#
# *(This section can wait.)* In 2020 and 2021 vision transformers were ahead of ResNets. Was it attention, or the many
# small choices that were made along with it? Liu and others (2022) took a ResNet-50 and changed one choice after the
# other,
# until no attention was needed. One body with options holds all steps:


# %%
def body(c_in, C, mid, stride, o):
    """Three convolutions, with the norms and activations that the options `o` ask for."""

    def conv(c_in, c_out, K=1, stride=1, groups=1):
        return nn.Conv2d(c_in, c_out, K, stride, K // 2, groups=groups, bias=o["norms"] == 1)

    if o["first"]:  # the depthwise one comes first, where the stream is narrow
        convs = conv(c_in, c_in, o["K"], stride, c_in), conv(c_in, mid), conv(mid, C)
    else:
        groups = mid if o["depthwise"] else 1
        convs = conv(c_in, mid), conv(mid, mid, o["K"], stride, groups), conv(mid, C)
    layers = []
    for i, layer in enumerate(convs):
        layers.append(layer)
        if o["norms"] == 3 or i == 0:
            layers.append(o["norm"](layer.out_channels))
        if i == 1 or (i == 0 and o["activations"] == 3):
            layers.append(o["activation"]())
    return layers


# %%
class LayerScale(nn.Module):
    def __init__(self, C):
        super().__init__()
        self.gamma = nn.Parameter(torch.full((C, 1, 1), 1e-6))

    def forward(self, x):
        return self.gamma * x


# %%
class Residual(nn.Module):
    def __init__(self, c_in, planes, stride, o):
        super().__init__()
        C, mid = (planes, 4 * planes) if o["inverted"] else (4 * planes, planes)
        layers = body(c_in, C, mid, stride, o) + ([LayerScale(C)] if o["scale"] else [])
        self.body, self.C = nn.Sequential(*layers), C
        self.shortcut = nn.Identity()
        if stride > 1 or c_in != C:
            projection = nn.Conv2d(c_in, C, 1, stride, bias=False)
            self.shortcut = nn.Sequential(projection, o["norm"](C))
        self.last = o["activation"]() if o["activations"] == 3 else nn.Identity()

    def forward(self, x):
        return self.last(self.shortcut(x) + self.body(x))


# %%
def stem(c_in, C, o, patch):
    if o["patchify"]:  # patches that do not overlap
        layers = [nn.Conv2d(c_in, C, patch, patch, bias=o["norms"] == 1), o["norm"](C)]
        return layers + ([o["activation"]()] if o["activations"] == 3 else [])
    K, pool = (7, [nn.MaxPool2d(3, 2, 1)]) if patch == 4 else (3, [])
    conv = nn.Conv2d(c_in, C, K, 2, K // 2, bias=False)
    return [conv, nn.BatchNorm2d(C), nn.ReLU(), *pool]


# %%
def network(o, c_in=3, classes=1000, patch=4):
    C = o["planes"]
    layers = stem(c_in, C, o, patch)
    for stage, count in enumerate(o["blocks"]):
        planes = o["planes"] * 2**stage
        for index in range(count):
            stride = 2 if stage and index == 0 else 1
            if (
                stride == 2 and o["apart"]
            ):  # halve the size between the stages, outside of any block
                layers += [o["norm"](C), nn.Conv2d(C, planes, 2, 2)]
                C, stride = planes, 1
            layers.append(Residual(C, planes, stride, o))
            C = layers[-1].C
    last_norm = [o["norm"](C)] if o["apart"] else []
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), *last_norm, nn.Flatten(), nn.Linear(C, classes)
    )


# %% [markdown]
# The steps, in the paper's order, with the top-1 accuracy that it reports after each of them. (The first row is a
# ResNet-50 with
# the modern training recipe. With the recipe of 2015 it is 76.1 %: the recipe alone brings more than any step below.)

# %%
RESNET = {
    "blocks": (3, 4, 6, 3), "planes": 64, "patchify": False, "depthwise": False,
    "inverted": False, "first": False, "K": 3, "activation": nn.ReLU, "activations": 3,
    "norms": 3, "norm": nn.BatchNorm2d, "apart": False, "scale": False,
}  # fmt: skip
STEPS = [
    ("ResNet-50", {}, 78.8),
    ("blocks 3, 3, 9, 3", {"blocks": (3, 3, 9, 3)}, 79.4),
    ("patchify: 4×4 with stride 4", {"patchify": True}, 79.5),
    ("depthwise 3×3", {"depthwise": True}, 78.3),
    ("wider: 64 → 96", {"planes": 96}, 80.5),
    ("inverted: wide in the middle", {"inverted": True}, 80.6),
    ("depthwise first", {"first": True}, 79.9),
    ("kernels of 7×7", {"K": 7}, 80.6),
    ("GELU for ReLU", {"activation": nn.GELU}, 80.6),
    ("one activation per block", {"activations": 1}, 81.3),
    ("one norm per block", {"norms": 1}, 81.4),
    ("LayerNorm for batch norm", {"norm": lambda C: LayerNorm2d(C, eps=1e-6)}, 81.5),
    ("separate downsampling", {"apart": True}, 82.0),
    ("layer scale", {"scale": True}, None),
]


# %%
def work_of(layer, side):
    """Multiply-adds of a layer on maps of side × side, and the side of what comes out."""
    if isinstance(layer, Residual):
        inside, out = work_of(layer.body, side)
        return inside + work_of(layer.shortcut, side)[0], out
    if isinstance(layer, nn.Sequential):
        total = 0
        for part in layer:
            work, side = work_of(part, side)
            total += work
        return total, side
    if isinstance(layer, nn.Conv2d):
        out = (side + 2 * layer.padding[0] - layer.kernel_size[0]) // layer.stride[0] + 1
        return layer.weight.numel() * out**2, out
    if isinstance(layer, nn.Linear):
        return layer.weight.numel(), side
    return 0, side // 2 if isinstance(layer, nn.MaxPool2d) else side


# %%
def count(net, side):
    """Parameters and multiply-adds."""
    return sum(p.numel() for p in net.parameters()), work_of(net, side)[0]


# %% [markdown]
# > **Predict.** Section 4 has shown that the final network has about as many multiply-adds as ResNet-50. Which single
# > step on the way saves most of them, and which one costs most?

# %%
options, counts, big_options = RESNET, [], []
for _, change, _ in STEPS:
    options = options | change
    big_options.append(options)
    with torch.device("meta"):
        counts.append(count(network(options), 224))
table([(name, parameters, work / 1e9, reported)
       for (name, _, reported), (parameters, work) in zip(STEPS, counts, strict=True)],
      {"": "", "parameters": ",d", "multiply-adds, 10⁹": ".2f",
       "top-1 in %, reported": ".1f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
PAPER = [4.1, 4.5, 4.4, 2.4, 5.3, 4.6, 4.1, 4.2, 4.2, 4.2, 4.2, 4.2, 4.5]
assert all(abs(work / 1e9 - given) < 0.06 for (_, work), given in zip(counts, PAPER, strict=False))
assert counts[0][0] == 25_557_032
assert counts[-1][0] == 28_589_128
assert counts[-1][0] == summary(numpy_models.convnext_tiny(), (1, 3, 224, 224)).parameters
assert 1 < counts[-1][1] / counts[0][1] < 1.1
changes = np.diff([work for _, work in counts])
assert changes.argmin() == 2
assert changes.argmax() == 3

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# *Depthwise* saves nearly half, and *wider* spends all of it again, and more. In the end there are about a tenth more
# multiply-adds than in ResNet-50, and 28,589,128 parameters: exactly the package's ConvNeXt-T, and torchvision's. The
# multiply-adds agree with the paper's figure 2, which gives one decimal. *Depthwise first* is not there for its own
# sake: it loses 0.7 points, but in
# the narrow part of the block a 7×7 kernel costs almost nothing.
# </details>
#
# Three parts in short:
#
# - **LayerNorm** normalises the channels at each place, separately from all other places and images (lesson 08). It needs
#   no batch.
# - **GELU** is $x\, \Phi(x)$, with the distribution function $\Phi$ of the standard normal distribution: a smooth
#   ReLU. **Layer
#   scale** multiplies the body by a learned factor per channel that starts at $10^{-6}$, as in lesson 14's section on
#   the last $\gamma$.
# - **Stochastic depth** (Huang and others, 2016) leaves out the body of a block with probability $p$, in training only.
#   The authors draw once for a whole batch. ConvNeXt draws for each image separately, and divides what is kept by
#   $1 - p$, so that the mean is right:

# %%
x = rng.normal(size=(1, 2, 2, 2))
branch = rng.normal(size=(1, 2, 2, 2))
many = np.repeat(branch, 20_000, axis=0)
mean = x + NF.stochastic_depth(many, 0.3, "row", rng=rng).mean(axis=0)
print("mean of 20,000 draws is x + branch:", np.allclose(mean, x + branch, atol=0.05))
p = 0.1 * np.arange(18) / 17  # ConvNeXt-T: 18 blocks, from 0 to 0.1
print(f"bodies that are left on average: {(1 - p).sum():.1f} of 18")

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(mean, x + branch, atol=0.05)
assert np.isclose((1 - p).sum(), 17.1)

# %% [markdown]
# And on a small scale? The same function builds networks with patches of 2×2 pixels and two stages. The first stage has 8
# (later 12) `planes`, the width from which all others are computed. The stages have 1 + 1 (later 1 + 2) blocks. Eight of
# these networks are trained for 30 steps of 32 garments each, from five starts. (A row includes all changes before it.)
#
# > **Predict.** Between its first and its last row the paper gains three points. Does the accuracy rise here, too?

# %% tags=["nbval-ignore-output"]
TRAINED = (0, 3, 4, 5, 7, 11, 12, 13)
SMALL = {"blocks": {"blocks": (1, 2)}, "planes": {"planes": 12}}
options, small, rows = RESNET | {"blocks": (1, 1), "planes": 8}, {}, []
for step, (name, change, _) in enumerate(STEPS):
    options = options | SMALL.get(next(iter(change), None), change)
    if step in TRAINED:
        small[step] = []
        for seed in STARTS:
            torch.manual_seed(seed)
            net = network(options, 1, 10, patch=2)
            descend(net, x_train, y_train, steps=30, lr=0.05, batch_size=32)
            small[step].append(accuracy(net))
        small[step] = np.array(small[step])
        rows.append((name, *count(net, 14), small[step].mean(), small[step]))
table(rows, {"": "", "parameters": ",d", "multiply-adds": ",d", "accuracy": ".2f",
             "five starts": ".2f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_most(small[11] - small[7], -0.03, "15/one-layer-norm-falls")
at_least(small[12] - small[11], 0.03, "15/norms-on-the-stream-help")
at_most(small[13] - small[12], 0.0, "15/layer-scale-is-slow")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# No. Down to the kernels of 7×7 the rows are about equal, though the paper's differ by two points. With one LayerNorm
# per block it falls
# clearly. Four changes lie between these two rows (GELU, one activation, one norm, LayerNorm), so the table does not
# say which
# of them it is. In this row nothing normalises the stream before the last layer. *Separate downsampling* puts a norm
# there, and one before each 2×2 convolution between the stages, and the accuracy is back. (The authors of ConvNeXt
# write that training diverged when they made the downsampling separate without such norms.) Layer scale costs accuracy
# here: at $10^{-6}$
# all bodies are closed at the start, and 30 steps are probably too few to open them.
#
# So this table says what the changes do to the *beginning* of training, and nothing about their value after 300 epochs
# on a
# million images. A recipe that was found at one scale has to be tested again at another.
# </details>
#
# ## 11. The tour's end
#
# All published networks of the course, counted by our own code. The errors are those that the authors report.

# %%
end = viz.tour_of_networks()
table(end.rows, end.columns)

# %% tags=["plumbing"]
# Error over multiply-adds.
show(end.figure(), "15/the-whole-tour")

# %% tags=["check"]
# Check that the text is true.
by_model = {stop.model: stop for stop in end.stops}
assert by_model["mobilenet_v2"].parameters == 3_504_872
assert by_model["convnext_tiny"].parameters == 28_589_128
assert by_model["efficientnet_lite0"].top1 < by_model["resnet18"].top1

# %% [markdown]
# From AlexNet's 40.7 % to ConvNeXt-T's 17.9 % in ten years. Three things to read from the plot. VGG is expensive for its
# error, by any measure. The small networks of 2018 to 2020 reach VGG's error with a fortieth of its multiply-adds. And
# the
# numbers were not measured in the same way: several views of an image lower the error, and so does a modern
# recipe, which the networks of 2012 to 2016 did not have.

# %% [markdown]
# ## Claims to test
#
# 1. "Fewer multiply-adds, faster network."
# 2. "ReLU destroys information in narrow layers."
# 3. "A squeeze-and-excitation gate knows the class."
#
# > **Predict.** In what sense is each of them true?

# %% tags=["plumbing", "nbval-ignore-output"]
# The measurements, one line per claim.
for slow, quick in [("resnet18", "mobilenet_v2"), ("convnext_tiny", "resnet50")]:
    more = stops[slow].multiply_adds / stops[quick].multiply_adds
    print(f"1. {TIMED[slow]} over {TIMED[quick]}: multiply-adds {more:.2f},",
          f"time {times[slow] / times[quick]:.1f}")  # fmt: skip
print("2. points lost for good:", ", ".join(f"{lost[n]:.2f} for n = {n}" for n in DIMENSIONS))
means = spread[:, [0, 3], 1].mean(axis=0).round(3)
print("3. spread of the class means, block 1 and block 4:", *means)

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **True for one kind of layer, false across kinds.** From ResNet-18 to ResNet-50 the time grows about as the
#    multiply-adds do (section 4). But a depthwise multiply-add
#    takes several times as long as one of an ordinary convolution: the layer does little arithmetic for each number
#    that it moves, and it is no matrix product. Time what you want to be fast, on the machine where it runs.
# 2. **True, and it can be computed.** Data of two dimensions lose three quarters of their points for good in a space of
#    two dimensions, and practically none in 15. In a *wide* layer a ReLU destroys nearly nothing.
# 3. **True of late gates, in the sense that their mean differs by class.** Early gates hardly differ. In our small
#    network the gates move little, and making them constant costs little.
# </details>

# %% [markdown]
# ## Summary
#
# 1. Squeeze and excite: $y_c = a_c x_c$ with a gate that sees the means of all channels. $2C^2/r$ weights, once per
#    image.
# 2. A depthwise separable convolution costs $1/C_{out} + 1/K^2$ of an ordinary one. Its depthwise step does at most
#    $K^2/2$ multiply-adds for each number that it moves, so the time falls less.
# 3. A ReLU loses data for good where the space is as narrow as the data: $(n + 1)/2^n$ of the points for two
#    dimensions in $n$. So MobileNetV2 applies it in the wide middle and keeps the narrow ends linear.
# 4. Groups divide weights and work by $G$; a shuffle lets the groups exchange what they know.
# 5. ConvNeXt is a ResNet with a dozen small changes. Each can be counted, and a good part of the progress is the training
#    recipe.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** How many parameters has a gate on 256 channels with $r = 16$, biases included?
#
# <details><summary>Answer</summary>
#
# $2 \cdot 256^2 / 16 + 256 + 16 = 8{,}464$.
# </details>
#
# **2.** All gates are 0.5. By what factor is $g$ multiplied in the first term of $\partial L / \partial x$, and which
# slope
# of the sigmoid is a factor of the second term?
#
# <details><summary>Answer</summary>
#
# By 0.5; the slope is $a(1 - a) = 0.25$.
# </details>
#
# **3.** For which $C_{out}$ is a separable 5×5 convolution cheaper than an ordinary one by at least a factor of 20?
#
# <details><summary>Answer</summary>
#
# $1/C_{out} + 1/25 \leq 1/20$, so $C_{out} \geq 100$.
# </details>
#
# **4.** Data of two dimensions, $n = 4$ and ReLU. What share of the points is lost for good?
#
# <details><summary>Answer</summary>
#
# $5/16 = 0.3125$.
# </details>
#
# **5.** 64 channels, $G = 16$. Does one shuffle between two grouped 1×1 layers suffice for every output to see every
# input?
#
# <details><summary>Answer</summary>
#
# No: a group has $64/16 = 4$ channels and would need one from each of 16 groups. An output sees $4 \cdot 4 = 16$ inputs.
# </details>
#
# **6.** A network has 10 blocks with stochastic depth, $p$ rising evenly from 0 to 0.5. How many bodies are used on
# average?
#
# <details><summary>Answer</summary>
#
# $10 - 10 \cdot 0.25 = 7.5$.
# </details>

# %%
print("1.", f"{2 * 256**2 // 16 + 256 + 16:,}")
print("2.", 0.5, 0.5 * (1 - 0.5))
print("3.", next(C for C in range(1, 200) if 1 / C + 1 / 25 <= 1 / 20 + 1e-12))
print("4.", (4 + 1) / 2**4)
order = NF.channel_shuffle(np.arange(64).reshape(1, 64, 1, 1), 16)[0, :, 0, 0]
grouped = np.kron(np.eye(16), np.ones((4, 4)))
print("5.", int(np.minimum(grouped @ grouped[order], 1).sum(axis=1).max()))
print("6.", (1 - 0.5 * np.arange(10) / 9).sum().round(2))

# %% [markdown]
# ## Where to read more
#
# - J. Hu, L. Shen, G. Sun, "Squeeze-and-excitation networks", CVPR (2018), arXiv:1709.01507: sections 3 and 5; the
#   journal
#   version has the gates by class.
# - A. G. Howard and others, "MobileNets: Efficient convolutional neural networks for mobile vision applications" (2017),
#   arXiv:1704.04861: section 3, the cost.
# - M. Sandler, A. Howard, M. Zhu, A. Zhmoginov, L.-C. Chen, "MobileNetV2: Inverted residuals and linear bottlenecks",
#   CVPR (2018), arXiv:1801.04381: section 3 and the appendix, on what a ReLU leaves.
# - S. Xie, R. Girshick, P. Dollár, Z. Tu, K. He, "Aggregated residual transformations for deep neural networks", CVPR
#   (2017), arXiv:1611.05431: ResNeXt.
# - X. Zhang, X. Zhou, M. Lin, J. Sun, "ShuffleNet: An extremely efficient convolutional neural network for mobile
#   devices", CVPR (2018), arXiv:1707.01083.
# - M. Tan, Q. V. Le, "EfficientNet: Rethinking model scaling for convolutional neural networks", ICML (2019),
#   arXiv:1905.11946: section 3.
# - Z. Liu, H. Mao, C.-Y. Wu, C. Feichtenhofer, T. Darrell, S. Xie, "A ConvNet for the 2020s", CVPR (2022),
#   arXiv:2201.03545: figure 2 is section 10's table.
# - G. Huang, Y. Sun, Z. Liu, D. Sedra, K. Weinberger, "Deep networks with stochastic depth", ECCV (2016),
#   arXiv:1603.09382.
#
# **Next:** do the [exercises of this unit](../exercises/15_senet_to_convnext/15_senet_to_convnext.ipynb). Then
# [16 What CNNs learn](16_what_cnns_learn.ipynb) asks what such networks look at, and judges the answers.
