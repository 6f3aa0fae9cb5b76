"""Right answers to unit 18, each written another way."""

import math

import numpy as np


def area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def pair_iou(a, b):
    """One pair of boxes, in plain Python."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / (area(a) + area(b) - w * h)


def iou_loops(boxes1, boxes2):
    """Every pair by itself."""
    result = np.zeros((len(boxes1), len(boxes2)), boxes1.dtype)
    for i, a in enumerate(boxes1):
        for j, b in enumerate(boxes2):
            result[i, j] = pair_iou(a, b)
    return result


def iou_axes(boxes1, boxes2):
    """Overlaps along x and y by outer operations; 0/0 mended afterwards."""
    w = np.minimum.outer(boxes1[:, 2], boxes2[:, 2]) - np.maximum.outer(boxes1[:, 0], boxes2[:, 0])
    h = np.minimum.outer(boxes1[:, 3], boxes2[:, 3]) - np.maximum.outer(boxes1[:, 1], boxes2[:, 1])
    both = np.where((w > 0) & (h > 0), w * h, 0)
    one, other = (np.diff(b[:, [0, 2]])[:, 0] * np.diff(b[:, [1, 3]])[:, 0] for b in (boxes1, boxes2))
    with np.errstate(all="ignore"):
        return np.nan_to_num(both / (np.add.outer(one, other) - both))


def iou_lengths(boxes1, boxes2):
    """What two intervals share is the sum of their lengths minus the length of their hull, if that is positive."""
    a, b = boxes1[:, np.newaxis, :], boxes2[np.newaxis, :, :]
    sizes_a, sizes_b = a[..., 2:] - a[..., :2], b[..., 2:] - b[..., :2]
    hull = np.maximum(a[..., 2:], b[..., 2:]) - np.minimum(a[..., :2], b[..., :2])
    common = np.clip(sizes_a + sizes_b - hull, 0, None)
    both = common[..., 0] * common[..., 1]
    union = sizes_a[..., 0] * sizes_a[..., 1] + sizes_b[..., 0] * sizes_b[..., 1] - both
    return np.where(both > 0, both / np.where(union == 0, 1, union), 0)


def nms_loops(boxes, scores, threshold):
    """Python's own sort is stable, also when reversed."""
    kept = []
    for i in sorted(range(len(boxes)), key=lambda k: scores[k], reverse=True):
        if all(pair_iou(boxes[i], boxes[j]) <= threshold for j in kept):
            kept.append(i)
    return kept


def nms_mask(boxes, scores, threshold):
    """A table of all pairs, and a mask of what is left."""
    overlaps, alive, kept = iou_axes(boxes, boxes), np.ones(len(boxes), bool), []
    for i in np.lexsort((np.arange(len(scores)), -scores)):
        if alive[i]:
            kept.append(i)
            alive &= overlaps[i] <= threshold
    return np.array(kept, dtype=np.int32)


def nms_best_left(boxes, scores, threshold):
    """The best of what is left, found anew each time."""
    left, kept = scores.astype(float).copy(), []
    while np.isfinite(left).any():
        i = int(np.argmax(left))
        kept.append(i)
        left[iou_lengths(boxes[i : i + 1], boxes)[0] > threshold] = -np.inf
        left[i] = -np.inf
    return kept


def encode_columns(boxes, anchors):
    """Column by column, logarithms subtracted."""
    columns = []
    for k in (0, 1):
        side, side_a = boxes[:, k + 2] - boxes[:, k], anchors[:, k + 2] - anchors[:, k]
        columns.append((0.5 * (boxes[:, k] + boxes[:, k + 2]) - 0.5 * (anchors[:, k] + anchors[:, k + 2])) / side_a)
        columns.append(np.log(side) - np.log(side_a))
    return np.column_stack([columns[k] for k in (0, 2, 1, 3)])


def encode_rows(boxes, anchors):
    """Row by row."""
    rows = np.empty(boxes.shape)
    for row, (x0, y0, x1, y1), (u0, v0, u1, v1) in zip(rows, boxes, anchors, strict=True):
        w, h = u1 - u0, v1 - v0
        row[:2] = (x0 + x1 - u0 - u1) / 2 / w, (y0 + y1 - v0 - v1) / 2 / h
        row[2:] = math.log((x1 - x0) / w), math.log((y1 - y0) / h)
    return rows


def decode_matrix(offsets, anchors):
    """Centres and sides from corners and back, by one matrix each."""
    there = np.array([[0.5, 0, -1, 0], [0, 0.5, 0, -1], [0.5, 0, 1, 0], [0, 0.5, 0, 1]])
    form = anchors @ there
    moved = form[:, :2] + offsets[:, :2] * form[:, 2:]
    grown = form[:, 2:] * np.e ** offsets[:, 2:]
    return np.hstack((moved, grown)) @ np.linalg.inv(there)


