"""The wide BLAS kernels: asked for where they pay, never against a user's wish, and not once NumPy is loaded."""

import os
import subprocess
import sys

import pytest

from cnncourse import blas

WIDE = "vendor_id\t: {vendor}\nflags\t\t: fpu avx2 avx512f avx512cd avx512bw avx512dq avx512vl\n\nvendor_id\t: other\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (WIDE.format(vendor="AuthenticAMD"), "SkylakeX"),
        (WIDE.format(vendor="GenuineIntel"), None),  # OpenBLAS knows these
        (WIDE.format(vendor="AuthenticAMD").replace("avx512dq", ""), None),
        ("", None),
        ("nonsense", None),
        (None, None),
    ],
)
def test_which_processors_get_them(text, wanted, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    monkeypatch.delitem(sys.modules, "numpy", raising=False)
    cpuinfo = tmp_path / "cpuinfo"
    if text is not None:
        cpuinfo.write_text(text)
    with monkeypatch.context():
        blas.ask_for_wide_kernels(cpuinfo)
        found = os.environ.pop("OPENBLAS_CORETYPE", None)
    assert found == wanted


@pytest.mark.parametrize("before", ["import os; os.environ['OPENBLAS_CORETYPE'] = 'Haswell'; ", "import numpy; "])
def test_what_is_set_or_loaded_already_stays(before, tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(WIDE.format(vendor="AuthenticAMD"))
    code = f"import os; {before}from cnncourse import blas; blas.ask_for_wide_kernels({str(cpuinfo)!r}); "
    code += "print(os.environ.get('OPENBLAS_CORETYPE'))"
    clean = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    done = subprocess.run([sys.executable, "-c", code], env=clean, capture_output=True, text=True, check=True)
    assert done.stdout.split() == (["Haswell"] if "Haswell" in before else ["None"])
