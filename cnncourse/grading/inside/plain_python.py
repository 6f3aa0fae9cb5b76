"""What Jupyter accepts beyond Python, written as plain Python with the same lines.

IPython rewrites a cell before Python sees it (`IPython.core.inputtransformer2`): it removes a common indent and pasted
prompts, and turns lines with %magic, !command and name? into calls. Here such lines become `pass`, or the Python in
them: `%time f()` is `f()`. They count only where a statement begins: inside brackets and strings % and ! are Python's.
"""

import ast
import re

# cell magics whose body is Python that runs here
RUNS_BODY = frozenset("time timeit capture prun memit mprun lprun debug snakeviz pyinstrument scalene".split())
RUNS_LINE = frozenset("time prun memit mprun lprun snakeviz".split())  # %timeit binds no name, so that it can rest
PYLAB = "import numpy; import numpy as np; from numpy import *; from matplotlib import pyplot as plt"

CELL_MAGIC = re.compile(r"%%(\w+)(?![\w?])[ \t]*(.*)")
LINE_MAGIC = re.compile(r"%([\w.]+)[ \t]*(.*)", re.DOTALL)
OPTIONS = re.compile(r"(?:-[srltDTnp][ =]?(?:\"[^\"]*\"|'[^']*'|[^\s-]\S*)\s+|-{1,2}[\w-]+\s+)*")
CLASSIC_PROMPT = re.compile(r"(>>>|\.\.\.)( |$)")
NUMBERED_PROMPT = re.compile(r"((\[nav\]|\[ins\])?\ )?In \[\d+\]:( |$)|\s*\.{3,}:( |$)")
MARK = re.compile(r"'''|\"\"\"|['\"#()\[\]{}\\]|(?<![=!<>:+\-*/%&|^@~])=(?!=)")


def to_python(source):
    """Return a cell as plain Python; what is plain already comes back as it is."""
    source = source.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    return source if _parses(source) else "\n".join(_without_magic(_without_prompts(source.split("\n"))))


def _parses(source):
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def _without_prompts(lines):
    """Take away the indent of the first line from all, and prompts where the first or second line has one."""
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    empty, lines = lines[:first], lines[first:]
    indent = re.match(r"[ \t]*", lines[0]).group()
    lines = [line.removeprefix(indent) for line in lines]
    if CLASSIC_PROMPT.match(lines[0]) or (len(lines) > 1 and CLASSIC_PROMPT.match(lines[1])):
        lines = [CLASSIC_PROMPT.sub("", line, count=1) if CLASSIC_PROMPT.match(line) else line for line in lines]
    if any(NUMBERED_PROMPT.match(line) for line in lines[:2]):
        lines = [line[found.end() :] if (found := NUMBERED_PROMPT.match(line)) else line for line in lines]
    return empty + lines


def _without_magic(lines):
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    magic = CELL_MAGIC.match(lines[first])
    if magic is None:
        return _line_by_line(lines)
    body = "\n".join(lines[first + 1 :])
    if magic[1] in RUNS_BODY:
        return [*[""] * (first + 1), *to_python(body).split("\n")]
    empty = [""] * len(lines)
    if magic[1] in ("writefile", "file") and magic[2].strip():
        mode, name = ("a" if "-a" in magic[2].split() else "w"), magic[2].split()[-1].strip("\"'")
        empty[first] = f"with open({name!r}, {mode!r}) as file: file.write({body!r})"
    return empty  # another language, or text


def _line_by_line(lines):
    scan, plain, place = Scan(), [], 0
    while place < len(lines):
        end = place + 1
        if scan.inside:
            scan.read(lines[place])
            plain.append(lines[place])
        else:
            while lines[end - 1].endswith("\\") and end < len(lines):
                end += 1
            instead = _instead(lines[place:end])
            if instead is None:
                end = place + 1
                scan.read(lines[place])
                plain.append(lines[place])
            else:
                plain += [instead, *[""] * (end - place - 1)]
        place = end
    return plain


def _instead(lines):
    """Python in place of the lines of one statement, where it is one that IPython alone understands; else None."""
    text = " ".join(line.removesuffix("\\") for line in lines)
    begin = text.lstrip()
    indent = text[: len(text) - len(begin)]
    if begin.startswith("%") and not begin.startswith("%%"):
        return indent + _line_magic(begin)
    if begin[:1] in tuple("%!?,;/"):
        return indent + "pass"
    scan = Scan()
    code, equals = scan.read(text)
    if code.rstrip().endswith("?") and not scan.inside:
        return indent + "pass"
    if equals is not None and (value := text[equals + 1 :].strip())[:1] in ("%", "!"):
        return text[: equals + 1] + " " + _value(value)
    return None


def _line_magic(text):
    name, rest = LINE_MAGIC.match(text).groups() if LINE_MAGIC.match(text) else ("", "")
    if name == "pylab":
        return PYLAB
    statement = rest[OPTIONS.match(rest).end() :].strip()
    return statement if name in RUNS_LINE and statement and _parses(statement) else "pass"


def _value(text):
    """What `x = …` gets: the lines that a command printed (there is no shell: none), or what was timed."""
    if text.startswith("!"):
        return "[]"
    value = _line_magic(text)
    return value if value not in ("pass", PYLAB) and _parses(f"_ = {value}") else "None"


class Scan:
    """Reads Python line by line, as far as to know whether the next line goes on with the same statement."""

    def __init__(self):
        self.depth, self.quote, self.continued = 0, "", False

    @property
    def inside(self):
        """Whether a bracket or a string is open, or the last line ended in a backslash."""
        return self.depth > 0 or self.quote != "" or self.continued

    def read(self, line):
        """Read one more line; returns (the line without its comment, place of its first plain = outside brackets)."""
        place, equals, end = 0, None, len(line)
        self.continued = False
        while place < len(line):
            found = (re.compile(r"\\.|" + self.quote) if self.quote else MARK).search(line, place)
            if found is None:
                break
            mark, place = found.group(), found.end()
            if self.quote:
                self.quote = "" if mark == self.quote else self.quote
            elif mark == "#":
                end = found.start()
                break
            elif mark == "\\":
                self.continued = place == len(line)
            elif mark == "=":
                equals = found.start() if equals is None and self.depth == 0 else equals
            elif mark in "()[]{}":
                self.depth = max(self.depth + (1 if mark in "([{" else -1), 0)
            else:
                self.quote = mark
        if len(self.quote) == 1 and not line.endswith("\\"):
            self.quote = ""  # a string of one line that was not closed
        return line[:end], equals
