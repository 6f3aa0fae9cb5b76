# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Start here
#
# This course explains convolutional neural networks from the ground up: what an image is, what a convolution does to
# it, how the error flows back through it, and how those pieces became LeNet, VGG and ResNet. Each idea comes
# twice, in NumPy that reads like its formula and in PyTorch, and you see that the two agree.
#
# **You should know** Python, NumPy, matrices, the chain rule, and the idea of gradient descent. No PyTorch is needed to
# begin.

# %% [markdown]
# ## How to work with it
#
# 1. **Read a lesson and run it** as you read: `Shift`+`Enter` runs a cell and moves on. Nothing breaks when you
#    change numbers; *Kernel → Restart Kernel and Run All Cells…* puts everything back.
# 2. **Predict before you run.** Where the text says *Predict*, write your guess down first. A wrong guess teaches
#    more than a right one that came after the answer.
# 3. **Do the exercises** of the same number. Every task has hints in layers, and a check that shows what went wrong and,
#    often, why.
# 4. **This is your own copy.** `make lab` and `cnncourse start` put the lessons and exercises into the folder `my_work`.
#    Change and save there what you like. When the course has a newer version of a file in which you wrote something,
#    yours stays as it is and the newer one is put beside it.
# 5. Something does not work? Open a terminal (*File → New → Terminal*) and type `cnncourse doctor`. It looks at the
#    installation and tells you what to do.
#
# Everything runs on an ordinary computer, without a GPU and without a network: real images come with the package.

# %% [markdown]
# ## The map
#
# | | Lesson | The question | Minutes | Exercise, minutes | |
# | --- | --- | --- | --- | --- | --- |
# | 01 | [Images as tensors](01_images_as_tensors.ipynb) | What does a network see, and why not an MLP? | 75 (60) | 50 | [exercise](../exercises/01_images_as_tensors/01_images_as_tensors.ipynb) |
# | 02 | [Convolution](02_convolution.ipynb) | What follows from treating every place alike? | 100 | 150 | [exercise](../exercises/02_convolution/02_convolution.ipynb) |
# | 03 | [Shapes and receptive fields](03_shapes_and_receptive_fields.ipynb) | How large is the output, and what does it see? | 110 (90) | 80 | [exercise](../exercises/03_shapes_and_receptive_fields/03_shapes_and_receptive_fields.ipynb) |
# | 04 | [Equivariance](04_equivariance.ipynb) | What happens when the image moves? | 90 (70) | 55 | [exercise](../exercises/04_equivariance/04_equivariance.ipynb) |
# | 05 | [Fast convolution](05_fast_convolution.ipynb) | How is one sum computed in six ways? | 95 | 85 | [exercise](../exercises/05_fast_convolution/05_fast_convolution.ipynb) |
# | 06 | [Backpropagation through convolution](06_backpropagation.ipynb) | How does the error reach a shared weight? | 100 (75) | 95 | [exercise](../exercises/06_backpropagation/06_backpropagation.ipynb) |
# | 07 | [Pooling](07_pooling.ipynb) | What is lost on purpose, and what for? | 90 (85) | 80 | [exercise](../exercises/07_pooling/07_pooling.ipynb) |
# | 08 | [Batch normalisation](08_batch_normalisation.ipynb) | Why do deep networks need it, and how does it go wrong? | 95 (80) | 80 | [exercise](../exercises/08_batch_normalisation/08_batch_normalisation.ipynb) |
# | 09 | [Training a CNN](09_training.ipynb) | What turns layers into a network that works? | 70 (60) | 80 | [exercise](../exercises/09_training/09_training.ipynb) |
# | 10 | [LeNet-5](10_lenet.ipynb) | What did 1998 know already? | 75 (70) | 60 | [exercise](../exercises/10_lenet/10_lenet.ipynb) |
# | 11 | [AlexNet and ZFNet](11_alexnet.ipynb) | What won in 2012, and which of its parts matter? | 85 (65) | 130 | [exercise](../exercises/11_alexnet/11_alexnet.ipynb) |
# | 12 | [VGG](12_vgg.ipynb) | Why only 3×3? | 45 (30) | 50 | [exercise](../exercises/12_vgg/12_vgg.ipynb) |
# | 13 | [GoogLeNet and Inception](13_inception.ipynb) | How does one look at several sizes at once? | 85 (80) | 115 | [exercise](../exercises/13_inception/13_inception.ipynb) |
# | 14 | [ResNet](14_resnet.ipynb) | Why is deeper not better, and what fixes it? | 90 (70) | 100 | [exercise](../exercises/14_resnet/14_resnet.ipynb) |
# | 15 | [SENet, MobileNet, EfficientNet, ConvNeXt](15_senet_to_convnext.ipynb) | What came after ResNet, and is less work less time? | 105 (75) | 135 | [exercise](../exercises/15_senet_to_convnext/15_senet_to_convnext.ipynb) |
# | 16 | [What CNNs learn](16_what_cnns_learn.ipynb) | What did the network look at, and who checks the answer? | 95 (75) | 125 | [exercise](../exercises/16_what_cnns_learn/16_what_cnns_learn.ipynb) |
# | 17 | [Transfer learning](17_transfer_learning.ipynb) | What does a trained network know that helps with another task? | 70 (65) | 115 | [exercise](../exercises/17_transfer_learning/17_transfer_learning.ipynb) |
# | 18 | [Detection](18_detection.ipynb) | What is where, and how good is the answer? | 80 (75) | 225 | [exercise](../exercises/18_detection/18_detection.ipynb) |
# | 19 | [Segmentation and U-Net](19_segmentation.ipynb) | Which class has each pixel, and how good is the answer? | 90 (75) | 175 | [exercise](../exercises/19_segmentation/19_segmentation.ipynb) |
# | 20 | [One dimension, three dimensions, graphs](20_one_three_graphs.ipynb) | What is left of a convolution without a grid? | 90 (85) | 145 | [exercise](../exercises/20_one_three_graphs/20_one_three_graphs.ipynb) |
# | 21 | [Scaling up](21_scaling_up.ipynb) | What stays the same when everything grows? | 80 (70) | 120 | [exercise](../exercises/21_scaling_up/21_scaling_up.ipynb) |
#
# Minutes are counted from the text, the code, the figures and the questions; in brackets without the sections that can
# wait. The lessons build on each other. Lesson 05 (how a convolution is computed fast) can wait until you are curious.

