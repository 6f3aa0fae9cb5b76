"""One residual block in NumPy, forward and backward, with switches for what goes wrong."""

import numpy as np


def by_pixel(matrix, maps):
    """A 1×1 convolution: the matrix applied to the channels of each pixel."""
    return np.einsum("oc,nchw->nohw", matrix, maps)


def summed(grad, maps):
    """The gradient of the matrix: products summed over images and pixels."""
    return np.einsum("nohw,nchw->oc", grad, maps)


def wrong_backward(
    *, skip=True, last_gate=True, inner_gate=True, inner_gate_on="before", last_gate_on="sum", branch=True, scale=None,
    gate_at_zero=False, transpose=False, hidden=True, upstream_to_weights="gated", skip_upstream="gated",
):  # fmt: skip
    """A wrong `residual_backward`; each known mistake switches one thing."""

    def answer(grad_output, input, weight1, weight2):
        before = by_pixel(weight1, input)
        after = np.maximum(before, 0) if hidden else before
        body = by_pixel(weight2, after)
        tested = {"sum": input + body, "body": body, "input": input}[last_gate_on]
        gate = tested >= 0 if gate_at_zero else tested > 0
        g = grad_output * gate if last_gate else grad_output
        to_weights = g if upstream_to_weights == "gated" else grad_output
        g_after = np.einsum("oc,nohw->nchw", weight2, g)
        inner = {"before": before > 0, "upstream": g_after > 0}[inner_gate_on]
        g_before = g_after * inner if inner_gate else g_after
        grad_input = np.einsum("oc,nohw->nchw", weight1, g_before) if branch else 0
        if skip:
            grad_input = grad_input + (g if skip_upstream == "gated" else grad_output)
        grads = [grad_input, summed(g_before, input), summed(to_weights, after)]
        if scale:
            N, _, H, W = input.shape
            grads[1:] = [grad / {"N": N, "HW": H * W, "NHW": N * H * W}[scale] for grad in grads[1:]]
        return (grads[0], grads[1].T, grads[2].T) if transpose else tuple(grads)

    return answer
