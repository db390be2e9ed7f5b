"""Stages of a search over training settings as tasks; as in `tasks`, imports are inside."""

from __future__ import annotations

from airflow.sdk import TriggerRule, get_current_context

from nightlens_airflow.links import CycleReportLink
from nightlens_airflow.stage_task import run, run_opening, stage_task, with_buttons
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.search.waves import WAVES as WAVES
from pipeline_tasks.search.waves import trials_of_wave
from pipeline_tasks.wiring.arguments import StageArguments

Summary = JsonObject
"""A stage's summary as XCom keeps it."""


@stage_task()
def open_search(project: str) -> Summary:
    """Open a search over training settings, and freeze its plan: number of trials, seed, space.

    Fails if the training of the project's label kind is not searched.
    """
    from pipeline_tasks.records.cycle import cycle_ids_of_time
    from pipeline_tasks.wiring.projects import read_project

    context, settings = get_current_context(), read_project(project)
    # Named to the second even if scheduled: the day's name belongs to the nightly cycle.
    cycle_ids = list(cycle_ids_of_time(context["dag_run"].run_after, settings.time_zone, is_scheduled=False))
    arguments = StageArguments(trials=context["params"]["trials"], seed=context["params"]["seed"])
    return run_opening("open_search", project, cycle_ids, arguments)[1]


@stage_task(trigger_rule=TriggerRule.NONE_FAILED)
def list_trials(wave: int) -> list[int]:
    """Numbers of the trials of one wave, which run side by side; later waves learn from them."""
    plan = get_current_context()["ti"].xcom_pull(task_ids="open_search")
    return list(trials_of_wave(wave, plan["trials"]))


@stage_task(pool="inference", queue="inference", map_index_template="trial {{ task.op_kwargs['trial'] }}")
def run_trial(project: str, trial: int, cycle_id: str) -> Summary:
    """Fit heads with one trial's settings, each on a part of the training and validation images, and judge them on the rest.

    One task a trial. A killed trial is run again and tries the same; a recorded one is not run again.
    """
    return run("run_trial", project, cycle_id, StageArguments(trial=trial))


@stage_task(trigger_rule=TriggerRule.NONE_FAILED)
def choose_settings(project: str, cycle_id: str) -> Summary:
    """Choose the best trial, if it is better than the project's own settings on fresh folds by more than its noise."""
    return run("choose_settings", project, cycle_id)


@with_buttons(CycleReportLink())
@stage_task(trigger_rule=TriggerRule.NONE_FAILED)
def write_search_report(project: str, cycle_id: str) -> Summary:
    """Write the page of the search: every trial, lines for the project file, the gate's decision."""
    return run("write_search_report", project, cycle_id)
