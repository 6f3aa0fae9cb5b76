"""Maps of one size from boxes of any size: RoI pooling, which rounds to whole places, and RoIAlign, which does not.

R. Girshick, "Fast R-CNN", ICCV 2015, section 2.1; K. He, G. Gkioxari, P. Dollár, R. Girshick, "Mask R-CNN", ICCV
2017, section 3. Arguments and results are those of `torchvision.ops`.
"""

import math

import numpy as np

from ..functional._arguments import check_floats, check_grad_output, per_axis
from .overlap import check_boxes

__all__ = ["roi_align", "roi_align_backward", "roi_pool", "roi_pool_backward"]


def roi_pool(input, boxes, output_size, spatial_scale=1.0):
    """Return the maximum over each cell of a grid in each box: (N, C, H, W) to (R, C, *output_size).

    The box is rounded to whole places of the map, and so are the cells, which may overlap; the last row and column
    count as inside. A cell that lies outside of the map gives 0.

    Parameters
    ----------
    input : ndarray of float, (N, C, H, W)
    boxes : list of N ndarrays (R_n, 4)
        Of each picture, in its pixels; R is the number of all.
    output_size : int or (int, int)
    spatial_scale : float
        Size of the map over size of the picture, such as 1/8.
    """
    output = []
    for n, box, size in _regions(input, boxes, output_size):
        rows, columns = _cells(box, spatial_scale, size, input.shape)
        cells = [[_maximum(input[n, :, r, c]) for c in columns] for r in rows]
        output.append(np.moveaxis(np.array(cells, input.dtype), 2, 0))
    return np.array(output, input.dtype).reshape(-1, input.shape[1], *_pair(output_size))


def roi_pool_backward(grad_output, input, boxes, output_size, spatial_scale=1.0):
    """Return the gradient with respect to `input`: each cell's goes to where its maximum is, the first of equals."""
    regions = list(_regions(input, boxes, output_size))
    check_grad_output(grad_output, (len(regions), input.shape[1], *_pair(output_size)), input.dtype)
    grad_input = np.zeros_like(input)
    channels = np.arange(input.shape[1])
    for grad, (n, box, size) in zip(grad_output, regions, strict=True):
        rows, columns = _cells(box, spatial_scale, size, input.shape)
        for (i, j), r, c in ((ij, rows[ij[0]], columns[ij[1]]) for ij in np.ndindex(size)):
            cell = input[n, :, r, c]
            if cell.size:
                y, x = np.divmod(cell.reshape(len(cell), -1).argmax(axis=1), cell.shape[2])
                grad_input[n, channels, r.start + y, c.start + x] += grad[:, i, j]
    return grad_input


def roi_align(input, boxes, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False):
    """Return the mean over samples in each cell of a grid in each box: (N, C, H, W) to (R, C, *output_size).

    Nothing is rounded: a sample mixes the four places around it. Rows and columns are mixed independently of each
    other, so the whole is Y · input · Xᵀ for every channel, with one matrix each for rows and columns.

    Parameters
    ----------
    input, boxes, output_size, spatial_scale
        As of `roi_pool`.
    sampling_ratio : int
        Samples for each cell along each axis; −1 takes the cell's side, rounded up.
    aligned : bool
        Whether the box is moved by half a place, so that it means the same as for half-open boxes: pixel i reaches
        from i to i + 1, and its centre, where its value stands, is at i + ½.
    """
    output = []
    for n, box, size in _regions(input, boxes, output_size):
        Y, X = _mixtures(box, spatial_scale, size, input, sampling_ratio, aligned)
        output.append(Y @ input[n] @ X.T)
    return np.array(output, input.dtype).reshape(-1, input.shape[1], *_pair(output_size))


def roi_align_backward(
    grad_output, input, boxes, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=False
):  # fmt: skip
    """Return the gradient with respect to `input`, Yᵀ · grad · X, added up over the boxes; the boxes get none."""
    regions = list(_regions(input, boxes, output_size))
    check_grad_output(grad_output, (len(regions), input.shape[1], *_pair(output_size)), input.dtype)
    grad_input = np.zeros_like(input)
    for grad, (n, box, size) in zip(grad_output, regions, strict=True):
        Y, X = _mixtures(box, spatial_scale, size, input, sampling_ratio, aligned)
        grad_input[n] += Y.T @ grad @ X
    return grad_input


def _pair(output_size):
    return per_axis("output_size", output_size, 2, minimum=1)


def _regions(input, boxes, output_size):
    """Yield (index of the picture, box, output size) of every box, after a look at the arguments."""
    check_floats(input=input)
    if input.ndim != 4:
        raise ValueError(f"input: expected 4 dimensions (N, C, H, W), got shape {input.shape}")
    if len(boxes) != len(input):
        raise ValueError(f"boxes: expected one array for each of {len(input)} pictures, got {len(boxes)}")
    for n, own in enumerate(boxes):
        for box in check_boxes(f"boxes[{n}]", own):
            yield n, box.astype(float), _pair(output_size)


def _cells(box, scale, size, shape):
    """Return the slices of the rows and of the columns of a rounded box's cells."""
    x0, y0, x1, y1 = (int(math.copysign(math.floor(abs(v) * scale + 0.5), v)) for v in box)
    return _cut(y0, y1, size[0], shape[2]), _cut(x0, x1, size[1], shape[3])


def _cut(first, last, cells, size):
    side = max(last - first + 1, 1) / cells
    edges = [(first + math.floor(k * side), first + math.ceil((k + 1) * side)) for k in range(cells)]
    return [slice(min(max(a, 0), size), min(max(b, 0), size)) for a, b in edges]


def _maximum(cell):
    return cell.max(axis=(1, 2)) if cell.size else np.zeros(len(cell), cell.dtype)


def _mixtures(box, scale, size, input, samples, aligned):
    """Return Y (output rows, H) and X (output columns, W): how much of each row and column goes into each cell."""
    x0, y0, x1, y1 = box * scale - (0.5 if aligned else 0)
    Y = _mixture(y0, y1, size[0], input.shape[2], samples, aligned)
    X = _mixture(x0, x1, size[1], input.shape[3], samples, aligned)
    return Y.astype(input.dtype), X.astype(input.dtype)


def _mixture(start, stop, cells, size, samples, aligned):
    side = (stop - start if aligned else max(stop - start, 1)) / cells
    samples = samples if samples > 0 else max(math.ceil(side), 0)
    places = start + side * (np.arange(cells)[:, None] + (np.arange(samples) + 0.5) / max(samples, 1))
    inside = (places >= -1) & (places <= size)  # up to one place outside the border's values go on
    places = places.clip(0, size - 1)
    hats = 1 - np.abs(places[..., None] - np.arange(size))  # (cells, samples, size)
    return (hats.clip(0) * inside[..., None]).sum(axis=1) / max(samples, 1)
