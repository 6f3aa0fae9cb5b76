"""Right answers to unit 21, each written another way."""

import itertools
import math
import struct

import numpy as np


def rate_by_cases(step, total, warmup, peak, floor=0.0):
    """Three cases, and half a cosine as a squared one."""
    if step >= total:
        return floor
    if step <= warmup and warmup:
        return step * (peak / warmup)
    return floor + (peak - floor) * math.cos(math.pi / 2 * (step - warmup) / (total - warmup)) ** 2


def rate_interpolated(step, total, warmup, peak, floor=0.0):
    """The progress by np.interp; a NumPy number."""
    if step < warmup:
        return np.interp(step, [0, warmup], [0, peak])
    x = np.interp(step, [warmup, total], [0.0, 1.0])
    return peak * (1 + np.cos(np.pi * x)) / 2 + floor * (1 - np.cos(np.pi * x)) / 2


def merged_pairwise(counts, means, variances):
    """One part after the other, by the formula for two; a list."""
    n, mean, var = 0, np.zeros_like(means[0]), np.zeros_like(means[0])
    for count, m, v in zip(counts, means, variances, strict=True):
        if count:
            delta, whole = m - mean, n + count
            var = (n * var + count * v) / whole + delta**2 * n * count / whole**2
            mean, n = mean + delta * count / whole, whole
    return [mean, var]


def merged_average(counts, means, variances):
    """np.average with weights."""
    mean = np.average(means, axis=0, weights=counts)
    return mean, np.average(variances, axis=0, weights=counts) + np.average((means - mean) ** 2, axis=0, weights=counts)


def merged_sums(counts, means, variances):
    """Sums of squares around the first mean that counts."""
    there = counts > 0
    n, m, v = counts[there][:, None], means[there], variances[there]
    shifted = m - m[0]
    mean = (n * shifted).sum(0) / n.sum()
    return m[0] + mean, (n * (v + (shifted - mean) ** 2)).sum(0) / n.sum()


def shard_modulo(count, world_size, rank, epoch, seed):
    """Entry by entry; a list of ints."""
    order = np.random.default_rng([seed, epoch]).permutation(count).tolist()
    each = (count + world_size - 1) // world_size
    return [order[(rank + i * world_size) % count] for i in range(each)]


def shard_tiled(count, world_size, rank, epoch, seed):
    """Tiled, cut, and reshaped to one column per process."""
    each = math.ceil(count / world_size)
    order = np.tile(np.random.default_rng((seed, epoch)).permutation(count), world_size)[: each * world_size]
    return order.reshape(each, world_size)[:, rank]


def seconds_by_rounds(size, devices, bandwidth, latency):
    """Round by round."""
    return sum((latency + size / devices / bandwidth for _ in range(2 * (devices - 1))), 0.0)


def seconds_by_terms(size, devices, bandwidth, latency):
    """The two terms apart."""
    return 2 * (devices - 1) / devices * size / bandwidth + 2 * latency * (devices - 1)


def quantize_loop(weight):
    """Channel by channel."""
    q, scale = np.empty(weight.shape, np.int8), np.ones(len(weight), weight.dtype)
    for c, one in enumerate(weight):
        scale[c] = max(one.max(), -one.min()) / 127 or 1
        q[c] = np.rint(one / scale[c])
    return q, scale


def quantize_where(weight):
    """np.where, and the channels moved to the end."""
    peak = np.abs(weight).max(axis=tuple(range(1, weight.ndim)))
    scale = np.where(peak > 0, peak / 127, 1).astype(weight.dtype)
    return np.rint(weight.T / scale).T.astype("i1"), scale


def dequantize_einsum(q, scale):
    """The first axis by einsum."""
    return np.einsum("c...,c->c...", q.astype(scale.dtype), scale)


def dequantize_loop(q, scale):
    """Channel by channel."""
    return np.stack([one * s for one, s in zip(q, scale, strict=True)])


def dequantize_transposed(q, scale):
    """The channels at the end."""
    return (q.T * scale).T


def bfloat16_struct(x):
    """Number by number, by struct and Python's integers."""
    def one(value):
        if value != value:
            return math.nan
        (bits,) = struct.unpack("<I", struct.pack("<f", value))
        kept, rest = divmod(bits, 65536)
        kept += rest > 0x8000 or (rest == 0x8000 and kept % 2)
        return struct.unpack("<f", struct.pack("<I", kept << 16))[0]

    return np.array([one(float(v)) for v in x.ravel()], dtype=np.float32).reshape(x.shape)


def bfloat16_halves(x):
    """The upper halves as uint16, corrected by masks."""
    bits = np.array(x, dtype=np.float32, order="C").view(np.uint32)
    upper, lower = (bits >> 16).astype(np.uint16), bits & 0xFFFF
    upper = upper + ((lower > 0x8000) | ((lower == 0x8000) & (upper % 2 == 1))).astype(np.uint16)
    result = (upper.astype(np.uint32) << 16).view(np.float32)
    result[np.isnan(x)] = np.nan
    return result


