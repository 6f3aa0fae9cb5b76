"""One convolution, many algorithms, each short and on its own, as lesson 05 shows them.

| Module | Idea | Takes |
| --- | --- | --- |
| `loops` | the definition | everything; also backward |
| `toeplitz` | one big sparse matrix | stride, padding, dilation |
| `im2col` | windows as columns, one GEMM | everything |
| `shifted` | a GEMM for each kernel row | everything |
| `fft` | a product of spectra | everything, any dimension |
| `winograd` | fewer multiplications per tile | 3×3, stride 1 |

Each has `conv2d(input, weight, bias=None, stride=1, padding=0, …)` and trusts its arguments: it is
`functional.conv2d` that checks them. The forms that run at speed, and the choice among them, are in `fast`.
"""

from . import fft, im2col, loops, shifted, toeplitz, winograd

__all__ = ["fft", "im2col", "loops", "shifted", "toeplitz", "winograd"]
