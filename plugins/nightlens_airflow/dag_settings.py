"""What the DAGs of a project are made with: ids, schedule in the project's zone, documents, and the form of a manual run."""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronTriggerTimetable, Param

from nightlens_airflow.defaults import DEFAULT_ARGS
from nightlens_airflow.projects import BrokenProject
from pipeline_tasks.selection.strategies.strategy import strategies_in_form
from pipeline_tasks.settings import Project

_AS_IN_FILE = "as in the project file"
_STRATEGIES = strategies_in_form()

CYCLE_FORM: dict[str, Param] = {
    "cycle_id": Param(
        None,
        type=["null", "string"],
        title="Name of the cycle",
        pattern=r"^(\d{4}-\d{2}-\d{2}(T\d{4}(\d{2})?)?)?$",
        description="Leave empty to name it after the moment of the start. Otherwise like 2026-11-21 or 2026-11-21T143000.",
    ),
    "budget": Param(
        None,
        type=["null", "integer"],
        minimum=0,
        title="Labeling budget",
        description="How many images people are asked about. Leave empty for the project's setting.",
    ),
    "selection": Param(
        None,
        type=["null", "string"],
        enum=[None, *_STRATEGIES],
        values_display={"null": _AS_IN_FILE, "None": _AS_IN_FILE} | {name: f"{name}: {says}" for name, says in _STRATEGIES.items()},
        title="Strategy",
        description="What images are chosen by. Leave empty for the project's setting.",
    ),
    "selection_weights": Param(
        None,
        type=["null", "object"],
        additionalProperties={"type": "number", "exclusiveMinimum": 0},
        title="Strategies by weight",
        description='Several strategies in place of one, such as {"coverage": 1, "margin": 0.5}. Leave empty for none.',
    ),
    "control_ratio": Param(
        None,
        type=["null", "number"],
        minimum=0,
        maximum=1,
        title="Control arm",
        description="Share of the budget that is drawn at random, 0 to 1. Leave empty for the project's setting.",
    ),
    "deadline_s": Param(
        None,
        type=["null", "number"],
        exclusiveMinimum=0,
        title="Deadline in seconds",
        description="How long people have once the round is sent; 8 hours are 28800. Leave empty for the project's setting.",
    ),
    "training": Param(
        "auto",
        type="string",
        enum=["auto", "force", "skip"],
        title="Training",
        description="auto: train if there are enough new labels; force: train in any case; skip: do not train.",
    ),
}

ROLL_BACK_FORM: dict[str, Param] = {
    "to_model_digest": Param(
        None,
        type=["null", "string"],
        pattern="^[0-9a-f]{0,64}$",
        title="Digest of the model",
        description="The earlier champion to put back; first digits are enough. Leave empty for the last one before the present.",
    ),
}

IS_DRY_RUN: dict[str, bool | None] = {"as_in_the_project_file": None, "dry_run": True, "move_and_delete": False}
"""What a person may choose of a collection. A switch would show `as in the project file` as `off`."""

TEND_STORAGE_FORM: dict[str, Param] = {
    "collection": Param(
        "as_in_the_project_file",
        type="string",
        enum=list(IS_DRY_RUN),
        values_display={
            "as_in_the_project_file": "As in the project file (a dry run, unless it says otherwise)",
            "dry_run": "Dry run: only say what would go",
            "move_and_delete": "Move to the trash, and delete what has lain there long enough",
        },
        title="Collection",
        description="What becomes of objects that nobody needs.",
    ),
}


def nightly_settings(project: Project, document: str) -> dict[str, Any]:
    """The arguments of a project's nightly DAG, all but its schedule."""
    return _settings(f"nightly__{project.project}", project, document) | {"params": CYCLE_FORM}


def schedule_of(project: Project) -> CronTriggerTimetable | None:
    """The project's schedule in its own time zone; None: by hand only."""
    return _timetable(project.schedule, project)


def schedule_of_tending(project: Project) -> CronTriggerTimetable | None:
    """When the project's root is tended, in its own time zone; None: by hand only."""
    return _timetable(project.housekeeping.schedule, project)


def tend_storage_settings(project: Project, document: str) -> dict[str, Any]:
    """The arguments of a project's DAG that tends its root, all but its schedule."""
    return _settings(f"tend_storage__{project.project}", project, document) | {"params": TEND_STORAGE_FORM}


def roll_back_settings(project: Project, document: str) -> dict[str, Any]:
    """The arguments of a project's DAG that puts an earlier champion back."""
    return _settings(f"roll_back__{project.project}", project, document) | {"params": ROLL_BACK_FORM}


def broken_settings(broken: BrokenProject) -> dict[str, Any]:
    """The arguments of the DAG that stands for a project file which cannot be used."""
    problems = "\n".join(f"- {line}" for line in broken.message.splitlines())
    mend = "Mend the file; the DAG then comes back by itself."
    return {
        "dag_id": f"nightly__{broken.name}",
        "description": "The project's file cannot be used.",
        "doc_md": f"# The project file `{broken.path.name}` cannot be used\n\n{problems}\n\n{mend}",
        "catchup": False,
        "max_active_runs": 1,
        "default_args": DEFAULT_ARGS,
        "tags": ["nightlens", "broken project file"],
    }


def _timetable(schedule: str | None, project: Project) -> CronTriggerTimetable | None:
    return None if schedule is None else CronTriggerTimetable(schedule, timezone=project.time_zone)


def _settings(dag_id: str, project: Project, document: str) -> dict[str, Any]:
    return {
        "dag_id": dag_id,
        "description": project.description or f"Project {project.project}",
        "doc_md": f"{document.strip()}\n\n{_about(project)}",
        "catchup": False,
        "max_active_runs": 1,
        "default_args": DEFAULT_ARGS,
        "tags": ["nightlens", project.project],
    }


def _about(project: Project) -> str:
    """The project's own lines below a DAG's document."""
    rows = {
        "Classes": ", ".join(project.classes),
        "Sources": ", ".join(f"{source.name} ({source.kind})" for source in project.sources),
        "Schedule": f"`{project.schedule}` in {project.time_zone}" if project.schedule else "by hand only",
        "Labeling budget": f"{project.selection.budget} images a cycle",
        "Deadline": f"{project.labeling.deadline_s / 3600:g} h after the round was sent",
    }
    lines = [f"| {name} | {text} |" for name, text in rows.items()]
    return "\n".join([f"## Project `{project.project}`", "", project.description, "", "| | |", "|---|---|", *lines])
