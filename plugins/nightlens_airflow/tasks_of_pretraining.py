"""Stages of a self-supervised pretraining as tasks; as in `tasks`, imports are inside."""

from __future__ import annotations

from airflow.sdk import get_current_context

from nightlens_airflow.links import CycleReportLink
from nightlens_airflow.stage_task import run, run_opening, stage_task, with_buttons
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.wiring.arguments import StageArguments

Summary = JsonObject
"""A stage's summary as XCom keeps it."""


@stage_task()
def open_pretraining(project: str) -> Summary:
    """Open a pretraining of the backbone, and freeze its plan: method, epochs, seed."""
    from pipeline_tasks.records.cycle import cycle_ids_of_time
    from pipeline_tasks.wiring.projects import read_project

    context, settings = get_current_context(), read_project(project)
    cycle_ids = list(cycle_ids_of_time(context["dag_run"].run_after, settings.time_zone, is_scheduled=False))
    form = context["params"]
    arguments = StageArguments(method=form["method"], epochs=form["epochs"], seed=form["seed"])
    return run_opening("open_pretraining", project, cycle_ids, arguments)[1]


@stage_task()
def choose_pretraining_images(project: str, cycle_id: str) -> Summary:
    """Choose images to train on without labels, none of a test or validation split, and labelled ones to compare on."""
    return run("choose_pretraining_images", project, cycle_id)


@stage_task(pool="inference", queue="inference")
def train_backbone(project: str, cycle_id: str) -> Summary:
    """Pretrain the backbone. A killed try goes on from the checkpoint of the last epoch."""
    return run("train_backbone", project, cycle_id)


@stage_task()
def export_backbone(project: str, cycle_id: str) -> Summary:
    """Export the backbone as ONNX, and verify that it embeds as the trained network does."""
    return run("export_backbone", project, cycle_id)


@stage_task(pool="inference", queue="inference")
def probe_backbone(project: str, cycle_id: str) -> Summary:
    """Compare old and new backbone on labelled images that the pretraining has not seen."""
    return run("probe_backbone", project, cycle_id)


@with_buttons(CycleReportLink())
@stage_task()
def write_pretraining_report(project: str, cycle_id: str) -> Summary:
    """Write the page of the pretraining: what it gained, and the lines for the project file."""
    return run("write_pretraining_report", project, cycle_id)
