"""The course's networks and training loop in idiomatic PyTorch.

models       LeNet-5, VGG, ResNet, SENet, MobileNetV2, ConvNeXt, FCN, U-Net, …; names and state_dict keys as in
             `numpy_nn.models`, and torchvision's where torchvision has the network
boxes        overlap, suppression, anchors, focal loss, RoI pooling
detection    loss and training of a detector without anchors
segmentation, tiling   the Dice loss, and pictures of any size
training     the loop of `numpy_nn.training`, on any device
undisturbed  a block in which a network is in evaluation mode, and after which it is as before
"""
