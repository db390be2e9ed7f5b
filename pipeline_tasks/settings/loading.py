"""Reading of project files."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.settings.messages import problems
from pipeline_tasks.settings.project import Project
from pipeline_tasks.settings.schedule import check_schedule
from pipeline_tasks.settings.yaml_text import read_yaml


def load_project(path: Path) -> Project:
    """Read and check one project file.

    Raises:
        SettingsError: unreadable YAML, unknown key, wrong type, missing value; names file, key, value and what it must be.
    """
    try:
        content = read_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: there is no such project file") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not readable as text; save it as UTF-8: {error}") from error
    except ValueError as error:
        raise SettingsError(f"{path}: {error}") from error
    if content is None:
        raise SettingsError(f"{path}: the file is empty; copy dags/projects/parts.yaml, which documents every setting")
    if not isinstance(content, dict):
        raise SettingsError(f"{path}: a project file must be a mapping of settings, this is a {type(content).__name__}")
    if content.get("project") != path.stem:
        raise SettingsError(f"{path}: project is {content.get('project')!r}, but must be the name of the file, {path.stem!r}")
    project = parse_project(_with_golden_file(content, path), str(path))
    _check_split_group_keys(project, str(path))
    _check_schedules(project, str(path))
    return project


def parse_project(content: object, where: str) -> Project:
    """Check settings that were already read; `where` names their origin in messages.

    Raises:
        SettingsError: one line a problem, each with key, value and what it must be.
    """
    try:
        return Project.model_validate(content)
    except ValidationError as error:
        raise SettingsError("\n".join(f"{where}: {one}" for one in problems(error, content))) from error


def _with_golden_file(content: JsonObject, path: Path) -> JsonObject:
    """Put the image_ids that stand in `splits.golden.file` into the settings: a cycle freezes what it was opened with."""
    splits = content.get("splits")
    if not isinstance(splits, dict):
        return content
    golden = splits.get("golden")
    if not isinstance(golden, dict) or not isinstance(golden.get("file"), str):
        return content
    try:
        lines = (path.parent / golden["file"]).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: splits.golden.file: {golden['file']!r} cannot be read: {error}") from error
    said = [line.partition("#")[0].strip() for line in lines]
    image_ids = [*(golden.get("image_ids") or []), *(line for line in said if line)]
    return content | {"splits": splits | {"golden": golden | {"image_ids": image_ids}}}


def _check_schedules(project: Project, where: str) -> None:
    """Airflow would find a wrong schedule only when it makes the DAG, and cycles by hand never."""
    schedules = {"schedule": project.schedule, "housekeeping.schedule": project.housekeeping.schedule}
    for key, schedule in schedules.items():
        try:
            if schedule is not None:
                check_schedule(schedule)
        except ValueError as error:
            raise SettingsError(f"{where}: {key}: {error}") from error


def _check_split_group_keys(project: Project, where: str) -> None:
    """A key that no source can give would silently group nothing."""
    given = frozenset[str]().union(*(source.metadata_keys() for source in project.sources))
    for key in project.duplicates.split_group_keys:
        if key not in given:
            raise SettingsError(
                f"{where}: duplicates.split_group_keys: no source gives {key!r}; read it off file names with (?P<{key}>…) in a "
                "source's key_pattern"
            )
    for source in project.sources:
        for together in sorted(source.sequence_keys() - set(project.duplicates.split_group_keys)):
            raise SettingsError(
                f"{where}: duplicates.split_group_keys: source {source.name} gives several images of one {together}, which must "
                f"not straddle splits; add {together!r}"
            )
    if project.selection.clips == "whole" and "clip" not in project.duplicates.split_group_keys:
        raise SettingsError(
            f"{where}: duplicates.split_group_keys: selection.clips is whole, and a clip must not straddle splits; add 'clip'"
        )
