"""`cnncourse train lite0`: EfficientNet-Lite0 from its ImageNet weights, with a new head, frozen in part or not."""

from functools import partial

from cnncourse.train_data import CommandError

PRETRAINED = {"lite0": 0.05}  # name -> the head's learning rate
OLD_LAYERS = 0.1  # layers that have ImageNet weights learn at this share of it
PARTS = 18  # of Lite0 before the head: the stem, sixteen blocks, the last convolution
SIZES = (16, 32, 64, 96, 128, 160, 224)  # pixels a side; the networks of the lessons take the first two


def lite0(settings):
    """Return EfficientNet-Lite0 with its weights and a head for ten classes, frozen as far as the settings say.

    Images are enlarged to `settings.size` as they come in, so that the whole set need not be kept at that size.
    """
    from cnncourse.torch_nn.models import efficientnet_lite0
    from cnncourse.transfer import freeze, replace_head

    try:
        network = efficientnet_lite0(pretrained=True)
    except ImportError as error:
        raise CommandError(f"lite0: {error}") from error
    replace_head(network, 10)
    network.register_forward_pre_hook(partial(enlarge, size=settings.size))
    for stage in stages(network)[: frozen_stages(settings)]:
        freeze(stage)
    return network


def stages(network):
    """Return Lite0's parts from the input to the head: the stem, sixteen blocks, the last convolution, the head."""
    from torch import nn

    stem, last = [network._conv_stem, network._bn0], [network._conv_head, network._bn1]
    return nn.Sequential(nn.ModuleList(stem), *network._blocks, nn.ModuleList(last), network._fc)


def frozen_stages(settings):
    """Return how many of Lite0's stages are frozen; refuse what this network, or any other, cannot do."""
    if settings.model not in PRETRAINED:
        if settings.freeze is not None:
            raise CommandError(f"--freeze: {settings.model} has no weights to keep, unlike {', '.join(PRETRAINED)}")
        return 0
    if settings.backend != "torch":
        raise CommandError(f"--backend: {settings.model} is trained in torch, got {settings.backend}")
    if settings.freeze is None or settings.freeze == "features":
        return PARTS if settings.freeze else 0
    if not settings.freeze.isdecimal() or not 1 <= int(settings.freeze) <= PARTS:
        raise CommandError(f"--freeze: expected features, or how many parts from 1 to {PARTS}, got {settings.freeze}")
    return int(settings.freeze)


def learning_groups(network, lr):
    """Return two groups for the optimiser: what has ImageNet weights learns at a tenth of the head's learning rate."""
    from torch import nn

    from cnncourse.transfer import parameter_groups

    *old, head = stages(network)
    return parameter_groups(nn.Sequential(nn.ModuleList(old), head), lr, OLD_LAYERS)


def enlarge(network, inputs, size):
    """Return the images at `size` pixels a side, bilinearly: a hook that runs before the network."""
    from torch.nn import functional as F

    return F.interpolate(inputs[0], (size, size), mode="bilinear", align_corners=False, antialias=True)