def decode_rows(offsets, anchors):
    """Row by row."""
    rows = np.empty(anchors.shape)
    for row, (dx, dy, dw, dh), (x0, y0, x1, y1) in zip(rows, offsets, anchors, strict=True):
        w, h = math.exp(dw) * (x1 - x0), math.exp(dh) * (y1 - y0)
        x, y = (x0 + x1) / 2 + dx * (x1 - x0), (y0 + y1) / 2 + dy * (y1 - y0)
        row[:] = x - w / 2, y - h / 2, x + w / 2, y + h / 2
    return rows


def match_loops(anchors, boxes, high, low):
    """Anchor by anchor, then claim by claim."""
    overlaps, matches = iou_loops(anchors, boxes), []
    for row in overlaps:
        best = max(row, default=0.0)
        matches.append(list(row).index(best) if len(row) and best >= high else (-1 if best < low else -2))
    owner = {}
    for m in range(len(boxes) if len(anchors) else 0):
        column = list(overlaps[:, m])
        k = column.index(max(column))
        if column[k] > 0 and (k not in owner or column[k] > overlaps[k, owner[k]]):
            owner[k] = m
    for k, m in owner.items():
        matches[k] = m
    return np.array(matches, dtype=int)


def match_table(anchors, boxes, high, low):
    """Claims as a table in which only the best anchor of each box is left."""
    overlaps = iou_axes(anchors, boxes)
    matches = np.full(len(anchors), -1)
    if 0 in overlaps.shape:
        return matches
    top = overlaps.max(axis=1)
    matches[top >= low] = -2
    matches[top >= high] = overlaps.argmax(axis=1)[top >= high]
    claims = np.zeros_like(overlaps)
    columns = np.arange(len(boxes))
    claims[overlaps.argmax(axis=0), columns] = overlaps.max(axis=0)
    claimed = claims.any(axis=1)
    matches[claimed] = claims[claimed].argmax(axis=1)
    return matches


def detections_loops(boxes, scores, truth, threshold):
    """A list of the true boxes that are free."""
    free, correct = list(range(len(truth))), [False] * len(boxes)
    for i in sorted(range(len(boxes)), key=lambda k: -scores[k]):
        best = max(free, key=lambda j: pair_iou(boxes[i], truth[j]), default=None)
        if best is not None and pair_iou(boxes[i], truth[best]) >= threshold:
            correct[i] = True
            free.remove(best)
    return np.array(correct, dtype=bool)


def detections_table(boxes, scores, truth, threshold):
    """A table from which columns vanish."""
    overlaps = iou_lengths(boxes, truth) if len(truth) else np.zeros((len(boxes), 1))
    correct = np.zeros(len(boxes), dtype=bool)
    for i in np.argsort(-scores, kind="mergesort"):
        j = overlaps[i].argmax()
        correct[i] = overlaps[i, j] >= threshold
        if correct[i]:
            overlaps[:, j] = 0
    return correct


def ap_by_hits(scores, correct, count):
    """For each correct detection the best precision at it or after it."""
    ranks = np.flatnonzero(correct[np.argsort(-scores, kind="stable")])
    precision = [(k + 1) / (rank + 1) for k, rank in enumerate(ranks)]
    return sum(max(precision[k:]) for k in range(len(precision))) / max(count, 1)


def ap_rectangles(scores, correct, count):
    """From the right, rectangle by rectangle."""
    if not count:
        return 0
    order = sorted(range(len(scores)), key=lambda k: (-scores[k], k))
    found, height, total = int(np.sum(correct)), 0.0, 0.0
    for n in range(len(order), 0, -1):
        height = max(height, found / n)
        if correct[order[n - 1]]:
            total += height / count
            found -= 1
    return total


def ap_sentinels(scores, correct, count):
    """With points at both ends, as in programs for PASCAL VOC."""
    if not count or not scores.size:
        return 0.0
    hits = correct[np.argsort(-scores, kind="stable")]
    recall = np.concatenate([[0], np.cumsum(hits) / count, [1]])
    precision = np.concatenate([[0], np.cumsum(hits) / (np.arange(hits.size) + 1), [0]])
    for k in range(precision.size - 2, -1, -1):
        precision[k] = max(precision[k], precision[k + 1])
    rises = np.where(recall[1:] != recall[:-1])[0]
    return float(np.sum((recall[rises + 1] - recall[rises]) * precision[rises + 1]))


