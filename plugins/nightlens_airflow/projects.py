"""Reads the project files for the DAGs made from them: a bad file is told apart, so that it cannot take the others along."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from airflow.sdk import CronTriggerTimetable, get_parsing_context
from airflow.sdk.exceptions import AirflowTimetableInvalid

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import Project, load_project
from pipeline_tasks.wiring import project_files


@dataclass(frozen=True)
class BrokenProject:
    """A project file that cannot be used."""

    name: str
    """The file's name without its ending, as an id of Airflow may be spelled."""
    path: Path
    message: str
    """Names file, key, wanted and found, one line a problem."""


def readable_projects() -> list[Project]:
    """The projects whose files are fine, by name."""
    return [project for project in _read_all() if isinstance(project, Project)]


def broken_projects() -> list[BrokenProject]:
    """The project files that cannot be used, by name."""
    return [project for project in _read_all() if isinstance(project, BrokenProject)]


def _read_all() -> list[Project | BrokenProject]:
    return [_read(path) for _, path in sorted(project_files().items()) if _is_asked_for(path)]


def _is_asked_for(path: Path) -> bool:
    """A task's process reads the DAG files again for its own DAG: with many projects it should not make all of them."""
    dag_id = get_parsing_context().dag_id
    return dag_id is None or dag_id.partition("__")[2] == _id_of(path)


def _read(path: Path) -> Project | BrokenProject:
    try:
        return _with_a_real_schedule(load_project(path), path)
    except SettingsError as error:
        return BrokenProject(_id_of(path), path, str(error))


def _id_of(path: Path) -> str:
    return re.sub(r"[^\w.-]", "_", path.stem)


def _with_a_real_schedule(project: Project, path: Path) -> Project:
    """Airflow would find a wrong schedule only when it stores the DAGs, and then drop all that this file made."""
    if project.schedule is not None:
        try:
            CronTriggerTimetable(project.schedule, timezone=project.time_zone).validate()
        except AirflowTimetableInvalid as error:
            raise SettingsError(f"{path}: schedule: wanted a cron expression like '0 22 * * *' or null: {error}") from error
    return project
