"""Right and wrong ways to look into a network; imported only when one is built."""

import torch
from torch.nn import functional as F

KINDS = {"norms": torch.nn.BatchNorm2d, "dropout": torch.nn.Dropout}
LOSSES = {
    "logit": lambda z, y: z.gather(1, y[:, None]).sum(),
    "cross-entropy": F.cross_entropy,
    "summed": lambda z, y: F.cross_entropy(z, y, reduction="sum"),
    "best": lambda z, y: z.max(dim=1).values.sum(),
    "all": lambda z, y: z.sum(),
    "probability": lambda z, y: z.softmax(dim=1).gather(1, y[:, None]).sum(),
    "log-probability": lambda z, y: z.log_softmax(dim=1).gather(1, y[:, None]).sum(),
    "mean": lambda z, y: z.gather(1, y[:, None]).mean(),
    "all-labels": lambda z, y: z[:, y].sum(),
    "first-label": lambda z, y: z[:, y[0]].sum(),
    "predicted": lambda z, y: F.cross_entropy(z, z.argmax(dim=1)),
    "first-label's": lambda z, y: F.cross_entropy(z, y[:1].expand(len(y))),
    "binary": lambda z, y: F.binary_cross_entropy_with_logits(z, F.one_hot(y, z.shape[1]).to(z.dtype)),
    "twice": lambda z, y: F.cross_entropy(z.softmax(dim=1), y),
}


def gradient_of(model, images, labels, loss, *, mode="eval", after="back", way="grad", inputs="copy", freeze=False):
    """The gradient of a loss with respect to the images; right with the options as they are."""
    modes = [(module, module.training) for module in model.modules()]
    if mode == "eval":
        model.eval()
    elif mode == "eval after a pass":
        model(images)
        model.eval()
    elif mode == "train":
        model.train()
    else:
        for module in model.modules():
            if isinstance(module, KINDS.get(mode, ())):
                module.eval()
    noted = [p.grad for p in model.parameters()]
    if way == "zeros":
        noted = [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in model.parameters()]
    if freeze:
        for parameter in model.parameters():
            parameter.requires_grad_(False)
    x = images.requires_grad_() if inputs == "given" else images.detach().clone().requires_grad_()
    if way == "hook":
        model.register_forward_hook(lambda module, inputs, output: None)
    value = LOSSES[loss](model(x), labels)
    if way in ("grad", "hook"):
        (gradient,) = torch.autograd.grad(value, x)
    else:
        if way == "zero first":
            model.zero_grad()
        value.backward()
        gradient = x.grad.clone()
        if way == "zero after":
            model.zero_grad()
        if way in ("zeros", "noted"):
            for parameter, grad in zip(model.parameters(), noted, strict=True):
                parameter.grad = grad
    if freeze == "back":
        model.requires_grad_()
    if after in ("back", "off"):
        for module, was in modes:
            module.training = was
        torch.set_grad_enabled(after == "back")
    elif after == "as the children":
        own = dict(modes)
        model.training = own[model]
        for part in model.children():
            part.train(own[part])
    elif after == "train":
        model.train()
    elif after == "as the whole":
        model.train(modes[0][1])
    return gradient
