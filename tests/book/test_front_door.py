"""The files around the course: they parse, call what exists, and agree with the one setting of the public address."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest
import yaml

from cnncourse import copies
from tools import front_door

ROOT = Path(__file__).resolve().parents[2]
TARGETS = re.findall(r"^lab (.*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[0].split() + ["lab"]
CI = [ROOT / ".github" / "workflows" / "course.yml", ROOT / ".gitlab-ci.yml"]


def test_nothing_is_out_of_date():
    assert front_door.main(["--check"]) == 0


def test_an_address_brings_the_live_page_badges_and_citation_and_goes_without_a_trace(tmp_path):
    for name in ("README.md", "CITATION.cff"):
        shutil.copy(ROOT / name, tmp_path)
    without = {path: path.read_text(encoding="utf-8") for path in (tmp_path / "README.md", tmp_path / "CITATION.cff")}
    written = front_door.front_door(tmp_path, "https://github.com/someone/course")
    for path, text in written.items():
        assert "https://someone.github.io/course/" in text
        path.write_text(text, encoding="utf-8")
    assert "mybinder.org/v2/gh/someone/course/main" in written[tmp_path / "README.md"]
    assert yaml.safe_load(written[tmp_path / "CITATION.cff"])["repository-code"] == "https://github.com/someone/course"
    assert front_door.front_door(tmp_path, "") == without
    assert "mybinder" not in "".join(without.values())


def test_readme_begins_with_the_live_page_and_shows_a_report_and_a_widget():
    text = front_door.BLOCK.sub("ADDRESS", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert re.match(r"# .*\n\nADDRESS\n", text)
    pictures = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", text)
    assert {"docs/images/report.png", "docs/images/widget.png"} <= {file for _, file in pictures}
    assert all((ROOT / file).is_file() and len(words) > 40 for words, file in pictures)


def test_the_teachers_guide_has_a_link_for_jupyterhub():
    guide = (ROOT / "docs" / "teachers-guide.md").read_text(encoding="utf-8")
    (copy,) = re.findall(r"https://HUB/hub/user-redirect/lab/tree/my_work/(\S+)", guide)
    assert copy == copies.START
    assert copy in copies.originals()


def test_the_book_of_a_gitlab_project_is_found():
    assert front_door.pages_address("https://gitlab.com/group/course") == "https://group.gitlab.io/course/"


@pytest.mark.parametrize("path", CI, ids=lambda path: path.name)
def test_ci_calls_targets_that_exist_and_publishes_the_book(path):
    text = path.read_text(encoding="utf-8")
    assert yaml.safe_load(text)
    called = set(re.findall(r"\bmake ([a-z]+)", re.sub(r"#.*", "", text)))
    assert called == {"test", "book"}
    assert called <= set(TARGETS)
    assert "book/_build/html" in text


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.name
)
def test_issue_forms_have_the_shape_that_github_reads(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(form)
    ids = [field["id"] for field in form["body"]]
    assert len(ids) == len(set(ids))
    assert {field["type"] for field in form["body"]} <= {"input", "textarea", "dropdown", "checkboxes", "markdown"}
    assert all(field["attributes"]["label"] for field in form["body"])


def test_citation_has_what_the_format_demands_and_the_packages_version():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert cited["version"] == project["version"]
    assert " AND ".join(cited["license"]) == project["license"]


def test_hooks_and_container_call_programs_of_this_repository():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"], "a hook from elsewhere would be downloaded"
    for hook in hooks[0]["hooks"]:
        module = re.search(r"-m ([\w.]+)", hook["entry"])
        assert module is None or (ROOT / f"{module[1].replace('.', '/')}.py").is_file()
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert re.search(r"make\.py (\w+)", container["postCreateCommand"])[1] in TARGETS


def test_commands_and_files_that_contributing_names_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`make ([a-z]+)", text)) <= set(TARGETS)
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / link).exists(), link
