"""Tests of reading project files, valid and invalid ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from given_airflow import write_project
from nightlens_airflow.projects import broken_projects, readable_projects

pytestmark = pytest.mark.airflow


def test_projects__are_read_beside_an_invalid_one(projects: Path) -> None:
    assert [project.project for project in readable_projects()] == ["belt", "tiles"]
    assert [(broken.name, "selection.bugdet" in broken.message) for broken in broken_projects()] == [("ore", True)]


def test_projects__of_the_home_replace_shipped_ones_of_the_same_name(projects: Path) -> None:
    (projects / "projects").mkdir()
    write_project(projects / "projects", "belt", schedule='"0 4 * * *"')

    assert {project.project: project.schedule for project in readable_projects()} == {"belt": "0 4 * * *", "tiles": None}


@pytest.mark.parametrize("schedule", ['"every night"', '"61 2 * * *"'])
def test_projects__with_a_schedule_that_airflow_cannot_read_are_broken(projects: Path, schedule: str) -> None:
    write_project(projects / "shipped", "belt", schedule=schedule)

    assert "belt" in [broken.name for broken in broken_projects()]


def test_projects__with_an_unknown_time_zone_are_broken(projects: Path) -> None:
    path = projects / "shipped" / "belt.yaml"
    path.write_text(path.read_text().replace("Europe/Berlin", "Europe/Bielefeld"))

    assert ["time_zone" in broken.message for broken in broken_projects()] == [True, False]


def test_projects__whose_file_name_is_no_id_of_airflow_get_one(projects: Path) -> None:
    (projects / "shipped" / "two words.yaml").write_text("project: two words")

    assert "two_words" in [broken.name for broken in broken_projects()]


def test_projects__are_not_all_read_when_a_task_asks_for_its_own_dag(projects: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "roll_back__tiles")

    assert [project.project for project in readable_projects()] == ["tiles"]
    assert broken_projects() == []