def split(z):
    """ln(1 + exp(z)) from the larger of 0 and z."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def focal_split(logits, targets, alpha=0.25, gamma=2.0):
    """Positive and other places by themselves."""
    yes, no = logits[targets == 1], logits[targets == 0]
    ones = np.exp(-gamma * split(yes)) * split(-yes)
    zeros = np.exp(-gamma * split(-no)) * split(no)
    return float(alpha * ones.sum(dtype=np.float64) + (1 - alpha) * zeros.sum(dtype=np.float64))


def focal_loops(logits, targets, alpha=0.25, gamma=2.0):
    """Place by place."""
    total = 0.0
    for x, t in zip(logits.ravel().tolist(), targets.ravel().tolist(), strict=True):
        z = x if t else -x
        soft = lambda v: max(v, 0.0) + math.log1p(math.exp(-abs(v)))
        total += (alpha if t else 1 - alpha) * math.exp(-gamma * soft(z)) * soft(-z)
    return total


def focal_slope_split(logits, targets, alpha=0.25, gamma=2.0):
    """The terms of the product rule, each as an exponential."""
    sign = 2.0 * targets - 1
    z = sign * logits
    log_p, log_q = -split(-z), -split(z)
    weight = alpha * targets + (1 - alpha) * (1 - targets)
    return -sign * weight * (np.exp((gamma + 1) * log_q) - gamma * np.exp(gamma * log_q + log_p) * log_p)


def focal_slope_loops(logits, targets, alpha=0.25, gamma=2.0):
    """Place by place; powers of a float that is rounded to 0 where the loss is 0 as well."""
    grad = np.empty(logits.shape)
    for index in np.ndindex(logits.shape):
        z = float(logits[index]) if targets[index] else -float(logits[index])
        e = math.exp(-abs(z))
        p, q = (1 / (1 + e), e / (1 + e)) if z >= 0 else (e / (1 + e), 1 / (1 + e))
        minus_log = math.log1p(e) if z >= 0 else math.log1p(e) - z
        slope = q**gamma * (q + gamma * p * minus_log)
        grad[index] = -alpha * slope if targets[index] else (1 - alpha) * slope
    return grad


def encode_list(boxes, anchors):
    """A list of rows, made an array in the end."""
    rows = []
    for (x0, y0, x1, y1), (a0, b0, a1, b1) in zip(boxes, anchors, strict=True):
        w, h = a1 - a0, b1 - b0
        shift = [(x0 + x1 - a0 - a1) / 2 / w, (y0 + y1 - b0 - b1) / 2 / h]
        rows.append([*shift, np.log((x1 - x0) / w), np.log((y1 - y0) / h)])
    return np.array(rows)


def decode_list(offsets, anchors):
    """A list of rows, made an array in the end."""
    rows = []
    for (dx, dy, dw, dh), (x0, y0, x1, y1) in zip(offsets, anchors, strict=True):
        w, h = (x1 - x0) * np.exp(dw), (y1 - y0) * np.exp(dh)
        left, top = (x0 + x1) / 2 + dx * (x1 - x0) - w / 2, (y0 + y1) / 2 + dy * (y1 - y0) - h / 2
        rows.append([left, top, left + w, top + h])
    return np.array(rows)


def match_with_one_guard(anchors, boxes, high, low):
    """Looks for missing boxes only: there is at least one anchor."""
    if len(boxes) == 0:
        return np.full(len(anchors), -1)
    table = iou_loops(anchors, boxes)
    best, claim = table.max(1), table.max(0)
    matches = np.select([best >= high, best < low], [table.argmax(1), -1], -2)
    for j in sorted(range(len(boxes)), key=lambda j: (claim[j], -j)):
        if claim[j] > 0:
            matches[table[:, j].argmax()] = j
    return matches


def ap_straight_lines(scores, correct, count):
    """Straight lines between the points of the envelope are level wherever the recall grows."""
    if not count or not len(scores):
        return 0.0
    c = correct[np.argsort(-scores, kind="stable")]
    height = np.maximum.accumulate((np.cumsum(c) / np.arange(1, len(c) + 1))[::-1])[::-1]
    before = np.append(height[0], height[:-1])
    return float((c * (height + before)).sum() / 2 / count)


ANSWERS = {
    "18.box_iou": [iou_loops, iou_axes, iou_lengths],
    "18.nms": [nms_loops, nms_mask, nms_best_left],
    "18.encode_boxes": [encode_columns, encode_rows, encode_list],
    "18.decode_boxes": [decode_matrix, decode_rows, decode_list],
    "18.match_anchors": [match_loops, match_table, match_with_one_guard],
    "18.match_detections": [detections_loops, detections_table],
    "18.average_precision": [ap_by_hits, ap_rectangles, ap_sentinels, ap_straight_lines],
    "18.focal_loss": [focal_split, focal_loops],
    "18.focal_loss_backward": [focal_slope_split, focal_slope_loops],
}  # fmt: skip
