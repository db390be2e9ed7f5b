"""Each stage as a task of a few lines; imports are inside, so that DAG files parse quickly. Docstrings are shown in Airflow."""

from __future__ import annotations

import re
from collections.abc import Mapping

from airflow.sdk import TriggerRule, get_current_context

from nightlens_airflow.links import CycleReportLink, LabelingRoundLink, MlflowRunLink, RegisteredVersionLink
from nightlens_airflow.sign_off_operator import REPLY_FORM, SignOffOperator
from nightlens_airflow.stage_task import run, run_opening, skip_this_run, stage_document, stage_task, with_buttons
from nightlens_airflow.wait_for_annotators_sensor import WaitForAnnotatorsSensor
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.wiring.arguments import StageArguments

Summary = JsonObject
"""A stage's summary as XCom keeps it."""


@stage_task()
def open_cycle(project: str) -> Summary:
    """Name the cycle and freeze everything it depends on: settings, the form's arguments, seed, time, code version.

    Later stages read only this frozen copy, so editing the project file changes the next cycle, not this one.
    Where another run owns the day's name, the cycle is named to the second; fails if another run owns an id that was typed.
    After missed nights only the newest of their runs opens a cycle; an older one skips its tasks.
    """
    from nightlens_airflow.cycle_of_run import cycle_arguments, cycle_ids_of_run, later_night_that_is_due
    from pipeline_tasks.wiring.projects import read_project

    context, settings = get_current_context(), read_project(project)
    params, dag_run = context["params"], context["dag_run"]
    later = later_night_that_is_due(dag_run, time_zone=settings.time_zone, schedule=settings.schedule)
    if later is not None:
        skip_this_run(f"the night of {later:%Y-%m-%d %H:%M %Z} is due, too, and takes in this night's images")
    arguments = cycle_arguments(params, dag_run.conf)
    cycle_ids = cycle_ids_of_run(dag_run, time_zone=settings.time_zone, schedule=settings.schedule, typed=params["cycle_id"])
    return run_opening("open_cycle", project, cycle_ids, StageArguments(cycle_arguments=arguments))[1]


# Airflow requires this rule directly after a setup task, which open_cycle is for the report.
@stage_task(trigger_rule=TriggerRule.ALL_SUCCESS)
def list_new_images(project: str, cycle_id: str) -> list[int]:
    """List the files that no cycle has seen before, and divide them into shards for measuring.

    Returns the shard numbers, none if nothing is new; the summary is the XCom `summary`.
    """
    summary = run("list_new_images", project, cycle_id)
    get_current_context()["ti"].xcom_push(key="summary", value=summary)
    return list(range(summary["shards"]))


@stage_task(pool="inference", queue="inference", map_index_template="shard {{ task.op_kwargs['shard'] }}")
def measure_images(project: str, shard: int, cycle_id: str) -> Summary:
    """Copy a shard's originals into the store, decode each image once and take all measurements from that one decode.

    One task a shard, in the pool `inference`; with Celery, in the queue of that name. A file that is not a usable image becomes a
    rejected sighting with a reason.
    """
    return run("measure_images", project, cycle_id, StageArguments(shard=shard))


@stage_task()
def record_images(project: str, cycle_id: str) -> Summary:
    """Record the shards' results: images, sightings, measurements, embeddings, rejected sightings.

    Runs also when there was no shard to measure.
    """
    return run("record_images", project, cycle_id)


@stage_task()
def find_quality_issues(project: str, cycle_id: str) -> Summary:
    """Compare each new image's measurements with the project's limits; images that break one are quarantined.

    Cheap: no image is opened.
    """
    return run("find_quality_issues", project, cycle_id)


@stage_task()
def find_duplicates(project: str, cycle_id: str) -> Summary:
    """Group images that show the same thing into duplicate groups, and those into split groups that never straddle splits."""
    return run("find_duplicates", project, cycle_id)


@stage_task()
def select_images(project: str, cycle_id: str) -> Summary:
    """Select the images most worth labeling, within the labeling budget, each with its scores and the reason."""
    return run("select_images", project, cycle_id)


@with_buttons(LabelingRoundLink())
@stage_task()
def send_to_labeling(project: str, cycle_id: str) -> Summary:
    """Send the selection to Label Studio as a labeling round and fix the round's deadline."""
    return run("send_to_labeling", project, cycle_id)


def wait_for_annotators(project: str, cycle_id: str) -> WaitForAnnotatorsSensor:
    """Wait for the cycle's round without holding a worker."""
    document = stage_document("wait_for_annotators", _WAIT_FOR_ANNOTATORS)
    sensor = WaitForAnnotatorsSensor(task_id="wait_for_annotators", project=project, cycle_id=cycle_id, doc_md=document)
    sensor.operator_extra_links = (LabelingRoundLink(),)
    return sensor


@with_buttons(LabelingRoundLink())
@stage_task()
def collect_annotations(project: str, cycle_id: str) -> Summary:
    """Fetch the annotations that are new or changed into the append-only annotation log and the table of annotations."""
    return run("collect_annotations", project, cycle_id)