def accumulate_weighted(network, batches):
    """The number of pictures first, from a list; means with weights."""
    from torch.nn import functional as F

    batches = list(batches)
    count = sum(len(labels) for _, labels in batches)
    network.zero_grad(set_to_none=False)
    mean = 0.0
    for images, labels in batches:
        loss = F.cross_entropy(network(images), labels) * len(labels) / count
        loss.backward()
        mean += float(loss.detach())
    return mean


def accumulate_autograd(network, batches):
    """Gradients by autograd.grad, summed in a list; a tensor is returned."""
    import torch

    learned = [p for p in network.parameters() if p.requires_grad]
    sums, count, total = [0] * len(learned), 0, 0
    for images, labels in batches:
        loss = torch.nn.CrossEntropyLoss(reduction="sum")(network(images), labels)
        sums = [s + g for s, g in zip(sums, torch.autograd.grad(loss, learned), strict=True)]
        count, total = count + labels.numel(), total + loss.detach()
    for p, s in zip(learned, sums, strict=True):
        p.grad = s / count
    return total / count


def accumulate_running(network, batches):
    """The mean so far, and its gradient so far."""
    import torch
    from torch.nn import functional as F

    for p in network.parameters():
        p.grad = None
    seen, mean = 0, 0.0
    for images, labels in iter(batches):
        share = len(labels) / (seen + len(labels))
        with torch.no_grad():
            for p in network.parameters():
                if p.grad is not None:
                    p.grad.mul_(1 - share)
        loss = F.cross_entropy(network(images), labels)
        (share * loss).backward()
        mean += (loss.item() - mean) * share
        seen += len(labels)
    return mean


def accumulate_all_graphs(network, batches):
    """All losses first, then one way back."""
    import torch

    network.zero_grad(set_to_none=True)
    losses = [torch.nn.CrossEntropyLoss(reduction="none")(network(images), labels) for images, labels in batches]
    mean = torch.cat(losses).mean()
    mean.backward()
    return mean.item()


def shard_wrapped(count, world_size, rank, epoch, seed):
    order = np.random.Generator(np.random.PCG64([seed, epoch])).permutation(count)
    return np.take(order, rank + world_size * np.arange(-(-count // world_size)), mode="wrap")


def shard_cycled(count, world_size, rank, epoch, seed):
    order = itertools.cycle(np.random.default_rng([seed, epoch]).permutation(count))
    length = math.ceil(count / world_size)
    return [int(image) for i, image in zip(range(length * world_size), order, strict=False) if i % world_size == rank]


def merged_from_the_largest(counts, means, variances):
    """Distances from the mean of the largest part."""
    n = np.asarray(counts, dtype=means.dtype)[:, None]
    middle = means[np.argmax(counts)]
    further = (n * (means - middle)).sum(0) / n.sum()
    return [middle + further, np.einsum("pi,pc->c", n, variances + (means - middle - further) ** 2) / n.sum()]


def seconds_of_all(size, devices, bandwidth, latency):
    return 2 * size * (1 - 1 / devices) / bandwidth + 2 * latency * (devices - 1)


def rate_by_sine(step, total, warmup, peak, floor=0.0):
    if warmup and step <= warmup:
        return step / warmup * peak
    progress = (min(step, total) - warmup) / (total - warmup)
    return peak - (peak - floor) * math.sin(math.pi / 2 * progress) ** 2


def bfloat16_by_exponent(x):
    """Eight binary digits, fewer below 2 to the power −126."""
    y = x.astype(np.float64)
    e = np.maximum(np.frexp(y)[1], -125)
    with np.errstate(all="ignore"):
        rounded = np.ldexp(np.round(np.ldexp(y, 8 - e)), e - 8)
        rounded = np.where(np.abs(rounded) >= 2.0**128, np.copysign(np.inf, y), rounded)
        return np.copysign(np.where(np.isfinite(y), rounded, y).astype(np.float32), x)


def quantize_from_the_right(weight):
    scale = np.amax(np.abs(weight), axis=tuple(range(1, weight.ndim))) / 127
    scale[scale == 0] = 1
    return np.rint((weight.T / scale).T).astype(np.int8), scale


def dequantize_matrix(q, scale):
    return (np.diag(scale) @ q.reshape(len(q), -1)).reshape(q.shape)


ANSWERS = {
    "21.warmup_cosine": [rate_by_cases, rate_interpolated, rate_by_sine],
    "21.merge_statistics": [merged_pairwise, merged_average, merged_sums, merged_from_the_largest],
    "21.shard": [shard_modulo, shard_tiled, shard_wrapped, shard_cycled],
    "21.all_reduce_seconds": [seconds_by_rounds, seconds_by_terms, seconds_of_all],
    "21.quantize": [quantize_loop, quantize_where, quantize_from_the_right],
    "21.dequantize": [dequantize_einsum, dequantize_loop, dequantize_transposed, dequantize_matrix],
    "21.to_bfloat16": [bfloat16_struct, bfloat16_halves, bfloat16_by_exponent],
    "21.accumulate": [accumulate_weighted, accumulate_autograd, accumulate_running, accumulate_all_graphs],
}
