"""Tests of the command that says which images a project needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from given import a_project

from pipeline_tasks.__main__ import main


@pytest.fixture
def a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("NIGHTLENS_PROJECTS", str(tmp_path / "projects"))
    (tmp_path / "projects").mkdir()
    return tmp_path


def put_project(home: Path, **settings: object) -> None:
    (home / "projects" / "parts.yaml").write_text(yaml.safe_dump(a_project(**settings).model_dump(mode="json")))


def test_requirements__prints_a_table_and_writes_what_is_short(a_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_project(a_home, requirements={"classes": {"nut": 5}})

    assert main(["requirements", "--project", "parts", "--to", str(a_home / "gaps.json")]) == 1

    assert capsys.readouterr().out.splitlines()[-1].split() == ["class", "nut", "5", "0", "5", "-"]
    assert json.loads((a_home / "gaps.json").read_text())["gaps"][0]["short"] == 5


def test_requirements__of_a_project_without_any_says_where_they_go(a_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_project(a_home)

    assert main(["requirements", "--project", "parts"]) == 1
    assert "add a section `requirements`" in capsys.readouterr().err


def test_requirements__says_that_a_file_cannot_be_written(a_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_project(a_home, requirements={"images": 5})

    assert main(["requirements", "--project", "parts", "--to", str(a_home / "none" / "gaps.json")]) == 1
    assert "--to: wanted a file that can be written" in capsys.readouterr().err
