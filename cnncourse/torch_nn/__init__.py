"""The course's networks and training loop in idiomatic PyTorch.

models       LeNet-5, VGG, ResNet, SENet, MobileNetV2, ConvNeXt, …; names and state_dict keys as in `numpy_nn.models`,
             and torchvision's where torchvision has the network
training     the loop of `numpy_nn.training`, on any device
undisturbed  a block in which a network is in evaluation mode, and after which it is as before
"""
