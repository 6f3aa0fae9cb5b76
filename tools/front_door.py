"""Write what needs the public address into README.md and CITATION.cff; while there is none, it is left out.

    python -m tools.front_door            write
    python -m tools.front_door --check    write nothing; exit 1 if something is out of date

The address is `public_address` in pyproject.toml, such as that of a GitHub repository.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
OPENING, CLOSING = "<!-- from the public address -->", "<!-- end -->"
BLOCK = re.compile(f"{re.escape(OPENING)}.*?{re.escape(CLOSING)}", re.DOTALL)
CITED = re.compile(r"^(repository-code|url): .*\n", re.MULTILINE)


def public_address() -> str:
    """Return the repository's public address as pyproject.toml has it, or "" while there is none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return project.get("tool", {}).get("cnncourse", {}).get("public_address", "").rstrip("/")


def pages_address(address: str) -> str:
    """Return where the book of a repository on GitHub or GitLab is published."""
    parts = urlsplit(address)
    owner, _, name = parts.path.strip("/").partition("/")
    host = parts.netloc.removeprefix("www.")
    return f"https://{owner}.{host.removesuffix('.com')}.io/{name}/"


def readme_block(address: str) -> str:
    """Return the lines below README's title: the live book, Binder, the tests' badge; empty without an address."""
    if not address:
        return f"{OPENING}{CLOSING}"
    lines = [f"**[Read the course and answer its exercises in your browser]({pages_address(address)})**"]
    if urlsplit(address).netloc == "github.com":
        path = urlsplit(address).path.strip("/")
        lines += [
            "",
            f"[![Tests]({address}/actions/workflows/course.yml/badge.svg)]({address}/actions/workflows/course.yml)",
            f"[![Run on Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/{path}/main?urlpath=lab)",
        ]
    return "\n".join([OPENING, *lines, CLOSING])


def citation(text: str, address: str) -> str:
    """Return CITATION.cff with or without the lines about the address."""
    text = CITED.sub("", text)
    if not address:
        return text
    return text.rstrip("\n") + f'\nrepository-code: "{address}"\nurl: "{pages_address(address)}"\n'


def front_door(folder: Path, address: str) -> dict[Path, str]:
    """Return what each file with an address in it should hold."""
    readme, cited = folder / "README.md", folder / "CITATION.cff"
    return {
        readme: BLOCK.sub(lambda _: readme_block(address), readme.read_text(encoding="utf-8")),
        cited: citation(cited.read_text(encoding="utf-8"), address),
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if something is out of date")
    arguments = parser.parse_args(argv)
    stale = {path: text for path, text in front_door(ROOT, public_address()).items() if path.read_text("utf-8") != text}
    for path, text in stale.items():
        if arguments.check:
            print(f"{path.name} does not fit the public address: run python -m tools.front_door")
        else:
            temporary = path.with_suffix(".tmp")
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
            print(f"written: {path.name}")
    return 1 if stale and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
