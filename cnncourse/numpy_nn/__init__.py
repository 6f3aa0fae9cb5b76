"""Neural networks in NumPy: every operation forward and backward, every network of the course.

functional   pure functions, named and behaving as `torch.nn.functional`, each as its formula
fast         the same functions at speed; they run unless you say `use("plain")`
algorithms   one convolution, many ways to compute it
modules      layers and containers with an explicit backward pass
optim        SGD, Adam, learning-rate schedules
training     a training loop with checkpoints
models       LeNet-5, VGG, ResNet, SENet, MobileNetV2, ConvNeXt, FCN, U-Net, …
boxes        overlap, suppression, anchors, focal loss, RoI pooling; `average_precision` in five forms
detection    a detector without anchors: targets, boxes from its maps, its faults sorted
segmentation measures and the Dice loss; `tiling` for pictures of any size
graph_convolution, quarter_turns   convolutions without a grid, and with turns
gradcheck    is a backward pass right?
inference    a network as one list of steps, made faster
summary      what a network costs and sees; `depth` counts its layers
"""

from . import fast, functional, inference, modules, optim, training
from .depth import depth
from .functional import _switch
from .gradcheck import GradientError, gradcheck, gradcheck_module
from .summary import summary
from .switch import use

__all__ = [
    "GradientError",
    "depth",
    "fast",
    "functional",
    "gradcheck",
    "gradcheck_module",
    "inference",
    "modules",
    "optim",
    "summary",
    "training",
    "use",
]

_switch.choose("fast")