# %% [markdown]
# ## Two evenings
#
# You have two evenings? Read these sections, in this order. Run the cells above a section too: *Run → Run All Above
# Selected Cell*.
#
# <!-- two evenings -->
#
# **The first evening: one kernel for every place** (about 85 minutes)
#
# - 01, 25 minutes: [A puzzle](01_images_as_tensors.ipynb#A-puzzle) · [Which axis comes first](01_images_as_tensors.ipynb#4.-Which-axis-comes-first) · [Why not simply a fully connected network?](01_images_as_tensors.ipynb#6.-Why-not-simply-a-fully-connected-network?) · [What flattening forgets](01_images_as_tensors.ipynb#7.-What-flattening-forgets)
# - 02, 40 minutes: [A puzzle](02_convolution.ipynb#A-puzzle) · [From a fully connected layer to convolution](02_convolution.ipynb#1.-From-a-fully-connected-layer-to-convolution) · [The sliding window, by hand](02_convolution.ipynb#2.-The-sliding-window,-by-hand) · [Channels, filters, bias: the convolution layer](02_convolution.ipynb#3.-Channels,-filters,-bias:-the-convolution-layer) · [Kernels made by hand](02_convolution.ipynb#6.-Kernels-made-by-hand)
# - 03, 15 minutes: [How many windows fit?](03_shapes_and_receptive_fields.ipynb#1.-How-many-windows-fit?) · [Padding: valid, same, more](03_shapes_and_receptive_fields.ipynb#2.-Padding:-valid,-same,-more)
#
# **The second evening: how it learns, and how it became deep** (about 100 minutes)
#
# - 06, 30 minutes: [A puzzle](06_backpropagation.ipynb#A-puzzle) · [The gradient of the bias](06_backpropagation.ipynb#2.-The-gradient-of-the-bias) · [The gradient of a shared weight](06_backpropagation.ipynb#3.-The-gradient-of-a-shared-weight) · [The gradient of the input](06_backpropagation.ipynb#4.-The-gradient-of-the-input)
# - 08, 35 minutes: [Why normalise inside of a network?](08_batch_normalisation.ipynb#Why-normalise-inside-of-a-network?) · [A puzzle](08_batch_normalisation.ipynb#A-puzzle) · [One channel, mean zero, variance one](08_batch_normalisation.ipynb#1.-One-channel,-mean-zero,-variance-one) · [When the batch is gone: running statistics](08_batch_normalisation.ipynb#2.-When-the-batch-is-gone:-running-statistics) · [Four accidents](08_batch_normalisation.ipynb#6.-Four-accidents)
# - 14, 35 minutes: [A puzzle](14_resnet.ipynb#A-puzzle) · [Is deeper better?](14_resnet.ipynb#1.-Is-deeper-better?) · [Learn the change, not the thing](14_resnet.ipynb#2.-Learn-the-change,-not-the-thing) · [The way back](14_resnet.ipynb#3.-The-way-back)
#
# <!-- end of two evenings -->

# %% [markdown]
# ## Your progress
#
# Each check that you run in your own copy of an exercise is counted. Run the next cell again whenever you like.

# %% tags=["nbval-ignore-output"]
import cnncourse

cnncourse.progress()

# %% [markdown]
# ## Versions
#
# If you report a problem, send this along.

# %% tags=["nbval-ignore-output"]
cnncourse.versions()
