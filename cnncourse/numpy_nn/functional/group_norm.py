"""Group normalisation: each sample by itself, over groups of neighbouring channels."""

from ._arguments import check_floats, check_grad_output, check_integer
from .standardize import affine, check_channel_vectors, per_channel, standardize, standardize_backward

__all__ = ["group_norm", "group_norm_backward"]


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """Normalise every sample by itself, over groups of neighbouring channels (Wu & He 2018).

    Parameters
    ----------
    input : ndarray (N, C, …)
        float32 or float64.
    num_groups : int
        C / num_groups channels share their statistics, with all positions.
    weight, bias : ndarray (C,) or None
        γ and β.
    eps : float
        Added to the variance.

    Raises
    ------
    TypeError, ValueError
        Other dtypes or shapes; num_groups does not divide C; one value in all.
    """
    _check_groups(input, num_groups, weight, bias)
    normalized, _ = _standardize_groups(input, num_groups, eps)
    gamma, beta = (None if v is None else per_channel(v, input.ndim) for v in (weight, bias))
    return affine(normalized.reshape(input.shape), gamma, beta)


def _standardize_groups(input, num_groups, eps):
    values = input[0].size // num_groups if len(input) else 0
    return standardize(input.reshape(len(input), num_groups, values), (2,), eps)


def group_norm_backward(grad_output, input, num_groups, weight=None, bias=None, eps=1e-5):
    """Return the gradients with respect to (input, weight, bias); None for an absent one."""
    _check_groups(input, num_groups, weight, bias)
    check_grad_output(grad_output, input.shape, input.dtype)
    normalized, factor = _standardize_groups(input, num_groups, eps)
    grad_normalized = grad_output if weight is None else grad_output * per_channel(weight, input.ndim)
    grad_input = grad_normalized.copy()
    if input.size:
        grad_groups = grad_normalized.reshape(normalized.shape)
        grad_input = standardize_backward(grad_groups, normalized, factor, (2,)).reshape(input.shape)
    axes = (0, *range(2, input.ndim))
    grad_weight = None if weight is None else (grad_output * normalized.reshape(input.shape)).sum(axis=axes)
    grad_bias = None if bias is None else grad_output.sum(axis=axes)
    return grad_input, grad_weight, grad_bias


def _check_groups(input, num_groups, weight, bias):
    check_floats(input=input)
    if input.ndim < 2:
        raise ValueError(f"input: expected shape (N, C, …), got {input.shape}")
    N, C = input.shape[:2]
    if C == 0 or 0 in input.shape[2:]:
        raise ValueError(f"input: expected at least one channel and one position, got {input.shape}")
    if C % check_integer("num_groups", num_groups, minimum=1):
        raise ValueError(f"num_groups: expected a divisor of C = {C}, got {num_groups}")
    if N and input.size == num_groups:
        raise ValueError(f"input: expected more than one value in a group, got {input.shape}")
    check_channel_vectors(input, C, weight=weight, bias=bias)
