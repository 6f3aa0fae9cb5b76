"""What a search can find of the style sheet: phrases that readers stumble over, and what to write instead.

    python -m tools.style            every place in the documents, the package and the tools
    python -m tools.style --count    how many per file

Lessons and exercises are counted by `tools.count_lessons`, with the same phrases.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PHRASES = {  # pattern -> what to write
    r"\b([Gg]radients?|[Dd]erivatives?) by ((the|each|its|all|every)\b|\$)": "with respect to",
    r"\b(of|into|in|at|after|with|takes?|has|have) so many\b": "the number, or n",
    r"\bleaves? (a|no) rest\b|\ba rest\b": "a remainder",
    r"\b([Nn]obody|[Ss]omebody|[Ww]hoever|[Ss]trangers?|[Cc]rowd|[Ll]ottery|[Ii]n company)\b": "the plain noun",
    r"\b[Dd]etours?\b": "shortcut",
    r"\b[Mm]end(s|ed|ing)?\b": "fix, correct",
    r"\b[Uu]nder (your|the reader's) hands\b": "Try it yourself",
    r"\bto the bottom:|networks to the bottom": "from the ground up",
    r"\b[Tt]he law of (?!large)|\bits law\b|\bsame law\b": "the distribution of",
    r"\b[Rr]ight answers\b": "accuracy, correct answers",
    r", for (it|they|there|we|this|that) (is|are|was|were|would|has|have|can|do|does)\b": "because",
    r"`[^`]+` (says|asks|owes|promises|knows|wants|lies|speaks)\b": "returns, needs, is",
    r"\bone \w+ a (student|task|thread|layer|pixel|stage|class|section|figure|step|picture|image|criterion)\b": "per",
    r"\b(blocks|layers|images|pictures|numbers|bytes|steps) a (stage|class|step|layer|pixel|batch|unit)\b": "per",
    r"\b(?!\w*_)\w*(normal|standard|initial|regular|general|optim|minim|visual|recogn|summar)iz\w*": "-is-",
    r"\b([Cc]olor|[Bb]ehavior|[Nn]eighbor|[Cc]enter|[Gg]ray|[Ff]avor)(s|ed|ing|hood)?\b(?!-|:)": "British spelling",
    r"\bin (some|all) patience\b|\bwhat is owed\b": "what is meant",
}
LEARNING_RATE = {"rate", "learning_rate"}  # names in code; PyTorch's is lr
DOCUMENTS = ("*.md", "docs/*.md", "book/*.md", ".github/**/*.md", ".github/**/*.yml")
CODE = ("cnncourse/**/*.py", "tools/**/*.py", "book/*.py", "make.py")


def prose(text: str) -> str:
    """Return a text without formulas, blocks of code, addresses and where links lead."""
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"\$\$.*?\$\$|```.*?```", " ", text, flags=re.DOTALL)
    return re.sub(r"\b(arXiv:\S+|https?:\S+)", " ", text)


def found_in(text: str) -> list[str]:
    """Return the phrases of a text that the style sheet replaces, each with what to write."""
    plain = prose(text)
    without_code = re.sub(r"``?[^`]*``?", "`…`", plain)
    found = []
    for pattern, better in PHRASES.items():
        searched = plain if pattern.startswith("`") else without_code
        for hit in re.finditer(pattern, searched):
            around = searched[max(0, hit.start() - 30) : hit.end() + 20].replace("\n", " ")
            found.append(f"…{around}… (write: {better})")
    return found


def texts_in(code: str) -> list[str]:
    """Return the texts of a Python file that people read: docstrings, messages, comments."""
    texts = re.findall(r"(?:^|\s)# +(\S.*)", code)
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.JoinedStr):
            texts.append("".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.append(node.value)
    return [_without_names(text) for text in texts if len(text.split()) > 3]


def _without_names(text: str) -> str:
    """Return a text without quoted titles, tasks' names, and the names of arguments in a docstring."""
    text = re.sub(r'"[^"\n]*"|\b\d\d\.\w+|, \d{4}\b|\bS\. Gray\b', " ", text)
    return re.sub(r"^ *[\w, ]+ : .*$", " ", text, flags=re.MULTILINE)


def learning_rates_in(code: str) -> list[str]:
    """Return the names in a Python file that stand for a learning rate and are not PyTorch's."""
    names = []
    for node in ast.walk(ast.parse(code)):
        name = getattr(node, "id", None) or getattr(node, "arg", None)
        if name in LEARNING_RATE:
            names.append(f"{name} in line {getattr(node, 'lineno', '?')} (write: lr)")
    return names


def places(path: Path) -> list[str]:
    """Return every place in a document or a Python file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return found_in(text)
    return [place for part in texts_in(text) for place in found_in(part)] + learning_rates_in(text)


def files() -> list[Path]:
    """Return the documents and Python files that are held to the style sheet."""
    own = Path(__file__).resolve()
    found = {path for pattern in (*DOCUMENTS, *CODE) for path in ROOT.glob(pattern)}
    return sorted(path for path in found if path != own)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", action="store_true", help="only how many there are in each file")
    arguments = parser.parse_args(argv)
    for path in files():
        where = places(path)
        if where:
            print(f"{path.relative_to(ROOT)}: {len(where)}")
            print("".join(f"    {place}\n" for place in where if not arguments.count), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
