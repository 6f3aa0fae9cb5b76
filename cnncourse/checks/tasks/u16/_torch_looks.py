"""Right and wrong ways to look into a network; imported only when one is built."""

import torch
from torch.nn import functional as F

LOSSES = {
    "logit": lambda z, y: z.gather(1, y[:, None]).sum(),
    "cross-entropy": F.cross_entropy,
    "summed": lambda z, y: F.cross_entropy(z, y, reduction="sum"),
    "best": lambda z, y: z.max(dim=1).values.sum(),
    "all": lambda z, y: z.sum(),
    "probability": lambda z, y: z.softmax(dim=1).gather(1, y[:, None]).sum(),
    "log-probability": lambda z, y: z.log_softmax(dim=1).gather(1, y[:, None]).sum(),
    "mean": lambda z, y: z.gather(1, y[:, None]).mean(),
    "first-label": lambda z, y: z[:, y[0]].sum(),
    "twice": lambda z, y: F.cross_entropy(z.softmax(dim=1), y),
}


def gradient_of(model, images, labels, loss, *, mode="eval", after="back", way="grad", inputs="copy", freeze=False):
    """The gradient of a loss with respect to the images; right with the options as they are."""
    modes = [(module, module.training) for module in model.modules()]
    if mode == "eval":
        model.eval()
    elif mode == "train":
        model.train()
    if freeze:
        for parameter in model.parameters():
            parameter.requires_grad_(False)
    x = images.requires_grad_() if inputs == "given" else images.detach().clone().requires_grad_()
    value = LOSSES[loss](model(x), labels)
    if way == "grad":
        (gradient,) = torch.autograd.grad(value, x)
    else:
        if way == "zero first":
            model.zero_grad()
        value.backward()
        gradient = x.grad.clone()
        if way == "zero after":
            model.zero_grad()
    if after == "back":
        for module, was in modes:
            module.training = was
    elif after == "train":
        model.train()
    elif after == "as the whole":
        model.train(modes[0][1])
    return gradient
