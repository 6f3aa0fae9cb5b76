"""Right answers to unit 16, each written another way."""

import numpy as np


def guided_product(grad_output, input):
    """Two masks as factors."""
    return grad_output * (input > 0) * (grad_output > 0)


def guided_relus(grad_output, input):
    """The ReLU of the gradient, where the input's sign is 1."""
    return np.maximum(grad_output, 0) * (np.sign(input) == 1)


def guided_loop(grad_output, input):
    """Entry by entry."""
    output = np.zeros_like(grad_output)
    for index in np.ndindex(grad_output.shape):
        if input[index] > 0 and grad_output[index] > 0:
            output[index] = grad_output[index]
    return output


def cam_loops(activations, gradients):
    """Image by image, channel by channel."""
    maps = np.zeros((len(activations), *activations.shape[2:]), activations.dtype)
    for n in range(len(activations)):
        for c in range(activations.shape[1]):
            maps[n] += gradients[n, c].sum() / gradients[n, c].size * activations[n, c]
    return np.where(maps > 0, maps, 0)


def cam_matrix(activations, gradients):
    """One row times a matrix for each image."""
    n, c, h, w = activations.shape
    alpha = gradients.reshape(n, c, -1).mean(-1)[:, None]
    return (alpha @ activations.reshape(n, c, h * w)).clip(0).reshape(n, h, w)


def cam_tensordot(activations, gradients):
    """Sums and products in one einsum."""
    sums = np.einsum("ncab,nchw->nhw", gradients, activations)
    return np.maximum(sums / np.prod(gradients.shape[2:]), 0)


def pointing_loops(maps, boxes):
    """Look for the largest value row after row."""
    hits = 0
    for one, box in zip(maps, boxes, strict=True):
        best = (0, 0)
        for y in range(one.shape[0]):
            for x in range(one.shape[1]):
                if one[y, x] > one[best]:
                    best = (y, x)
        hits += box[0] <= best[1] < box[2] and box[1] <= best[0] < box[3]
    return int(hits) / len(maps)


def pointing_unravel(maps, boxes):
    """unravel_index on all maps at once."""
    places = np.argmax(np.reshape(maps, (maps.shape[0], -1)), axis=-1)
    y, x = np.unravel_index(places, maps.shape[1:])
    point = np.stack([x, y], axis=1)
    return np.mean(((boxes[:, :2] <= point) & (point < boxes[:, 2:])).all(axis=1))


def pointing_where(maps, boxes):
    """The first place where the maximum stands."""
    first = [np.argwhere(one == one.max())[0] for one in maps]
    inside = [x0 <= x and x < x1 and y0 <= y and y < y1 for (y, x), (x0, y0, x1, y1) in zip(first, boxes, strict=True)]
    return sum(map(bool, inside)) / len(inside)


def occlusion_one_by_one(predict, image, label, size, stride, fill=0.0):
    """A while loop over corners, and one image at a time."""
    rows, y = [], 0
    while y + size <= image.shape[1]:
        row, x = [], 0
        while x + size <= image.shape[2]:
            covered = np.array(image)
            covered[:, y : y + size, x : x + size] = fill
            row.append((predict(image[np.newaxis]) - predict(covered[np.newaxis]))[0, label])
            x += stride
        rows.append(row)
        y += stride
    return np.array(rows, image.dtype)


