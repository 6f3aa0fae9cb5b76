"""Measure how fast the course is: `make bench`, or `python -m benchmarks [PART ...] [options of the parts]`.

Without a part, all are measured, one after another. `python -m benchmarks PART --help` names a part's options;
`--quick`, `--threads 1 2` and `--as avx2` (an older processor, for both libraries) are options of all but grading. With
make, options stand in ARGS: make bench ARGS="conv --threads 1". Tables and pictures go to benchmarks/results, which git
ignores; `python -m benchmarks publish` puts the last ones into docs/benchmarks.md.
"""

import ast
import re
import shutil
import subprocess
import sys
from itertools import takewhile

from benchmarks.runner import RESULTS, ROOT, progress
from benchmarks.runner import main as run_part

PARTS = ("bounds", "conv", "others", "networks", "roofline", "waiting", "book", "grading")
PAGE = ROOT / "docs" / "benchmarks.md"


def overview():
    """Return the help: what the parts are."""
    lines = [f"  {name:<9} {first_line(name)}" for name in PARTS]
    return f"{__doc__}\nparts:\n" + "\n".join([*lines, "  publish   puts the last results into docs/benchmarks.md"])


def first_line(name):
    """Return the first line of what a part says of itself."""
    source = (ROOT / "benchmarks" / f"bench_{name}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)).splitlines()[0]


def run_grading(arguments):
    """Run the grading's own benchmark and keep the table that it prints."""
    line = [sys.executable, "-m", "benchmarks.bench_grading", *arguments]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        table = []
        for row in process.stdout:
            print(row, end="", flush=True)
            table.append(row)
    if process.returncode:
        sys.exit("grading: stopped with an error")
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "grading.md").write_text("".join(table), encoding="utf-8")


def machine(piece):
    """Return the processor and NumPy's kernels that the line above a table names."""
    found = re.match(r"\*(.+?), \d+ cores?;.*?\((.+?)\)", piece)
    return found.groups() if found else None


def publish(results=RESULTS, page=PAGE):
    """Put the tables of `results` between the page's marks <!-- NAME --> and <!-- end -->, its pictures beside it.

    The promised ratios are a table for each processor: those of other processors stay.
    """
    text = page.read_text(encoding="utf-8")
    for name in PARTS:
        picture = results / f"{name}.png"
        tables = [results / f"{name}.md", *sorted(results.glob(f"{name}-as-*.md"))]
        tables = [table.read_text(encoding="utf-8").strip() for table in tables if table.exists()]
        if tables:
            if name == "bounds":
                old = re.search(r"<!-- bounds -->\n(.*?)\n?<!-- end -->", text, flags=re.DOTALL)[1]
                others = re.split(r"\n\n(?=\*.+? cores?; Python)", old)
                measured = {machine(piece) for piece in tables}
                tables += [piece for piece in others if machine(piece) and machine(piece) not in measured]
            inside = f"<!-- {name} -->\n" + "\n\n".join(tables) + "\n<!-- end -->"
            text = re.sub(rf"<!-- {name} -->\n.*?<!-- end -->", lambda _, inside=inside: inside, text, flags=re.DOTALL)
        if picture.exists():
            shutil.copy(picture, page.parent / "images" / f"bench_{name}.png")
    page.write_text(text, encoding="utf-8")


def main(argv):
    """Run the parts that are named, or all."""
    if argv == ["publish"]:
        return publish()
    parts = list(takewhile(PARTS.__contains__, argv))
    options = argv[len(parts) :]
    if not parts and {"-h", "--help"} & set(options):
        return print(overview())
    if not parts and options and not options[0].startswith("-"):
        sys.exit(f"{options[0]!r} is none of the parts: {', '.join(PARTS)}")
    for name in parts or PARTS:
        progress(f"== {name}: {first_line(name)}")
        if name != "grading":
            run_part(name, options)
        elif parts == ["grading"]:
            run_grading(options)
        else:
            run_grading([])


if __name__ == "__main__":
    main(sys.argv[1:])
