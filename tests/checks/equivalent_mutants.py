"""Mutants that give the same results as the reference, each with the reason."""

AXES = "the order in which axes are named makes no difference to a mean or a sum over them"
WIDER = "a float64 result for float32 input is accepted, with a note"
SAME_LENGTH = "the lists have the same length, which `strict` only asserts"
FIRST_VECTORS = "vectors that belong to no singular value come behind the others"
COMMUTES = "a product or a sum of the same numbers in another order"
FREE_LENGTH = "NumPy takes any negative length for the one that is left over"

IDLE_BIAS = "a bias in front of batch norm changes nothing, since the norm subtracts it"
EQUIVALENT = {
    "01.channel_statistics": {
        "channel_statistics: (0, 2, 3) -> (2, 0, 3)": AXES,
        "channel_statistics: (0, 2, 3) -> (0, 3, 2)": AXES,
    },
    "01.conv_parameters": {"conv_parameters: (k_h, k_w) -> (k_w, k_h)": COMMUTES},
    "02.cross_correlate2d": {
        "cross_correlate2d: np.zeros((h_out, w_out), dtype=image.dtype) -> np.zeros((h_out, w_out))": WIDER,
    },
    "02.conv2d": {
        "conv2d: np.zeros((n, c_out, h_out, w_out), dtype=input.dtype) -> np.zeros((n, c_out, h_out, w_out))": WIDER,
    },
    "02.sum_distribution": {
        "sum_distribution: np.zeros(len(p) + len(q) - 1, dtype=p.dtype) -> np.zeros(len(p) + len(q) - 1)": WIDER,
    },
    "02.separate": {
        "separate: 0 -> -1": "the last row that is not zero serves as well as the first",
    },
    "02.sobel_magnitude": {
        "correlate: (i, j) -> (j, i)": "both kernels are transposed, and they are each other's transpose",
        "sobel_magnitude: (across, down) -> (down, across)": COMMUTES,
        "sobel_magnitude: (correlate(image, ACROSS), correlate(image, ACROSS.T)) -> "
        "(correlate(image, ACROSS.T), correlate(image, ACROSS))": COMMUTES,
    },
    "03.conv2d": {
        "conv2d: np.zeros((n, groups, c_out // groups, h_out, w_out), dtype=input.dtype) -> "
        "np.zeros((n, groups, c_out // groups, h_out, w_out))": WIDER,
    },
    "03.receptive_field": {"receptive_field: (size, jump) -> (jump, size)": "both start at 1"},
    "03.conv_cost": {"conv_cost: (k_h, k_w) -> (k_w, k_h)": COMMUTES},
    "03.conv1x1": {"conv1x1: 0 -> -1": "the axis has length 1: its first entry is its last"},
    "05.col2im": {
        "scattered: put(padded[here], entries[..., i, j]) -> put(entries[..., i, j], padded[here])": COMMUTES,
    },
    "06.conv2d_grad_input": {
        "scattered: put(padded[here], np.einsum('no,ocuv->ncuv', grad_output[:, :, i, j], weight)) -> "
        "put(np.einsum('no,ocuv->ncuv', grad_output[:, :, i, j], weight), padded[here])": COMMUTES,
    },
    "06.conv2d_grad_bias": {
        "conv2d_grad_bias: (0, 2, 3) -> (2, 0, 3)": AXES,
        "conv2d_grad_bias: (0, 2, 3) -> (0, 3, 2)": AXES,
    },
    "07.max_pool2d": {"max_pool2d: (4, 5) -> (5, 4)": AXES},
    "07.max_pool2d_backward": {
        "scatter: put(grad[here], share(padded[here]) * grad_output[:, :, [[i]], [[j]]]) -> "
        "put(share(padded[here]) * grad_output[:, :, [[i]], [[j]]], grad[here])": COMMUTES,
    },
    "07.avg_pool2d_backward": {
        "scatter: -np.inf -> np.inf": "how the padding is marked makes no difference to equal shares",
        "scatter: put(grad[here], share(padded[here]) * grad_output[:, :, [[i]], [[j]]]) -> "
        "put(share(padded[here]) * grad_output[:, :, [[i]], [[j]]], grad[here])": COMMUTES,
    },
    "07.avg_pool2d": {"avg_pool2d: (4, 5) -> (5, 4)": AXES},
    "07.global_avg_pool2d": {"global_avg_pool2d: (2, 3) -> (3, 2)": AXES},
    "08.batch_norm": {
        "batch_norm: (0, 2, 3) -> (2, 0, 3)": AXES,
        "batch_norm: (0, 2, 3) -> (0, 3, 2)": AXES,
    },
    "09.sgd_step": {
        "sgd_step: (new_params, new_velocity) -> (new_velocity, new_params)": "both start empty",
        "sgd_step: zip(params, grads, velocity, strict=True) -> zip(params, grads, velocity)": SAME_LENGTH,
        "sgd_step: True -> False": SAME_LENGTH,
    },
    "09.random_crop_flip": {
        "random_crop_flip: (top, left) -> (left, top)": "both are drawn alike",
        "random_crop_flip: rng.random() < 0.5 -> rng.random() <= 0.5": "0.5 itself comes up once in 2**53 draws",
    },
    "11.top_k_error": {
        "top_k_error: np.take_along_axis(logits, labels[:, None], axis=1) -> "
        "np.take_along_axis(logits, labels[:, None])": "the last axis is the default, and it is axis 1",
    },
    "11.alexnet_features": {
        "alexnet_features: (0, 2) -> (2, 0)": "the order in a list of places that is only searched",
        "alexnet_features: (2, 3) -> (3, 2)": "the order in a list of places that is only searched",
    },
    "11.local_response_norm": {
        "local_response_norm: 5 -> 4": "four channels reach as far as five do, two on each side",
        "local_response_norm: max(0, c - reach) -> max(c - reach, 0)": "order does not matter here",
    },
    "11.dropout": {
        "dropout: rng.random(x.shape) >= p -> rng.random(x.shape) > p": "p itself comes up once in 2**53 draws",
    },
    "11.colour_shift": {
        "colour_shift: images + (a * values @ vectors.T)[:, :, None, None] -> "
        "images - (a * values @ vectors.T)[:, :, None, None]": "the normal distribution is symmetric",
        "colour_shift: images.transpose(0, 2, 3, 1) -> images.transpose(2, 0, 3, 1)": "the order of the pixels is free",
        "colour_shift: 1 -> 2": "reshape takes -2 for -1",
    },
    "12.VGG": {"VGG: 32 -> 33": "33 pixels halve to as many as 32 do, rounded down"},
    "13.mlpconv": {
        "mlpconv: np.maximum(np.einsum('mc,nchw->nmhw', w1, input) + b1[:, None, None], 0) -> "
        "np.maximum(0, np.einsum('mc,nchw->nmhw', w1, input) + b1[:, None, None])": "order does not matter here",
        "mlpconv: np.maximum(np.einsum('om,nmhw->nohw', w2, hidden) + b2[:, None, None], 0) -> "
        "np.maximum(0, np.einsum('om,nmhw->nohw', w2, hidden) + b2[:, None, None])": "as above: order does not matter",
    },
    "13.concat_backward": {
        "concat_backward: zip(ends, channels, strict=True) -> zip(ends, channels)": SAME_LENGTH,
        "concat_backward: True -> False": SAME_LENGTH,
    },
    "13.separate_kernel": {
        "separate_kernel: np.linalg.svd(kernel, full_matrices=False) -> np.linalg.svd(kernel)": FIRST_VECTORS,
        "separate_kernel: False -> True": FIRST_VECTORS,
    },
    "13.smooth_cross_entropy": {
        "smooth_cross_entropy: shifted.mean(axis=1) -> shifted.mean()": "the mean of all is that of the rows' means",
    },
    "14.BasicBlock": {
        "BasicBlock: nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False) -> "
        "nn.Conv2d(c_in, c_out, 3, stride, padding=1)": IDLE_BIAS,
        "BasicBlock: nn.Conv2d(c_out, c_out, 3, padding=1, bias=False) -> "
        "nn.Conv2d(c_out, c_out, 3, padding=1)": IDLE_BIAS,
        "BasicBlock: nn.Conv2d(c_in, c_out, 1, stride, bias=False) -> nn.Conv2d(c_in, c_out, 1, stride)": IDLE_BIAS,
        "BasicBlock: False -> True": IDLE_BIAS,
    },
    "14.Bottleneck": {
        "Bottleneck: nn.Conv2d(c_in, planes, 1, bias=False) -> nn.Conv2d(c_in, planes, 1)": IDLE_BIAS,
        "Bottleneck: nn.Conv2d(planes, planes, 3, stride, padding=1, bias=False) -> "
        "nn.Conv2d(planes, planes, 3, stride, padding=1)": IDLE_BIAS,
        "Bottleneck: nn.Conv2d(planes, 4 * planes, 1, bias=False) -> nn.Conv2d(planes, 4 * planes, 1)": IDLE_BIAS,
        "Bottleneck: nn.Conv2d(c_in, 4 * planes, 1, stride, bias=False) -> "
        "nn.Conv2d(c_in, 4 * planes, 1, stride)": IDLE_BIAS,
        "Bottleneck: False -> True": IDLE_BIAS,
    },
    "14.residual_forward": {
        "residual_forward: np.maximum(np.einsum('mc,nchw->nmhw', weight1, input), 0) -> "
        "np.maximum(0, np.einsum('mc,nchw->nmhw', weight1, input))": "order does not matter here",
        "residual_forward: np.maximum(input + np.einsum('cm,nmhw->nchw', weight2, hidden), 0) -> "
        "np.maximum(0, input + np.einsum('cm,nmhw->nchw', weight2, hidden))": "as above: order does not matter",
    },
    "14.residual_backward": {
        "residual_backward: np.maximum(before, 0) -> np.maximum(0, before)": "as above: order does not matter",
        "residual_backward: total > 0 -> total >= 0": "at zero itself the gradient is a matter of taste",
        "residual_backward: before > 0 -> before >= 0": "at zero itself the gradient is a matter of taste",
    },
    "15.squeeze_excite": {
        "squeeze_excite: (2, 3) -> (3, 2)": AXES,
        "squeeze_excite: np.maximum(input.mean(axis=(2, 3)) @ w1.T + b1, 0) -> "
        "np.maximum(0, input.mean(axis=(2, 3)) @ w1.T + b1)": "order does not matter here",
    },
    "15.squeeze_excite_backward": {
        "squeeze_excite_backward: (2, 3) -> (3, 2)": AXES,
        "squeeze_excite_backward: np.maximum(before, 0) -> np.maximum(0, before)": "as above: order does not matter",
        "squeeze_excite_backward: before > 0 -> before >= 0": "at zero itself the gradient is a matter of taste",
    },
    "15.channel_shuffle": {
        "channel_shuffle: input.reshape(n, groups, c // groups, h, w).swapaxes(1, 2) -> "
        "input.reshape(n, groups, c // groups, h, w).swapaxes(2, 1)": "two axes change places whichever is named first",
    },
    "15.stochastic_depth": {
        "stochastic_depth: rng.random(len(x)) >= p -> rng.random(len(x)) > p": "p itself comes up once in 2**53 draws",
    },
    "15.SqueezeExcitation": {"SqueezeExcitation: (2, 3) -> (3, 2)": AXES},
    "15.InvertedResidual": {
        "InvertedResidual: nn.Conv2d(c_in, wide, 1, bias=False) -> nn.Conv2d(c_in, wide, 1)": IDLE_BIAS,
        "InvertedResidual: nn.Conv2d(wide, wide, 3, stride, padding=1, groups=wide, bias=False) -> "
        "nn.Conv2d(wide, wide, 3, stride, padding=1, groups=wide)": IDLE_BIAS,
        "InvertedResidual: nn.Conv2d(wide, c_out, 1, bias=False) -> nn.Conv2d(wide, c_out, 1)": IDLE_BIAS,
        "InvertedResidual: False -> True": IDLE_BIAS,
    },
    "18.box_iou": {
        "box_iou: (a, b) -> (b, a)": COMMUTES,
        "box_iou: (boxes1[:, None], boxes2[None]) -> (boxes2[None], boxes1[:, None])": "IoU is symmetric",
        "box_iou: (size1, size2) -> (size2, size1)": COMMUTES,
        "box_iou: np.minimum(a[..., 2:], b[..., 2:]) -> np.minimum(b[..., 2:], a[..., 2:])": COMMUTES,
        "box_iou: np.maximum(a[..., :2], b[..., :2]) -> np.maximum(b[..., :2], a[..., :2])": COMMUTES,
        "box_iou: np.maximum(sides, 0) -> np.maximum(0, sides)": COMMUTES,
        "box_iou: 1 -> 2": "where the union is 0 nothing is in common, and 0/2 is 0 as well",
    },
    "18.nms": {"nms: (best, others) -> (others, best)": "box 1 overlaps box 2 as much as box 2 overlaps box 1"},
    "18.focal_loss": {
        "focal_loss: np.logaddexp(0, -z) -> np.logaddexp(-z, 0)": COMMUTES,
        "focal_loss: np.logaddexp(0, z) -> np.logaddexp(z, 0)": COMMUTES,
    },
    "18.focal_loss_backward": {
        "focal_loss_backward: np.logaddexp(0, -z) -> np.logaddexp(-z, 0)": COMMUTES,
        "focal_loss_backward: np.logaddexp(0, z) -> np.logaddexp(z, 0)": COMMUTES,
    },
    "19.UNet": {
        "UNet: zip([c_in, *c], c, strict=False) -> zip([c_in, *c], c)": "not strict is what zip is by itself",
    },
    "19.dice_loss": {
        "dice_loss: (1, 2, 3) -> (2, 1, 3)": AXES,
        "dice_loss: (1, 2, 3) -> (1, 3, 2)": AXES,
    },
    "19.dice_loss_backward": {
        "dice_loss_backward: (1, 2, 3) -> (2, 1, 3)": AXES,
        "dice_loss_backward: (1, 2, 3) -> (1, 3, 2)": AXES,
    },
    "19.conv_transpose2d": {
        "laid: put(whole[here], np.einsum('nc,couv->nouv', input[:, :, i, j], weight)) -> "
        "put(np.einsum('nc,couv->nouv', input[:, :, i, j], weight), whole[here])": "a sum has no order",
    },
    "17.linear_probe": {
        "linear_probe: np.eye(num_classes, dtype=features.dtype) -> np.eye(num_classes)": WIDER,
        "linear_probe: np.eye(F.shape[1], dtype=features.dtype) -> np.eye(F.shape[1])": WIDER,
    },
    "16.guided_relu_backward": {
        "guided_relu_backward: grad_output > 0 -> grad_output >= 0": "a gradient of 0 is 0 whether it passes or not",
    },
    "16.grad_cam": {
        "grad_cam: np.maximum((alpha * activations).sum(axis=1), 0) -> "
        "np.maximum(0, (alpha * activations).sum(axis=1))": COMMUTES,
        "grad_cam: (2, 3) -> (3, 2)": AXES,
    },
    "20.causal_conv1d": {"causal_conv1d: 0 -> 1": "one more zero behind the end, which no tap reaches"},
    "20.normalized_adjacency": {
        "normalized_adjacency: np.eye(len(adjacency), dtype=np.int8) -> np.eye(len(adjacency))": WIDER,
    },
    "20.patch_embedding": {
        "patch_embedding: 2 -> 3": "patches are as high as wide",
        "patch_embedding: 1 -> 2": "NumPy takes any negative side for the one that is left",
    },
    "21.warmup_cosine": {
        "warmup_cosine: min((step - warmup) / (total - warmup), 1.0) -> "
        "min(1.0, (step - warmup) / (total - warmup))": COMMUTES,
    },
    "21.quantize": {"quantize: 1 -> 2": FREE_LENGTH},
    "21.dequantize": {"dequantize: 1 -> 2": FREE_LENGTH},
    "21.accumulate": {
        "accumulate: (total, count) -> (count, total)": "both start at zero",
        "accumulate: (0.0, 0) -> (0, 0.0)": "both start at zero",
    },
}
