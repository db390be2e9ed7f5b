"""Project files for the DAGs; a bad file is reported separately, so that it does not affect the others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml
from airflow.sdk import CronTriggerTimetable, get_parsing_context
from airflow.sdk.exceptions import AirflowTimetableInvalid

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import Project, load_project
from pipeline_tasks.wiring.projects import project_files


@dataclass(frozen=True)
class BrokenProject:
    """A project file that cannot be used."""

    name: str
    """The file's name without its ending, as a valid Airflow id."""
    path: Path
    message: str
    """File, key, value and what it must be, one line a problem."""
    schedule: CronTriggerTimetable | str | None = None
    """The schedule that the file still tells, so that the DAG keeps its place; daily if it tells none."""

    @property
    def project(self) -> str:
        """The project's name."""
        return self.path.stem


def readable_projects() -> list[Project]:
    """Projects with a valid file, by name."""
    return [project for project in _read_all() if isinstance(project, Project)]


def broken_projects() -> list[BrokenProject]:
    """Project files that cannot be used, by name."""
    return [project for project in _read_all() if isinstance(project, BrokenProject)]


def all_projects() -> list[Project | BrokenProject]:
    """All projects by name, for DAGs that work with a broken file, too: with the settings of the newest cycle."""
    return _read_all()


def import_error() -> str | None:
    """Message for Airflow's list of import errors; None if every project file can be used."""
    broken = [] if get_parsing_context().dag_id else broken_projects()
    return "\n".join(one.message for one in broken) or None


def _read_all() -> list[Project | BrokenProject]:
    return [_read(path) for _, path in sorted(project_files().items()) if _is_asked_for(path)]


def _is_asked_for(path: Path) -> bool:
    """Return True if the current process needs this project's DAG: a task's process parses the DAG files only for its own."""
    dag_id = get_parsing_context().dag_id
    return dag_id is None or dag_id.partition("__")[2] == _id_of(path)


def _read(path: Path) -> Project | BrokenProject:
    try:
        return _with_a_real_schedule(load_project(path), path)
    except SettingsError as error:
        return BrokenProject(_id_of(path), path, str(error), _schedule_in(path))


def _schedule_in(path: Path) -> CronTriggerTimetable | str | None:
    """The schedule of a file that cannot be used otherwise."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return "@daily"
    if not isinstance(content, dict) or "schedule" not in content:
        return "@daily"
    if content["schedule"] is None:
        return None
    try:
        timetable = CronTriggerTimetable(str(content["schedule"]), timezone=str(content.get("time_zone", "UTC")))
        timetable.validate()
    except (AirflowTimetableInvalid, ValueError):
        return "@daily"
    return timetable


def _id_of(path: Path) -> str:
    return re.sub(r"[^\w.-]", "_", path.stem)


def _with_a_real_schedule(project: Project, path: Path) -> Project:
    """Check the schedule here: Airflow would find an error only when storing the DAGs, and then drop all DAGs of the file."""
    if project.schedule is not None:
        try:
            CronTriggerTimetable(project.schedule, timezone=project.time_zone).validate()
        except AirflowTimetableInvalid as error:
            raise SettingsError(f"{path}: schedule: wanted a cron expression like '0 22 * * *' or null: {error}") from error
    return project