def occlusion_masks(predict, image, label, size, stride, fill=0.0):
    """Masks of all places, and np.where; the image is in the same batch."""
    _, height, width = image.shape
    corners = [(y, x) for y in range(0, height - size + 1, stride) for x in range(0, width - size + 1, stride)]
    batch = [image]
    for y, x in corners:
        here = np.zeros((1, height, width), bool)
        here[:, y : y + size, x : x + size] = True
        batch.append(np.where(here, image.dtype.type(fill), image))
    logits = np.asarray(predict(np.stack(batch)))[:, label]
    return (logits[0] - logits[1:]).reshape(-1, (width - size) // stride + 1)


def integrated_stack(gradient, image, baseline, steps):
    """All points in one batch, by linspace."""
    half = 0.5 / steps
    points = np.stack([(1 - t) * baseline + t * image for t in np.linspace(half, 1 - half, steps)])
    return np.mean(gradient(points.astype(image.dtype)), axis=0) * (image - baseline)


def integrated_walk(gradient, image, baseline, steps):
    """A walk in steps, from the baseline on."""
    step = (image - baseline) / steps
    place, total = baseline + step / 2, np.zeros_like(image)
    for _ in range(steps):
        total = total + gradient(place[None])[0] * step
        place = place + step
    return total


def saliency_backward(model, images, labels):
    """backward() on a copy of the network, which nobody sees afterwards."""
    import copy

    other = copy.deepcopy(model).eval()
    x = images.detach().clone()
    x.requires_grad = True
    other(x).gather(1, labels.view(-1, 1)).sum().backward()
    return x.grad.abs().max(dim=1).values


def saliency_images_apart(model, images, labels):
    """One image after the other; modes by name."""
    import torch

    modes = {name: module.training for name, module in model.named_modules()}
    for module in model.modules():
        module.training = False
    maps = []
    for image, label in zip(images, labels.tolist(), strict=True):
        x = image.detach().clone()[None].requires_grad_(True)
        maps.append(torch.autograd.grad(model(x)[0, label], x)[0][0].abs().amax(0))
    for name, module in model.named_modules():
        module.training = modes[name]
    return torch.stack(maps)


def saliency_functional(model, images, labels):
    """torch.func on the outputs; an array comes back."""
    import torch

    modes = [m.training for m in model.modules()]
    model.train(False)
    one_hot = torch.nn.functional.one_hot(labels, model(images).shape[1]).to(images.dtype)
    gradient = torch.func.grad(lambda x: (model(x) * one_hot).sum())(images)
    for module, mode in zip(model.modules(), modes, strict=True):
        module.training = mode
    return torch.maximum(gradient, -gradient).max(1)[0].detach().numpy()


def fgsm_where(model, images, labels, eps):
    """Signs by comparison, ends by minimum and maximum, gradient of the log-probability on a copy."""
    import copy

    import torch

    other = copy.deepcopy(model).eval()
    x = images.detach().clone().requires_grad_()
    value = -other(x).log_softmax(1)[torch.arange(len(labels)), labels].mean()
    value.backward()
    up, down = (x.grad > 0).to(images.dtype), (x.grad < 0).to(images.dtype)
    return torch.minimum(torch.maximum(images + eps * up - eps * down, torch.zeros(())), torch.ones(()))


def fgsm_sum(model, images, labels, eps):
    """The summed loss, try and finally."""
    import torch
    from torch import nn

    was = {module: module.training for module in model.modules()}
    try:
        x = torch.clone(images).detach()
        x.requires_grad_(True)
        loss = nn.CrossEntropyLoss(reduction="sum")(model.eval()(x), labels)
        sign = torch.sign(torch.autograd.grad(loss, [x])[0])
    finally:
        for module, mode in was.items():
            module.training = mode
    return torch.clip(images + sign * eps, min=0.0, max=1.0)


def saliency_hook_removed(model, images, labels):
    """The logits come by a hook, which goes away again."""
    import torch

    modes, seen = {module: module.training for module in model.modules()}, []
    model.eval()
    handle = model.register_forward_hook(lambda module, inputs, output: seen.append(output))
    x = images.detach().clone().requires_grad_()
    model(x)
    handle.remove()
    (gradient,) = torch.autograd.grad(seen[0].gather(1, labels[:, None]).sum(), x)
    for module, mode in modes.items():
        module.training = mode
    return torch.maximum(gradient, -gradient).max(dim=1).values


ANSWERS = {
    "16.saliency": [saliency_backward, saliency_images_apart, saliency_functional, saliency_hook_removed],
    "16.guided_relu_backward": [guided_product, guided_relus, guided_loop],
    "16.integrated_gradients": [integrated_stack, integrated_walk],
    "16.occlusion_map": [occlusion_one_by_one, occlusion_masks],
    "16.grad_cam": [cam_loops, cam_matrix, cam_tensordot],
    "16.pointing_game": [pointing_loops, pointing_unravel, pointing_where],
    "16.fgsm": [fgsm_where, fgsm_sum],
}
