"""Arguments of a project's DAGs: ids, schedule in the project's zone, documents, and the form of a manual run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict, get_args

from airflow.sdk import Asset, AssetOrTimeSchedule, AssetWatcher, CronTriggerTimetable, Param

from nightlens_airflow.defaults import DEFAULT_ARGS
from nightlens_airflow.labelled_set_of_run import IMPORT_FORM
from nightlens_airflow.new_images_trigger import NewImagesTrigger
from nightlens_airflow.notifying import failure_callback
from nightlens_airflow.projects import BrokenProject
from pipeline_tasks.selection.strategies.strategy import strategies_in_form
from pipeline_tasks.settings import Project
from pipeline_tasks.settings.new_images import NewImagesSettings
from pipeline_tasks.settings.pretraining import Method

_AS_IN_FILE = "as in the project file"
_STRATEGIES = strategies_in_form()

CYCLE_FORM: dict[str, Param] = {
    "cycle_id": Param(
        None,
        type=["null", "string"],
        title="Name of the cycle",
        pattern=r"^(\d{4}-\d{2}-\d{2}(T\d{4}(\d{2})?)?)?$",
        description="Leave empty to use the start time. Otherwise like 2026-11-21 or 2026-11-21T143000.",
    ),
    "budget": Param(
        None,
        type=["null", "integer"],
        minimum=0,
        title="Labeling budget",
        description="Number of images to label. Leave empty for the project's setting.",
    ),
    "deadline_s": Param(
        None,
        type=["null", "number"],
        exclusiveMinimum=0,
        title="Deadline in seconds",
        description="Time for labeling after the round is sent; 8 hours are 28800. Leave empty for the project's setting.",
    ),
    "training": Param(
        "auto",
        type="string",
        enum=["auto", "force", "skip"],
        title="Training",
        description="auto: train if there are enough new labels; force: always train; skip: do not train.",
    ),
    "selection": Param(
        None,
        type=["null", "string"],
        enum=[None, *_STRATEGIES],
        values_display={"null": _AS_IN_FILE, "None": _AS_IN_FILE} | {name: f"{name}: {says}" for name, says in _STRATEGIES.items()},
        title="Strategy",
        section="Selection",
        description="Strategy that selects images. Leave empty for the project's setting.",
    ),
    "selection_weights": Param(
        None,
        type=["null", "object"],
        additionalProperties={"type": "number", "exclusiveMinimum": 0},
        title="Strategies by weight",
        section="Selection",
        description='Several strategies instead of one, such as {"coverage": 1, "margin": 0.5}. Leave empty for none.',
    ),
    "control_ratio": Param(
        None,
        type=["null", "number"],
        minimum=0,
        maximum=1,
        title="Control arm",
        section="Selection",
        description="Share of the budget drawn at random, 0 to 1. Leave empty for the project's setting.",
    ),
}

ROLL_BACK_FORM: dict[str, Param] = {
    "to_model_digest": Param(
        None,
        type=["null", "string"],
        pattern="^[0-9a-f]{0,64}$",
        title="Digest of the model",
        description="Earlier champion to restore; the first digits are enough. Leave empty for the previous champion.",
    ),
}

IS_DRY_RUN: dict[str, bool | None] = {"as_in_the_project_file": None, "dry_run": True, "move_and_delete": False}
"""Choices for a collection. A switch would show `as in the project file` as `off`."""

TEND_STORAGE_FORM: dict[str, Param] = {
    "collection": Param(
        "as_in_the_project_file",
        type="string",
        enum=list(IS_DRY_RUN),
        values_display={
            "as_in_the_project_file": "As in the project file (a dry run, unless it says otherwise)",
            "dry_run": "Dry run: only report what would be removed",
            "move_and_delete": "Move to the trash, and delete what has been there long enough",
        },
        title="Collection",
        description="Action on unneeded objects.",
    ),
}

BACKFILL_FORM: dict[str, Param] = {
    "images": Param(
        10_000,
        type="integer",
        minimum=1,
        title="Images",
        description="Number of images to fill in this run; the rest is left for another run.",
    ),
}

SEARCH_FORM: dict[str, Param] = {
    "trials": Param(
        None,
        type=["null", "integer"],
        minimum=5,
        maximum=500,
        title="Trials",
        description="Number of trials. Leave empty for the project's setting.",
    ),
    "seed": Param(
        None,
        type=["null", "integer"],
        minimum=0,
        title="Seed",
        description="The same seed on the same dataset version tries the same settings. Leave empty for the project's seed.",
    ),
}

PRETRAINING_FORM: dict[str, Param] = {
    "method": Param(
        None,
        type=["null", "string"],
        enum=[None, *get_args(Method)],
        values_display={"null": _AS_IN_FILE, "None": _AS_IN_FILE},
        title="Method",
        description="Leave empty for the project's setting. distillation wants pretraining.teacher in the project file.",
    ),
    "epochs": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        title="Epochs",
        description="Number of epochs. Leave empty for the project's setting.",
    ),
    "seed": Param(
        None,
        type=["null", "integer"],
        minimum=0,
        title="Seed",
        description="The same seed on the same images gives the same weights. Leave empty for the project's seed.",
    ),
}


class DagArguments(TypedDict):
    """Arguments of a DAG, except its schedule."""

    dag_id: str
    description: str
    doc_md: str
    catchup: bool
    max_active_runs: int
    default_args: Any
    """Arguments of all its tasks; Airflow takes any dictionary."""
    tags: list[str]
    params: dict[str, Param]
    on_failure_callback: Callable[[Any], None] | None
    """Called once for each failed run; None: off."""


BROKEN = "The project's file cannot be used; until it is corrected, this works with the settings of the newest cycle."


def nightly_settings(project: Project, document: str) -> DagArguments:
    """Arguments of a project's nightly DAG, except its schedule."""
    return _settings(f"nightly__{project.project}", project, document, CYCLE_FORM)


