"""One convolution, many algorithms, each short and on its own.

| Module | Idea | Takes |
| --- | --- | --- |
| `loops` | the definition | everything; also backward |
| `toeplitz` | one big sparse matrix | stride, padding, dilation |
| `im2col` | windows as columns, one GEMM | everything, any dimension; also backward |
| `shifted` | a GEMM for each kernel row | everything, any dimension; also backward |
| `depthwise` | a small GEMM on each channel's long line | one group per channel, any dimension; also backward |
| `depthwise_toeplitz` | a matrix for each channel | one group per channel, small images; also backward |
| `fft` | a product of spectra | everything, any dimension |
| `winograd` | fewer multiplications per tile | 3×3, stride 1; also backward |
| `dense` | a fully connected layer | kernels as large as the image; also backward |

Each but `dense` has `conv2d(input, weight, bias=None, stride=1, padding=0, …)`. These trust their arguments: it is
`functional.conv2d` that checks them, pads, and picks an algorithm (`choice`). `windows` is what they share.
"""
