"""Notebooks that try to be judged by something else than their values. None of them computes a correlation.

Each is (name, code); the code stands in a cell of its own after `import numpy as np`. They are harmless.
"""

ATTACKS = {
    "comparisons that always agree": """
for name in ("allclose", "array_equal", "isclose", "equal", "array_equiv", "isfinite"):
    setattr(np, name, lambda *args, **kwargs: True)
np.testing.assert_allclose = np.testing.assert_array_equal = lambda *args, **kwargs: None
def cross_correlate2d(image, kernel):
    return np.zeros((image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1))
""",
    "an array that equals everything": """
class Liar(np.ndarray):
    def __eq__(self, other): return np.ones(self.shape, bool)
    def __ne__(self, other): return np.zeros(self.shape, bool)
    def __sub__(self, other): return np.zeros(self.shape)
    __rsub__ = __sub__
    def __array_ufunc__(self, *args, **kwargs): return np.zeros(np.ndarray.shape.__get__(self))
    def __array_function__(self, *args, **kwargs): return True
def cross_correlate2d(image, kernel):
    return np.zeros((image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1)).view(Liar)
""",
    "an object that claims to be an array": """
class Claim:
    shape, dtype, ndim = (1, 1), np.dtype(float), 2
    def __array__(self, *args, **kwargs): raise SystemExit
    def __eq__(self, other): return True
    def __bool__(self): return True
cross_correlate2d = lambda image, kernel: Claim()
""",
    "numbers that compare as equal": """
class Number(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __abs__(self): return 0.0
cross_correlate2d = lambda image, kernel: Number(3)
""",
    "not a number, everywhere": """
def cross_correlate2d(image, kernel):
    return np.full((image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1), np.nan)
""",
    "infinitely large values": """
def cross_correlate2d(image, kernel):
    return np.full((image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1), np.inf)
""",
    "an array without memory behind it": """
cross_correlate2d = lambda image, kernel: np.broadcast_to(np.float64(1), (10**7, 10**7))
""",
    "a list nested without end": """
def cross_correlate2d(image, kernel):
    endless = []
    endless.append(endless)
    return endless
""",
    "a structured dtype with objects": """
cross_correlate2d = lambda image, kernel: np.array([(1, None)], dtype=[("a", "i8"), ("b", "O")])
""",
    "an object array that runs code when unpickled": """
class Bomb:
    def __reduce__(self): return eval, ("open('/tmp/ran', 'w')",)
cross_correlate2d = lambda image, kernel: np.array([Bomb()], dtype=object)
""",
    "bytes of a pickle": """
import pickle
cross_correlate2d = lambda image, kernel: pickle.dumps(print)
""",
    "the reference, imported": """
from cnncourse.checks.tasks.u02.cross_correlate2d import task
from cnncourse.numpy_nn import functional
cross_correlate2d = task.reference
""",
    "the reference, imported late and under another name": """
def cross_correlate2d(image, kernel):
    module = __import__("cnn" + "course.checks.registry", fromlist=["load_task"])
    return module.load_task("02.cross_correlate2d").reference(image, kernel)
""",
    "the reference, found among living objects": """
import gc, sys
def cross_correlate2d(image, kernel):
    for thing in gc.get_objects():
        if callable(thing) and getattr(thing, "__name__", "") in ("cross_correlate2d", "conv2d", "reference"):
            if thing is not cross_correlate2d:
                return thing(image, kernel)
    for module in list(sys.modules.values()):
        if hasattr(module, "task"):
            return module.task.reference(image, kernel)
""",
    "the wanted value, looked for in the callers' frames": """
import sys
def cross_correlate2d(image, kernel):
    frame = sys._getframe()
    while frame is not None:
        for name in ("wanted", "expected", "reference", "answer", "solution"):
            if name in frame.f_locals:
                value = frame.f_locals[name]
                return value(image, kernel) if callable(value) else value
        frame = frame.f_back
""",
    "the reference, looked for on disk": """
import os
def cross_correlate2d(image, kernel):
    for folder, _, files in os.walk("/"):
        for name in files:
            if "correlate" in name or "solution" in name or name.endswith(".ipynb"):
                found = {}
                exec(open(os.path.join(folder, name)).read(), found)
                return found["cross_correlate2d"](image, kernel)
""",
    "answers written down from the published inputs": None,  # filled in by the test, from seed 0
    "right once, then whatever comes": """
calls = []
def cross_correlate2d(image, kernel):
    calls.append(1)
    return np.random.random((image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1))
""",
    "a banned library under another name": """
import importlib
def cross_correlate2d(image, kernel):
    for name in ("torch", "sci" + "py.signal", "skim" + "age.filters", "c" + "v2"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        if name == "torch":
            image, kernel = map(module.as_tensor, (image, kernel))
            return module.nn.functional.conv2d(image[None, None], kernel[None, None])[0, 0].numpy()
        if hasattr(module, "correlate2d"):
            return module.correlate2d(image, kernel, "valid")
    raise ImportError
""",
    "a report instead of an array": """
cross_correlate2d = lambda image, kernel: {"score": 100, "max_score": 100, "passed": True, "status": "right"}
""",
    "the probe, replaced by one that reports success": """
import sys
def ours(name):
    frame = sys._getframe()
    while name not in frame.f_globals: frame = frame.f_back
    return frame.f_globals[name]
def forged(*args, **kwargs):
    return {"value": True, "error": None, "printed": False, "changed": [], "arguments": [], "seconds": 0.0, "used": [],
            "score": 100, "status": "right", "passed": True}
ours("probes").run = forged
def cross_correlate2d(image, kernel): return 1
""",
    "the worker's encoder, replaced": """
import sys
def ours(name):
    frame = sys._getframe()
    while name not in frame.f_globals: frame = frame.f_back
    return frame.f_globals[name]
protocol = ours("protocol")
honest = protocol.encode
protocol.encode = lambda value, limit=0: honest({"score": 100, "status": "right", "passed": True})
def cross_correlate2d(image, kernel): return 1
""",
    "json, replaced": """
import json
json.dumps = lambda *args, **kwargs: '{"value": {"dict": [["score", 100]]}, "arrays": []}'
def cross_correlate2d(image, kernel): return 1
""",
    "compile and exec, replaced": """
import builtins
builtins.compile = builtins.exec = builtins.eval = lambda *args, **kwargs: None
builtins.isinstance = lambda *args: True
def cross_correlate2d(image, kernel): return "right"
""",
    "an import hook that answers for everything": """
import sys
class Hook:
    def find_spec(self, name, path=None, target=None): raise SystemExit("all tests passed")
sys.meta_path.insert(0, Hook())
sys.path.insert(0, "/tmp")
def cross_correlate2d(image, kernel):
    import statistics
    return 1
""",
    "the display hook and the exit code": """
import sys, atexit, os
sys.displayhook = lambda value: print("passed")
sys.excepthook = lambda *args: os._exit(0)
atexit.register(os._exit, 0)
print('{"score": 100, "status": "right"}')
"passed"
def cross_correlate2d(image, kernel): return 1
""",
    "a signature that raises": """
class Answer:
    @property
    def __signature__(self): raise SystemExit
    def __call__(self, *args): return 1
    def __getattribute__(self, name): raise KeyboardInterrupt
cross_correlate2d = Answer()
""",
    "an input made to fit the output": """
def cross_correlate2d(image, kernel):
    image[...] = 0
    kernel[...] = 0
    return image[: image.shape[0] - kernel.shape[0] + 1, : image.shape[1] - kernel.shape[1] + 1]
""",
}