def schedule_of(project: Project) -> CronTriggerTimetable | AssetOrTimeSchedule | list[Asset] | None:
    """The project's schedule in its own time zone, the asset of its new images, either or both; None if only started by hand."""
    timetable = _timetable(project.schedule, project)
    if not project.new_images.is_watched:
        return timetable
    assets = [new_images_asset(project)]
    return assets if timetable is None else AssetOrTimeSchedule(timetable=timetable, assets=assets)


def new_images_asset(project: Project) -> Asset:
    """The asset that has an event whenever new images are to start a night, with the watcher that looks for them."""
    watcher = AssetWatcher(name=f"new_images_of_{project.project}", trigger=NewImagesTrigger(project=project.project))
    return Asset(
        name=f"new_images__{project.project}",
        uri=f"nightlens://{project.project}/new-images",
        group="nightlens",
        watchers=[watcher],
    )


def schedule_of_tending(project: Project | BrokenProject) -> CronTriggerTimetable | None:
    """Schedule for tending the project's root, in its own time zone; None if only started by hand, as while the file is broken."""
    if isinstance(project, BrokenProject):
        return None
    return _timetable(project.housekeeping.schedule, project)


def tend_storage_settings(project: Project | BrokenProject, document: str) -> DagArguments:
    """Arguments of the DAG that tends a project's root, except its schedule."""
    return _settings(f"tend_storage__{_id_of(project)}", project, document, TEND_STORAGE_FORM)


def roll_back_settings(project: Project | BrokenProject, document: str) -> DagArguments:
    """Arguments of the DAG that restores an earlier champion."""
    return _settings(f"roll_back__{_id_of(project)}", project, document, ROLL_BACK_FORM)


def backfill_settings(project: Project | BrokenProject, document: str) -> DagArguments:
    """The arguments of a project's DAG that fills new columns."""
    return _settings(f"backfill__{_id_of(project)}", project, document, BACKFILL_FORM)


def import_settings(project: Project | BrokenProject, document: str) -> DagArguments:
    """Arguments of the DAG that takes a labelled set in."""
    return _settings(f"import_dataset__{_id_of(project)}", project, document, IMPORT_FORM)


