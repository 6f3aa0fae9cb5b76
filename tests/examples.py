"""The examples in docstrings: run them all, and count which functions the lessons call most.

python -m tests.examples            run the examples of the whole package; print what differs
python -m tests.examples --used     print the functions that lessons call, most often first
"""

import ast
import doctest
import importlib
import inspect
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "cnncourse"
LESSONS = ROOT / "notebooks" / "source"
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def modules_with_examples():
    """Return the modules whose text holds an example; `session` is last, because it changes the process."""
    paths = [path for path in PACKAGE.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8")]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return sorted(names, key=lambda name: (name == "cnncourse.session", name))


def run(name):
    """Run the examples of one module; return how many there were and how many failed."""
    module = importlib.import_module(name)
    finder, runner = doctest.DocTestFinder(exclude_empty=True), doctest.DocTestRunner(optionflags=OPTIONS)
    for key, value in vars(module).items():
        plain = inspect.unwrap(value) if callable(value) else value
        if getattr(plain, "__module__", None) == name:
            for example in finder.find(plain, key, module=module, globs=dict(vars(module))):
                runner.run(example)
    return runner.summarize(verbose=False)


def most_used():
    """Count the calls of this package's functions in all lessons: a Counter of functions."""
    counts = Counter()
    for path in sorted(LESSONS.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = _imported(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and inspect.isfunction(function := _value(node.func, names)):
                counts[inspect.unwrap(function)] += 1
    return counts


def _imported(tree):
    """Return {name in the lesson: what it is} for what a lesson imports from the package."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "cnncourse":
            module = importlib.import_module(node.module)
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")
                found[alias.asname or alias.name] = getattr(module, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "cnncourse":
                    module = importlib.import_module(alias.name)
                    found[alias.asname or "cnncourse"] = module if alias.asname else sys.modules["cnncourse"]
    return found


def _value(node, names):
    """Return what `name` or `module.name` stands for in a lesson, or None."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, names)
        return getattr(owner, node.attr, None) if inspect.ismodule(owner) else None
    return None


def main(arguments):
    if "--used" in arguments:
        for function, count in most_used().most_common():
            example = "example" if ">>> " in (function.__doc__ or "") else ""
            print(f"{count:5}  {function.__module__}.{function.__name__}  {example}")
        return 0
    results = {name: run(name) for name in modules_with_examples()}
    print(f"{sum(r.attempted for r in results.values())} lines of examples in {len(results)} modules")
    return int(any(r.failed for r in results.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
