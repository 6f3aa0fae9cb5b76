"""The course's networks in PyTorch; `numpy_nn.models` has the same under the same names and keys.

Each file lists its networks in `__all__`.
"""

# ruff: noqa: F403 - the names are those of the files' own lists

from .alexnet import *
from .causal import *
from .convnext import *
from .densenet import *
from .detector import *
from .efficientnet_lite import *
from .fcn import *
from .googlenet import *
from .lenet import *
from .mobilenet import *
from .resnet import *
from .senet import *
from .unet import *
from .vgg import *
from .video import *
from .zfnet import *

__all__ = [name for name, value in globals().items() if callable(value) and not name.startswith("_")]