def schedule_of_search(project: Project | BrokenProject) -> CronTriggerTimetable | None:
    """Schedule for the search, in the project's time zone; None if only started by hand, as while the file is broken."""
    if isinstance(project, BrokenProject):
        return None
    return _timetable(project.search.schedule, project)


def search_settings(project: Project | BrokenProject, document: str) -> DagArguments:
    """Arguments of the DAG that searches over training settings, except its schedule."""
    return _settings(f"search_settings__{_id_of(project)}", project, document, SEARCH_FORM)


def pretraining_settings(project: Project | BrokenProject, document: str) -> DagArguments:
    """Arguments of the DAG that pretrains the backbone; it is only started by hand."""
    return _settings(f"pretrain_backbone__{_id_of(project)}", project, document, PRETRAINING_FORM)


def broken_settings(broken: BrokenProject) -> DagArguments:
    """Arguments of the DAG that represents an unusable project file."""
    mend = "Correct the file; the DAG then returns without a restart."
    return {
        "dag_id": f"nightly__{broken.name}",
        "description": "The project's file cannot be used.",
        "doc_md": f"# The project file `{broken.path.name}` cannot be used\n\n{_problems(broken)}\n\n{mend}",
        "catchup": False,
        "max_active_runs": 1,
        "default_args": DEFAULT_ARGS,
        "tags": ["nightlens", broken.name, "broken project file"],
        "params": {},
        "on_failure_callback": failure_callback(),
    }


def _problems(broken: BrokenProject) -> str:
    return "\n".join(f"- {line}" for line in broken.message.splitlines())


def _timetable(schedule: str | None, project: Project) -> CronTriggerTimetable | None:
    return None if schedule is None else CronTriggerTimetable(schedule, timezone=project.time_zone)


def _id_of(project: Project | BrokenProject) -> str:
    return project.name if isinstance(project, BrokenProject) else project.project


def _settings(dag_id: str, project: Project | BrokenProject, document: str, form: dict[str, Param]) -> DagArguments:
    is_broken = isinstance(project, BrokenProject)
    description = BROKEN if isinstance(project, BrokenProject) else project.description
    return {
        "dag_id": dag_id,
        "description": description or f"Project {project.project}",
        "doc_md": f"{document.strip()}\n\n{_about(project)}",
        "catchup": False,
        "max_active_runs": 1,
        "default_args": DEFAULT_ARGS,
        "tags": ["nightlens", project.project, *(["broken project file"] if is_broken else [])],
        "params": form,
        "on_failure_callback": failure_callback(),
    }


def _about(project: Project | BrokenProject) -> str:
    """The project's section of a DAG's document."""
    if isinstance(project, BrokenProject):
        return f"## Project `{project.project}`\n\n{BROKEN}\n\n{_problems(project)}"
    rows = {
        "Classes": ", ".join(project.classes),
        "Sources": ", ".join(f"{source.name} ({source.kind})" for source in project.sources),
        "Schedule": f"`{project.schedule}` in {project.time_zone}" if project.schedule else "none",
        "New images": _started_by(project.new_images),
        "Labeling budget": f"{project.selection.budget} images a cycle",
        "Deadline": f"{project.labeling.deadline_s / 3600:g} h after the round was sent",
    }
    lines = [f"| {name} | {text} |" for name, text in rows.items()]
    return "\n".join([f"## Project `{project.project}`", "", project.description, "", "| | |", "|---|---|", *lines])


def _started_by(settings: NewImagesSettings) -> str:
    """The rule by which new images start a night."""
    number = [] if settings.min_images is None else [f"{settings.min_images} are there"]
    wait = [] if settings.max_wait_s is None else [f"one has waited {settings.max_wait_s:g} s"]
    rule = " or ".join([*number, *wait])
    if not rule:
        return "start no night"
    return f"start a night when {rule}, at the earliest {settings.cool_down_s:g} s after the last one began"