@stage_task()
def resolve_labels(project: str, cycle_id: str) -> Summary:
    """Combine the annotations of each image into its label, which later stages use as the truth."""
    return run("resolve_labels", project, cycle_id)


@stage_task()
def find_label_errors(project: str, cycle_id: str) -> Summary:
    """Find labels that heads and neighbours which have not seen them do not believe; the report shows them to people."""
    return run("find_label_errors", project, cycle_id)


@stage_task()
def build_dataset_version(project: str, cycle_id: str) -> Summary:
    """Freeze labelled images, labels and splits as a dataset version, named by its content."""
    return run("build_dataset_version", project, cycle_id)


@with_buttons(MlflowRunLink())
@stage_task()
def train_model(project: str, cycle_id: str) -> Summary:
    """Train a candidate on the dataset version. Skipped if there are too few new labels, or if the form says so.

    A killed training resumes from its checkpoint.
    """
    return run("train_model", project, cycle_id)


@with_buttons(RegisteredVersionLink())
@stage_task()
def export_model(project: str, cycle_id: str) -> Summary:
    """Export the candidate as one ONNX file, check that it predicts as the trained model does, and register it."""
    return run("export_model", project, cycle_id)


@stage_task()
def evaluate_model(project: str, cycle_id: str) -> Summary:
    """Score candidate and champion on the candidate version's test split, which neither was trained on."""
    return run("evaluate_model", project, cycle_id)


@stage_task()
def compare_with_champion(project: str, cycle_id: str) -> Summary:
    """Decide if the candidate may replace the champion: the gate, with a confidence interval and the reason."""
    return run("compare_with_champion", project, cycle_id)


@stage_task(trigger_rule=TriggerRule.NONE_FAILED)
def measure_selection_gain(project: str, cycle_id: str) -> Summary:
    """Measure the gain of selected labels over the control arm's random ones, and the cost of all labels so far.

    It runs after the roll-out, so that it does not delay a better model.
    """
    return run("measure_selection_gain", project, cycle_id)


def sign_off(project: str, cycle_id: str) -> SignOffOperator:
    """Ask a person before the candidate is promoted, without holding a worker."""
    document = stage_document("sign_off", _SIGN_OFF)
    operator = SignOffOperator(task_id="sign_off", project=project, cycle_id=cycle_id, params=REPLY_FORM, doc_md=document)
    operator.operator_extra_links = (CycleReportLink(),)
    return operator


@with_buttons(RegisteredVersionLink())
@stage_task()
def promote_model(project: str, cycle_id: str) -> Summary:
    """Make the candidate the champion if the gate allows it; the ledger decides, MLflow's alias mirrors it."""
    return run("promote_model", project, cycle_id)


@stage_task()
def roll_out(project: str, cycle_id: str) -> Summary:
    """Point the prediction server to the champion."""
    return run("roll_out", project, cycle_id)


@with_buttons(CycleReportLink())
@stage_task()
def write_cycle_report(project: str, cycle_id: str) -> Summary:
    """Write the cycle's report, one HTML file with images. Runs even if earlier stages failed."""
    # A mapped task's instance is named with its number.
    failed = tuple(re.sub(r"_\d+$", "", task) for task in failed_tasks(_states_of_this_run()))
    return run("write_cycle_report", project, cycle_id, StageArguments(failed_stages=failed))


@stage_task()
def cycle_succeeded() -> None:
    """Decide the colour of the DAG run: green only if no task failed, including the report.

    Airflow takes a run's colour from its last tasks. The report is also written after a failure, so it must not be the last task.
    """
    from airflow.sdk.exceptions import AirflowFailException

    failed = failed_tasks(_states_of_this_run())
    if failed:
        raise AirflowFailException(f"the cycle did not succeed: {', '.join(failed)} failed; read the log there, and the report")


def _states_of_this_run() -> Mapping[str, str | None]:
    """Task → its state in this DAG run."""
    context = get_current_context()
    states: Mapping[str, Mapping[str, str | None]] = context["ti"].get_task_states(
        dag_id=context["dag"].dag_id, run_ids=[context["run_id"]]
    )
    return states[context["run_id"]]


def failed_tasks(states: Mapping[str, str | None]) -> list[str]:
    """Names of the tasks that failed themselves, given the states of all tasks of a DAG run."""
    return sorted(task for task, state in states.items() if state == "failed" and task != "cycle_succeeded")


_WAIT_FOR_ANNOTATORS = """\
Wait, deferred and without a worker, until enough tasks are annotated or the round's deadline has passed.

Open tasks stay in Label Studio; the next cycle collects their annotations."""

_SIGN_OFF = """\
Ask a person in *Required Actions* before a candidate that passed the gate is promoted, and wait without a worker.

Skipped at once unless the project file says `autonomy.promote: ask`. Without a reply until the deadline the champion stays."""
