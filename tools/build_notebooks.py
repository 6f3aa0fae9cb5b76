"""Build the lessons: ``notebooks/source/NN_name.py`` to executed ``notebooks/NN_name.ipynb``.

    python -m tools.build_notebooks            build what is stale; where only text has changed, run nothing;
                                               the start page and README.md get the minutes of tools.ways
    python -m tools.build_notebooks 02 03      only these
    python -m tools.build_notebooks --force    run and build all
    python -m tools.build_notebooks --check    build nothing; fail if anything is stale
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from nbclient.exceptions import CellExecutionError
from tqdm import tqdm

from tools.notebook_builder import execute, is_stale, read_source, reuse_outputs, write

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"


def pairs(wanted: list[str]) -> list[tuple[Path, Path]]:
    """Return (source, notebook) for each lesson whose name starts with one of `wanted` (all if empty)."""
    sources = sorted((FOLDER / "source").glob("[0-9][0-9]_*.py"))
    chosen = [s for s in sources if not wanted or any(s.name.startswith(w) for w in wanted)]
    for name in wanted:
        if not any(source.name.startswith(name) for source in sources):
            known = ", ".join(source.stem for source in sources)
            raise SystemExit(f"No lesson starts with {name!r}. There are: {known}.")
    return [(source, FOLDER / f"{source.stem}.ipynb") for source in chosen]


def build(source: Path, notebook: Path, force: bool = False) -> float | None:
    """Write one lesson, executed; return the seconds it took, or None where only its text changed and nothing ran."""
    start = time.perf_counter()
    lesson = read_source(source)
    if not force and reuse_outputs(lesson, notebook):
        write(lesson, notebook)
        return None
    write(execute(lesson, cwd=notebook.parent), notebook)
    return time.perf_counter() - start


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", help="numbers or names, such as 02 (default: all)")
    parser.add_argument("--force", action="store_true", help="build also what is up to date")
    parser.add_argument("--check", action="store_true", help="build nothing; exit 1 if anything is stale")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks at a time (default 2)")
    arguments = parser.parse_args(argv)
    if not arguments.check and (not arguments.lessons or "00" in arguments.lessons):
        from tools import ways  # which reads the sources, as this file does

        ways.write()
    todo = [pair for pair in pairs(arguments.lessons) if arguments.force or is_stale(*pair)]
    if arguments.check:
        for source, notebook in todo:
            print(f"{notebook.name} is older than {source.name}, its alt texts or its widgets: run make notebooks")
        return 1 if todo else 0
    if not todo:
        print("All lessons are up to date.")
        return 0
    failed = 0
    with ThreadPoolExecutor(arguments.jobs) as pool, tqdm(total=len(todo), unit="lesson") as bar:
        running = {pool.submit(build, *pair, arguments.force): pair for pair in todo}
        for future in as_completed(running):
            source, notebook = running[future]
            try:
                seconds = future.result()
                if seconds is None:
                    tqdm.write(f"{notebook.name}: only text has changed, so the outputs stay")
                else:
                    tqdm.write(f"{notebook.name}: {seconds:.0f} s")
            except CellExecutionError as error:
                failed += 1
                tqdm.write(f"{source.name} did not run to its end, so {notebook.name} stays as it was:\n{error}")
            bar.update()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
