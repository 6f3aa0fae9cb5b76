"""Ask NumPy's BLAS for kernels that use the whole processor. Nothing but the standard library, before NumPy is loaded.

OpenBLAS, which NumPy brings along, picks its kernels by the processor's model. Versions up to 0.3.31 take AMD's Zen 5
for an older Zen and use half the width of its vector units, AVX2 instead of AVX-512: matrix products then take
twice as long (`make bench` shows it). The environment variable OPENBLAS_CORETYPE, read once when NumPy is loaded,
overrides the choice; whoever has set it keeps what they set.
"""

import os
import sys
from pathlib import Path

# What OpenBLAS's SkylakeX kernels are compiled for.
NEEDED = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}


def ask_for_wide_kernels(cpuinfo="/proc/cpuinfo"):
    """Set OPENBLAS_CORETYPE on an AMD processor with AVX-512, unless it is set or NumPy is loaded already."""
    if "numpy" in sys.modules or "OPENBLAS_CORETYPE" in os.environ:
        return
    try:
        with Path(cpuinfo).open() as file:
            first_core = file.read(8192).split("\n\n")[0]
    except OSError:
        return  # not Linux
    facts = dict(line.split(":", 1) for line in first_core.splitlines() if ":" in line)
    facts = {name.strip(): value.split() for name, value in facts.items()}
    if facts.get("vendor_id") == ["AuthenticAMD"] and NEEDED <= set(facts.get("flags", ())):
        os.environ["OPENBLAS_CORETYPE"] = "SkylakeX"
