"""The course's networks in NumPy; `torch_nn.models` has the same under the same names and keys."""

from .lenet import LeNet5, LeNet5Original
from .resnet import (
    ResNet,
    SmallResNet,
    plain20,
    plain56,
    resnet18,
    resnet20,
    resnet34,
    resnet50,
    resnet56,
    resnet101,
    resnet152,
)
from .vgg import VGG, SmallVGG, vgg11, vgg11_bn, vgg13, vgg13_bn, vgg16, vgg16_bn, vgg19, vgg19_bn

__all__ = [
    "VGG",
    "LeNet5",
    "LeNet5Original",
    "ResNet",
    "SmallResNet",
    "SmallVGG",
    "plain20",
    "plain56",
    "resnet101",
    "resnet152",
    "resnet18",
    "resnet20",
    "resnet34",
    "resnet50",
    "resnet56",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
]
