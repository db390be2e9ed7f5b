"""Stages that run outside the nights as tasks of a few lines; imports are inside, so that DAG files parse quickly."""

from __future__ import annotations

from airflow.sdk import TriggerRule, get_current_context

from nightlens_airflow.links import CycleReportLink
from nightlens_airflow.stage_task import run, run_opening, stage_task, with_buttons
from nightlens_airflow.tasks import Summary
from pipeline_tasks.wiring.arguments import StageArguments


@stage_task()
def roll_back(project: str) -> Summary:
    """Restore an earlier champion: one ledger event, then the serving pointer and MLflow's alias follow it."""
    from nightlens_airflow.cycle_of_run import cycle_ids_of_run
    from pipeline_tasks.wiring.last_settings import project_or_last_settings

    context, settings = get_current_context(), project_or_last_settings(project)
    cycle_ids = cycle_ids_of_run(context["dag_run"], time_zone=settings.time_zone, schedule=None)
    to_model_digest = context["params"]["to_model_digest"] or None
    return run_opening("roll_back", project, cycle_ids, StageArguments(to_model_digest=to_model_digest))[1]


@stage_task()
def plan_collection(project: str) -> Summary:
    """Find unneeded objects in the project's root. Unless it is a dry run, announce to all writers that they will be removed."""
    from nightlens_airflow.dag_settings import IS_DRY_RUN
    from pipeline_tasks.records.cycle import cycle_ids_of_time
    from pipeline_tasks.wiring.last_settings import project_or_last_settings

    context, settings = get_current_context(), project_or_last_settings(project)
    is_dry_run = IS_DRY_RUN[context["params"]["collection"]]
    # Named to the second even if scheduled: the day's name belongs to the nightly cycle.
    cycle_ids = list(cycle_ids_of_time(context["dag_run"].run_after, settings.time_zone, is_scheduled=False))
    cycle_id, summary = run_opening("plan_collection", project, cycle_ids, StageArguments(is_dry_run=is_dry_run))
    return {"cycle_id": cycle_id} | summary


@stage_task()
def collect_garbage(project: str, cycle_id: str) -> Summary:
    """Move unneeded objects to the trash, delete those that were there long enough, put back those needed after all."""
    return run("collect_garbage", project, cycle_id)


@with_buttons(CycleReportLink())
@stage_task(trigger_rule=TriggerRule.NONE_FAILED)
def write_storage_report(project: str, cycle_id: str) -> Summary:
    """Write the storage report, one HTML file: content of the root, cost of each dataset version, unneeded objects."""
    return run("write_storage_report", project, cycle_id)


@stage_task()
def backfill(project: str) -> Summary:
    """Compute columns that are missing for images of earlier nights, up to the form's number of images."""
    from nightlens_airflow.cycle_of_run import cycle_ids_of_run
    from pipeline_tasks.wiring.last_settings import project_or_last_settings

    context, settings = get_current_context(), project_or_last_settings(project)
    cycle_ids = cycle_ids_of_run(context["dag_run"], time_zone=settings.time_zone, schedule=None)
    return run_opening("backfill", project, cycle_ids, StageArguments(images_a_cycle=context["params"]["images"]))[1]


@stage_task()
def open_import(project: str) -> Summary:
    """Read the labelled set that the form names, check its classes against the project's, and freeze what it says.

    Later tasks read only this frozen copy, so edits of the set's annotation files change the next import.
    """
    from nightlens_airflow.cycle_of_run import cycle_ids_of_run
    from nightlens_airflow.labelled_set_of_run import labelled_set_of_run
    from pipeline_tasks.wiring.projects import home_folder, read_project

    context, settings = get_current_context(), read_project(project)
    wanted = labelled_set_of_run(context["params"], context["dag_run"].conf, home_folder())
    cycle_ids = cycle_ids_of_run(context["dag_run"], time_zone=settings.time_zone, schedule=None)
    return run_opening("open_import", project, cycle_ids, StageArguments(labelled_set=wanted))[1]


@stage_task()
def import_labels(project: str, cycle_id: str) -> Summary:
    """Join the set's labels with the images that were taken in, and record them with their origin and splits."""
    return run("import_labels", project, cycle_id)


@stage_task(retries=0)
def read_project_file(name: str) -> None:
    """Report the problems of the project's file. Once the file is corrected, its DAG comes back when Airflow next parses it."""
    from pipeline_tasks.wiring.projects import read_project

    read_project(name)
