"""One convolution, many algorithms, each short and on its own.

| Module | Idea | Takes |
| --- | --- | --- |
| `loops` | the definition | everything; also backward |
| `toeplitz` | one big sparse matrix | stride, padding, dilation |
| `im2col` | windows as columns, one GEMM | everything, any dimension; also backward |
| `shifted` | a GEMM for each kernel position | everything, any dimension |
| `depthwise` | a weight per channel and kernel position | one group per channel, any dimension |
| `fft` | a product of spectra | everything, any dimension |
| `winograd` | fewer multiplications per tile | 3×3, stride 1 |

Each has `conv2d(input, weight, bias=None, stride=1, padding=0, …)`. These trust their arguments: it is
`functional.conv2d` that checks them, pads, and picks an algorithm (`choice`). `windows` is what they share.
"""
