"""What Jupyter accepts beyond Python: read as IPython reads it, held against IPython itself."""

import ast

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from cnncourse.grading.inside import cells as reading
from cnncourse.grading.inside.plain_python import to_python

FUNCTION = "def f(x):\n    return x % 3 + 1\n"
ACCEPTED = {
    "plain": FUNCTION,
    "indented as a whole": "\n    def f(x):\n        return x + 1\n    y = 3",
    "indented with tabs": "\tdef f(x):\n\t\treturn x + 1",
    "classic prompts": ">>> def f(x):\n...     return x + 1\n...\n>>> y = f(2)",
    "numbered prompts": "In [3]: def f(x):\n   ...:     return x + 1\n   ...:\nIn [4]: y = f(2)",
    "a magic first": "%matplotlib inline\n" + FUNCTION,
    "a magic last": FUNCTION + "%load_ext autoreload",
    "a magic in a block": "for i in range(3):\n    %pip install numpy\n" + FUNCTION,
    "a magic between statements of a block": "if True:\n    y = 1\n    %who\n    z = 2\n" + FUNCTION,
    "a command": "!ls -la 'it''s' (\n" + FUNCTION,
    "a command over several lines": "!pip install \\\n    numpy \\\n    'torch'\n" + FUNCTION,
    "two exclamation marks": "!!ls\n" + FUNCTION,
    "what a command printed": "files = !ls *.py\n" + FUNCTION,
    "into an item": "d = {}\nd['a=b'] = !ls\n" + FUNCTION,
    "into two names": "a, b = !ls\n" + FUNCTION,
    "help": "f?\nnp.einsum??\n?f\n??f\n%timeit?\nnp.*load*?\n" + FUNCTION,
    "help in a block": "if True:\n    len?\n" + FUNCTION,
    "a percent sign that begins a line in brackets": "y = (7\n     % 4)\n" + FUNCTION,
    "an exclamation mark in brackets": "y = (7\n  != 4)\nfiles = !ls\n" + FUNCTION,
    "a percent sign that goes on after a backslash": "y = 7 \\\n    % 4\n%who\n" + FUNCTION,
    "lines of a long string": 's = """\n%time\n!ls\nhelp?\nx = !ls\n"""\n%who\n' + FUNCTION,
    "a long string that holds quotes": "s = '''it's \"\"\" \\''' '''\n%who\n" + FUNCTION,
    "signs in a string": "s = 'a = !ls', \"what?\"\n%who\n" + FUNCTION,
    "signs in a comment": "y = 1  # why?\n# %who = !ls (\n%who\n" + FUNCTION,
    "a comment with a bracket and a quote": "y = 1  # don't (\n%who\n" + FUNCTION,
    "raw strings": "s = r'\\'\n%who\n".replace("\\'", "\\d'") + FUNCTION,
    "brackets over many lines": "y = [\n  {1: (2,\n 3)},\n]\n!ls\n" + FUNCTION,
    "a default value": "def g(x='%time', y=(1,\n 2)): pass\n%who\n" + FUNCTION,
    "comparisons": "y = 1 == 2; z = 3 <= 4; w = 5 != 6\n%who\n" + FUNCTION,
    "Windows' line ends": "%who\r\nfiles = !ls\r\n" + FUNCTION.replace("\n", "\r\n"),
    "empty lines first": "\n\n\n%who\n" + FUNCTION,
    "await": "import asyncio\nawait asyncio.sleep(0)\n%who\n" + FUNCTION,
    "automatic calls": ",f a b\n;f a b\n" + FUNCTION,
}


def bones(source):
    """A syntax tree without what became of magics: their calls, lists of lines, and placeholders."""
    tree = ast.parse(source)

    class Strip(ast.NodeTransformer):
        def visit_Expr(self, node):
            return ast.Pass() if "get_ipython()" in ast.unparse(node) or ast.unparse(node)[:2] == "f(" else node

        def visit_Assign(self, node):
            if "get_ipython()" in ast.unparse(node.value) or ast.unparse(node.value) in ("[]", "None"):
                return ast.Assign(node.targets, ast.Constant("magic"))
            return node

    return ast.dump(Strip().visit(tree))


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_cell_is_read_as_ipython_reads_it(name):
    source = ACCEPTED[name]
    theirs = TransformerManager().transform_cell(source.replace("\r\n", "\n"))
    ours = to_python(source)
    assert bones(ours) == bones(theirs)
    assert ours.count("\n") == source.rstrip("\r\n").count("\n") or ours.count("\n") == source.count("\n")
    statements, problems = reading.split([source])
    assert not problems
    assert any("f" in s.names for s in statements)


def test_lines_keep_their_numbers():
    for name, source in ACCEPTED.items():
        numbers = [i for i, line in enumerate(source.replace("\r\n", "\n").split("\n"), 1) if "def f(x)" in line]
        (found,) = [n.lineno for n in ast.walk(reading.parse(source)) if getattr(n, "name", "") == "f"]
        assert found == numbers[0], name


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("%time f(2)", "f(2)"),
        ("%time x = f(2)", "x = f(2)"),
        ("x = %time f(2)", "x = f(2)"),
        ("x = %timeit -o f(2)", "x = None"),
        ("%prun -s cumulative -l 5 f(2)", "f(2)"),
        ("%timeit -n 10 f(2)", "pass"),
        ("%time", "pass"),
        ("%time this is no Python", "pass"),
        ("  # indented\n  %time f(2)", "# indented\nf(2)"),
        ("%%time\nx = 1", "\nx = 1"),
        ("%%capture out\n%%time\nx = 1\n%who", "\n\nx = 1\npass"),
        ("\n%%time\nx = 1", "\n\nx = 1"),
        ("%%bash\nrm -rf *", "\n"),
        ("%%html\n<b>?</b>", "\n"),
        ("%%time?\nx = 1", "pass\nx = 1"),
        ("x = 1\n%%time\ny = 2", "x = 1\npass\ny = 2"),
        ("\ufeffx = 1", "x = 1"),
    ],
)
def test_magic_becomes_the_python_in_it(source, plain):
    assert to_python(source) == plain


def test_what_nobody_accepts_stays_wrong():
    for source in ("x = (", "this is a note", "'''open", "def f(:\n%who", "x = 1 %"):
        assert reading.split([source])[1], source


def test_long_and_deep_cells_are_read_in_time():
    for source in ("%who\n" * 50_000 + "x = 1", "%time " * 20_000 + "1", "(" * 20_000 + "\n%who", "'" * 30_001 + "?"):
        reading.split([source])


def test_libraries_of_one_import_are_asked_for_one_by_one():
    statements, _ = reading.split(["import numpy as np, nothing.of.that as n, os"])
    assert [s.names for s in statements] == [{"np"}, {"n"}, {"os"}]
