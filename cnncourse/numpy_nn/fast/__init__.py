"""The plain functions again, with the same signatures and results, at speed.

Importing this package registers each of them with the plain function of its name (`functional._switch`); which of the
two runs is then a matter of `numpy_nn.use`. What makes them fast:

| File | Idea |
| --- | --- |
| `choice` | the algorithm that suits a convolution's shapes and values |
| `im2col`, `shifted`, `depthwise`, `depthwise_toeplitz`, `dense`, `winograd` | these algorithms |
| `blocks` | element-wise formulas, a cacheful at a time |
| `threads`, `helpers` | work shared out over threads, in one place |
| `memory` | freed memory serves the next layer |
"""

from importlib import import_module

from ..functional import _switch
from . import activation, batch_norm, conv, conv_transpose, global_mean, linear, local_response_norm, max_pool

for _module, _plain in (
    (activation, "activation"), (activation, "gated_activation"), (batch_norm, "batch_norm"), (conv, "conv"),
    (conv_transpose, "conv_transpose"), (global_mean, "adaptive_pool"), (linear, "linear"),
    (local_response_norm, "local_response_norm"), (max_pool, "max_pool"),
):  # fmt: skip
    _switch.register_all(_module, import_module(f"cnncourse.numpy_nn.functional.{_plain}"))
