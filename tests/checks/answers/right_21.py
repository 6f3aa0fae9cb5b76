"""Right answers to unit 21, each written another way."""

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


ANSWERS = {
    "21.warmup_cosine": [rate_by_cases, rate_interpolated],
    "21.merge_statistics": [merged_pairwise, merged_average, merged_sums],
    "21.shard": [shard_modulo, shard_tiled],
    "21.all_reduce_seconds": [seconds_by_rounds, seconds_by_terms],
    "21.quantize": [quantize_loop, quantize_where],
    "21.dequantize": [dequantize_einsum, dequantize_loop, dequantize_transposed],
    "21.to_bfloat16": [bfloat16_struct, bfloat16_halves],
    "21.accumulate": [accumulate_weighted, accumulate_autograd],
}
