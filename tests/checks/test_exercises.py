"""The generated exercises: current, complete, without solutions, runnable untouched, valid for nbgrader."""

import ast
import re

import nbformat
import pytest

from cnncourse.checks import tasks_of_unit
from cnncourse.checks.run_notebook import code_cells
from tools.build_exercises import master, paths, sources, stale, student_version
from tools.notebook_builder import execute

SOURCES = sources()
each_exercise = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def solution_lines(source):
    """Lines between BEGIN SOLUTION and END SOLUTION that say something of their own."""
    regions = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", source.read_text(encoding="utf-8"), re.DOTALL)
    lines = {line.strip() for region in regions for line in region.splitlines()}
    return {line for line in lines if len(line) > 12}


@each_exercise
def test_generated_notebooks_are_current(source):
    assert not stale(source), "run: make exercises"
    solved, student = (read(path) for path in paths(source))
    assert [cell.source for cell in solved.cells] == [cell.source for cell in master(source).cells]
    expected = student_version(solved)
    assert [(c.source, c.metadata) for c in student.cells] == [(c.source, c.metadata) for c in expected.cells]


@each_exercise
def test_no_solution_leaks(source):
    text = paths(source)[1].read_text(encoding="utf-8")
    assert "SOLUTION" not in text
    student = read(paths(source)[1])
    code = "\n".join(cell.source for cell in student.cells if cell.cell_type == "code")
    lines = {line.strip() for line in code.splitlines()}
    assert not lines & solution_lines(source)
    assert all(not cell.get("outputs") for cell in student.cells)


@each_exercise
def test_masters_earn_every_point(source):
    solved = read(paths(source)[0])
    checks = [cell for cell in solved.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    for cell in checks:
        points = cell.metadata.nbgrader.points
        assert f"{points:g} of {points:g} points" in cell.outputs[0].data["text/plain"]
    assert all(cell.execution_count for cell in solved.cells if cell.cell_type == "code")


@each_exercise
def test_every_task_of_the_unit_is_there_and_says_its_points(source):
    unit, text = source.name[:2], source.read_text(encoding="utf-8")
    for task in tasks_of_unit(unit):
        assert f'# %% task="{task.id}"' in text
        assert f'# %% check="{task.id}"\ncheck("{task.id}", {task.name})' in text
    introductions = re.findall(r"## Task \d+ · `(\w+)`\n#\n# Difficulty [●○]{3} · \d+ minutes · (\d+) points? ·", text)
    points = {task.name: f"{task.max_score:g}" for task in tasks_of_unit(unit)}
    assert introductions
    for name, stated in introductions:
        assert stated == points[name], name
    functions = [t for t in tasks_of_unit(unit) if not t.name.startswith("answer_")]
    assert {name for name, _ in introductions} == {t.name for t in functions}
    assert text.count("<details><summary>Hint") >= len(functions)


@each_exercise
def test_stubs_have_docstrings_and_raise(source):
    for cell in read(paths(source)[1]).cells:
        if not cell.metadata.get("nbgrader", {}).get("solution"):
            continue
        definition = next(n for n in ast.parse(cell.source).body if isinstance(n, (ast.FunctionDef, ast.ClassDef)))
        assert ast.get_docstring(definition)
        assert "raise NotImplementedError()" in cell.source


@pytest.mark.sampled(share=1 / 4, reason="each exercise is run")
@each_exercise
def test_untouched_exercise_runs_to_the_end(source, tmp_path):
    untouched = execute(read(paths(source)[1]), cwd=tmp_path)
    checks = [cell for cell in untouched.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert len(checks) == len(tasks_of_unit(source.name[:2]))
    for cell in checks:
        assert re.search(r"Not (attempted|answered) yet", cell.outputs[0].data["text/plain"])
    kinds = {output.output_type for cell in untouched.cells for output in cell.get("outputs", [])}
    assert "error" not in kinds


@each_exercise
@pytest.mark.parametrize("which", [0, 1], ids=["master", "student version"])
def test_nbgrader_accepts_it(source, which):
    pytest.importorskip("nbgrader")
    from nbgrader.preprocessors import CheckCellMetadata
    from nbgrader.utils import compute_checksum

    notebook = read(paths(source)[which])
    CheckCellMetadata().preprocess(notebook, {})  # raises on missing, doubled or contradictory metadata
    graded = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    assert len({cell.metadata.nbgrader.grade_id for cell in graded}) == len(graded)
    if which == 1:  # what nbgrader compares when work is handed in
        assert all(cell.metadata.nbgrader.checksum == compute_checksum(cell) for cell in graded)


@pytest.mark.slow
def test_nbgraders_own_validation_runs_clean(tmp_path):
    pytest.importorskip("nbgrader")
    from nbgrader.validator import Validator

    results = Validator().validate(str(paths(SOURCES[0])[1]))
    assert results == {}


def test_code_cells_are_found():
    assert any("def to_tensor" in cell for cell in code_cells(paths(SOURCES[0])[1]))
