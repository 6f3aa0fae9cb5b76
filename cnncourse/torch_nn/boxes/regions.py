"""RoI pooling and RoIAlign; see the NumPy twin. `torchvision.ops` has both, faster."""

import math

import torch

from .overlap import check_boxes

__all__ = ["roi_align", "roi_pool"]


def roi_pool(input, boxes, output_size, spatial_scale=1.0):
    """Return the maximum over each cell of a grid in each box, rounded to whole places: (R, C, *output_size).

    `boxes` has one tensor (R_n, 4) for each picture of `input` (N, C, H, W).
    """
    output = [input.new_zeros((0, input.shape[1], *_pair(output_size)))]
    for n, box, size in _regions(input, boxes, output_size):
        x0, y0, x1, y1 = (int(math.copysign(math.floor(abs(v) * spatial_scale + 0.5), v)) for v in box)
        rows, columns = _cut(y0, y1, size[0], input.shape[2]), _cut(x0, x1, size[1], input.shape[3])
        cells = [torch.stack([_maximum(input[n, :, r, c]) for c in columns], dim=1) for r in rows]
        output.append(torch.stack(cells, dim=1)[None])
    return torch.cat(output)


def roi_align(input, boxes, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    """Return the mean over samples in each cell of a grid in each box, Y · input · Xᵀ: (R, C, *output_size)."""
    output = [input.new_zeros((0, input.shape[1], *_pair(output_size)))]
    for n, box, size in _regions(input, boxes, output_size):
        x0, y0, x1, y1 = (v * spatial_scale - (0.5 if aligned else 0) for v in box)
        Y = _mixture(y0, y1, size[0], input.shape[2], sampling_ratio, aligned)
        X = _mixture(x0, x1, size[1], input.shape[3], sampling_ratio, aligned)
        output.append((Y.to(input) @ input[n] @ X.to(input).T)[None])
    return torch.cat(output)


def _pair(output_size):
    return (output_size, output_size) if isinstance(output_size, int) else tuple(output_size)


def _regions(input, boxes, output_size):
    """Yield (index of the picture, box as floats, output size) of every box."""
    if input.ndim != 4 or len(boxes) != len(input):
        shape = tuple(input.shape)
        raise ValueError(f"boxes: expected one tensor for each picture of {shape}, got {len(boxes)}")
    for n, own in enumerate(boxes):
        check_boxes(f"boxes[{n}]", own)
        for box in own.tolist():
            yield n, box, _pair(output_size)


def _cut(first, last, cells, size):
    side = max(last - first + 1, 1) / cells
    edges = [(first + math.floor(k * side), first + math.ceil((k + 1) * side)) for k in range(cells)]
    return [slice(min(max(a, 0), size), min(max(b, 0), size)) for a, b in edges]


def _maximum(cell):
    return cell.flatten(1).max(dim=1).values if cell.numel() else cell.new_zeros(len(cell))


def _mixture(start, stop, cells, size, samples, aligned):
    side = (stop - start if aligned else max(stop - start, 1)) / cells
    samples = samples if samples > 0 else max(math.ceil(side), 0)
    within = (torch.arange(samples, dtype=torch.float64) + 0.5) / max(samples, 1)
    places = start + side * (torch.arange(cells)[:, None] + within)
    inside = (places >= -1) & (places <= size)  # up to one place outside the border's values go on
    places = places.clamp(0, size - 1)
    hats = 1 - (places[..., None] - torch.arange(size)).abs()  # (cells, samples, size)
    return (hats.clamp(min=0) * inside[..., None]).sum(dim=1) / max(samples, 1)
