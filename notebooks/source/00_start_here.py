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
# This course explains convolutional neural networks to the bottom: what an image is, what a convolution does to
# it, how the error flows back through it, and how those pieces became LeNet, VGG and ResNet. Each idea comes
# twice, in NumPy that reads like its formula and in PyTorch, and you see that the two agree.
#
# **You should know** Python, NumPy, and the chain rule. No PyTorch is needed to begin.

# %% [markdown]
# ## How to work with it
#
# 1. **Read a lesson and run it** as you read: `Shift`+`Enter` runs a cell and moves on. Nothing breaks when you
#    change numbers; *Kernel → Restart Kernel and Run All Cells…* puts everything back.
# 2. **Predict before you run.** Where the text says *Predict*, write your guess down first. A wrong guess teaches
#    more than a right one that came after the answer.
# 3. **Do the exercises** of the same number. Open a terminal (*File → New → Terminal*) and say
#    `cnncourse start 02`: you get a copy of your own in the folder `my_work`, so the original stays as it is.
#    Every task has hints in layers, and a check that says what went wrong and, often, why.
# 4. Stuck on the installation? `cnncourse doctor` looks at it and says what to do.
#
# Everything runs on an ordinary computer, without a GPU and without a network: real images come with the package.

# %% [markdown]
# ## The map
#
# | | Lesson | The question | Exercises |
# | --- | --- | --- | --- |
# | 01 | [Images as tensors](01_images_as_tensors.ipynb) | What does a network see, and why not an MLP? | [01](../exercises/01_images_as_tensors/01_images_as_tensors.ipynb) |
# | 02 | [Convolution](02_convolution.ipynb) | What follows from treating every place alike? | [02](../exercises/02_convolution/02_convolution.ipynb) |
# | 03 | [Shapes and receptive fields](03_shapes_and_receptive_fields.ipynb) | How large is the output, and what does it see? | [03](../exercises/03_shapes_and_receptive_fields/03_shapes_and_receptive_fields.ipynb) |
# | 04 | [Equivariance](04_equivariance.ipynb) | What happens when the image moves? | [04](../exercises/04_equivariance/04_equivariance.ipynb) |
# | 05 | [Fast convolution](05_fast_convolution.ipynb) | How is one sum computed in six ways? | [05](../exercises/05_fast_convolution/05_fast_convolution.ipynb) |
# | 06 | [Backpropagation through convolution](06_backpropagation.ipynb) | How does the error reach a shared weight? | [06](../exercises/06_backpropagation/06_backpropagation.ipynb) |
# | 07 | [Pooling](07_pooling.ipynb) | What is lost on purpose, and what for? | [07](../exercises/07_pooling/07_pooling.ipynb) |
# | 08 | [Batch normalisation](08_batch_normalisation.ipynb) | Why do deep networks need it, and how does it go wrong? | [08](../exercises/08_batch_normalisation/08_batch_normalisation.ipynb) |
# | 09 | [Training a CNN](09_training.ipynb) | What turns layers into a network that works? | [09](../exercises/09_training/09_training.ipynb) |
# | 10 | [LeNet-5](10_lenet.ipynb) | What did 1998 know already? | [10](../exercises/10_lenet/10_lenet.ipynb) |
# | 12 | [VGG](12_vgg.ipynb) | Why only 3×3? | [12](../exercises/12_vgg/12_vgg.ipynb) |
# | 14 | [ResNet](14_resnet.ipynb) | Why is deeper not better, and what mends it? | [14](../exercises/14_resnet/14_resnet.ipynb) |
#
# The lessons build on each other; 05 (how it is computed fast) can wait until you are curious.
#
# Planned, and not there yet: 11 AlexNet and ZFNet · 13 GoogLeNet and Inception · 15 SENet, MobileNet, EfficientNet,
# ConvNeXt · 16 What CNNs learn · 17 Transfer learning · 18 Detection · 19 Segmentation and U-Net ·
# 20 One dimension, three dimensions, graphs · 21 Scaling up

# %% [markdown]
# ## Your progress
#
# Each check that you run in your own copy of an exercise is counted. Run the next cell again whenever you like.

# %% tags=["nbval-ignore-output"]
import cnncourse

cnncourse.progress()

# %% [markdown]
# ## What runs how long
#
# Measured when the lessons were last built, on two processor cores. Reading takes longer.

# %% tags=["nbval-ignore-output"]
import json
from pathlib import Path

for lesson, seconds in json.loads(Path("source/durations.json").read_text()).items():
    print(f"{lesson:<34} up to {seconds:>3} s")

# %% [markdown]
# ## Versions
#
# If you report a problem, send this along.

# %% tags=["nbval-ignore-output"]
cnncourse.versions()
