"""How a child process computes like another processor, and the proof that it does.

NumPy, OpenBLAS, MKL, oneDNN and PyTorch choose their code by variables that they read when they start. A small probe is
hashed with each variable set by itself: where no hash changes, that variable does nothing on this processor.
"""

import hashlib
import json
import os
import platform
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

STORE = Path(__file__).resolve().parents[2] / ".cache" / "processors"
SSE = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Nehalem",
    "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "ATEN_CPU_CAPABILITY": "default",
    "OMP_NUM_THREADS": "1",
}
AVX2 = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "OMP_NUM_THREADS": "2",
}
MACHINES = {"sse": SSE, "avx2": AVX2}

PROBE = """
import hashlib, json, numpy as np, torch
from torch.nn import functional as F
rng = np.random.default_rng(0)
x, image, kernel = (rng.standard_normal(size).astype("f4") for size in ((300, 301), (4, 16, 33, 33), (24, 16, 3, 3)))
t, image, kernel = map(torch.from_numpy, (x, image, kernel))
print(json.dumps({name: hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest() for name, value in {
    "NumPy's exp": np.exp(x), "NumPy's tanh": np.tanh(x), "NumPy's sums": x.sum(1), "NumPy's products": x @ x.T,
    "PyTorch's products": (t @ t.T).numpy(), "PyTorch's exp": t.exp().numpy(), "PyTorch's tanh": t.tanh().numpy(),
    "PyTorch's sigmoid": t.sigmoid().numpy(), "PyTorch's softmax": t.log_softmax(1).numpy(),
    "PyTorch's sums": t.repeat(30, 1).sum().numpy(), "PyTorch's convolutions": F.conv2d(image, kernel).numpy(),
}.items()}))
"""


def as_machine(machine, **more):
    """Return the environment of a child process that computes like `machine`."""
    environment = {key: value for key, value in os.environ.items() if key not in SSE}
    return environment | machine | more


@cache
def processor():
    """Return the processor's name, as far as the system tells."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


@cache
def packages():
    return ", ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "torch"))


def hashes(machine):
    done = subprocess.run([sys.executable, "-c", PROBE], env=as_machine(machine), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"The probe cannot run with {machine}:\n{done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)


def prove(again=False):
    """Print which variables change bits on this processor; return how many do. What was found is kept, too."""
    what = "\n".join([PROBE, json.dumps(SSE), processor(), packages()])
    file = STORE / f"proof-{hashlib.sha256(what.encode()).hexdigest()[:16]}.json"
    if again or not file.exists():
        plain = hashes({"OMP_NUM_THREADS": "2"})
        found = {}
        for name, value in SSE.items():
            other = hashes({"OMP_NUM_THREADS": "2", name: value})
            found[name] = [part for part in plain if plain[part] != other[part]]
        store(file, found)
    found = json.loads(file.read_text())
    print(f"What each variable changes by itself on this processor ({processor()}, {packages()}):")
    for name, changed in found.items():
        effect = ", ".join(changed) or "nothing, so this part is tried as it is"
        print(f"  {name}={SSE[name]}: {effect}", flush=True)
    return sum(map(bool, found.values()))


def store(file, content):
    """Write a result whole or not at all."""
    STORE.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".tmp")
    temporary.write_text(json.dumps(content))
    temporary.replace(file)
