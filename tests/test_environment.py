"""environment.yml, as far as it can be judged without conda: its shape, its specs, its agreement with pyproject."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

rattler = pytest.importorskip("rattler")

ROOT = Path(__file__).parents[1]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def specs() -> list:
    return [rattler.MatchSpec(line) for line in ENVIRONMENT["dependencies"] if isinstance(line, str)]


def named(name: str):
    (spec,) = [spec for spec in specs() if str(spec).split()[0] == name]
    return spec


def versions(spec) -> rattler.VersionSpec:
    return rattler.VersionSpec(str(spec.version))


def test_it_has_the_shape_that_conda_reads():
    assert set(ENVIRONMENT) == {"name", "channels", "dependencies"}
    assert re.fullmatch(r"[a-z][a-z0-9-]*", ENVIRONMENT["name"])
    assert all(isinstance(channel, str) for channel in ENVIRONMENT["channels"])
    assert ENVIRONMENT["channels"][0] == "conda-forge"
    *lines, pip = ENVIRONMENT["dependencies"]
    assert all(isinstance(line, str) for line in lines)
    assert isinstance(pip, dict)
    assert set(pip) == {"pip"}


def test_every_spec_parses_and_conda_brings_nothing_but_python_and_pip():
    assert {str(spec).split()[0] for spec in specs()} == {"python", "pip"}


def test_pip_installs_the_course_and_nothing_else():
    """pyproject.toml stays the one place that says what the course needs."""
    assert ENVIRONMENT["dependencies"][-1] == {"pip": ["-e ."]}
    assert PROJECT["name"] == "cnncourse"


def test_python_starts_where_pyproject_starts():
    oldest = re.fullmatch(r">=(3\.\d+)", PROJECT["requires-python"])[1]
    allowed = versions(named("python"))
    assert allowed.matches(rattler.Version(f"{oldest}.0"))
    before = f"3.{int(oldest.split('.')[1]) - 1}.99"
    assert not allowed.matches(rattler.Version(before))


def test_pip_is_new_enough_for_an_editable_pyproject():
    assert not versions(named("pip")).matches(rattler.Version("21.2"))
    assert versions(named("pip")).matches(rattler.Version("26.0"))


def test_readme_names_this_environment():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "conda env create -f environment.yml" in readme
    assert f"conda activate {ENVIRONMENT['name']}" in readme
