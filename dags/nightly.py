"""
# One night of a project

Take in new images, measure them, select those worth labeling, have them labelled, train a candidate, and make it the
champion only if it is at least as good. One DAG a project file: `dags/projects/*.yaml` and `$NIGHTLENS_HOME/projects/*.yaml`.

| | |
|---|---|
| Starts | by the project's schedule in its zone, by new images or by hand; one at a time; one night catches up missed ones |
| Reads | the project's sources, Label Studio |
| Writes | the project's root: originals, tables, ledger, models, report; a round in Label Studio; a run and a version in MLflow |
| Waits for | annotators, deferred and without a worker, until enough tasks are annotated or the deadline has passed |
| Asks | with `autonomy.promote: ask` a person who signs the promotion, again without a worker and with a deadline |
| If nothing is new | it ends green: no model is trained, and the skipped tasks say why |
| Run again? | yes: each stage ends in one ledger event, and a second run returns its summary; clear a failed task to continue |
| If it fails | the failed task's log says what was found, what was wanted and where; the report is still written |

A manual run's form asks for the cycle's name, the labeling budget, the selection strategy, the share drawn at random, the
deadline, and whether to train.
"""

from __future__ import annotations

from airflow.sdk import DAG, chain, task_group
from nightlens_airflow import tasks, tasks_beside_nights
from nightlens_airflow.dag_settings import broken_settings, nightly_settings, schedule_of
from nightlens_airflow.projects import broken_projects, readable_projects
from nightlens_airflow.stage_task import CYCLE_ID


@task_group(prefix_group_id=False)
def ingest(project: str, cycle_id: str) -> None:
    """Take in new images and measure each of them once."""
    shards = tasks.list_new_images(project, cycle_id)
    measured = tasks.measure_images.partial(project=project, cycle_id=cycle_id).expand(shard=shards)
    chain(measured, tasks.record_images(project, cycle_id))


@task_group(prefix_group_id=False)
def curate(project: str, cycle_id: str) -> None:
    """Quarantine poor images, group duplicates, select images for labeling."""
    chain(
        tasks.find_quality_issues(project, cycle_id),
        tasks.find_duplicates(project, cycle_id),
        tasks.select_images(project, cycle_id),
    )


@task_group(prefix_group_id=False)
def label(project: str, cycle_id: str) -> None:
    """Send a labeling round to Label Studio, wait without a worker, resolve the annotations into labels, and doubt these."""
    chain(
        tasks.send_to_labeling(project, cycle_id),
        tasks.wait_for_annotators(project, cycle_id),
        tasks.collect_annotations(project, cycle_id),
        tasks.resolve_labels(project, cycle_id),
        tasks.find_label_errors(project, cycle_id),
    )


@task_group(prefix_group_id=False)
def train(project: str, cycle_id: str) -> None:
    """Freeze a dataset version and train a candidate on it."""
    chain(
        tasks.build_dataset_version(project, cycle_id), tasks.train_model(project, cycle_id), tasks.export_model(project, cycle_id)
    )


@task_group(prefix_group_id=False)
def evaluate(project: str, cycle_id: str) -> None:
    """Compare the candidate with the champion."""
    chain(tasks.evaluate_model(project, cycle_id), tasks.compare_with_champion(project, cycle_id))


@task_group(prefix_group_id=False)
def deploy(project: str, cycle_id: str) -> None:
    """Promote the candidate, once a person has signed if the project asks one, and roll out the champion. Then measure the gain."""
    chain(
        tasks.sign_off(project, cycle_id),
        tasks.promote_model(project, cycle_id),
        tasks.roll_out(project, cycle_id),
        tasks.measure_selection_gain(project, cycle_id),
    )


for project in readable_projects():
    with DAG(schedule=schedule_of(project), **nightly_settings(project, __doc__)):
        name, cycle_opened = project.project, tasks.open_cycle(project.project)
        # As the teardown of the opened cycle, the report is written even if a stage in between failed.
        report_written = tasks.write_cycle_report(name, CYCLE_ID).as_teardown(setups=cycle_opened)  # type: ignore[arg-type]
        deployed = deploy(name, CYCLE_ID)
        chain(
            cycle_opened,
            ingest(name, CYCLE_ID),
            curate(name, CYCLE_ID),
            label(name, CYCLE_ID),
            train(name, CYCLE_ID),
            evaluate(name, CYCLE_ID),
            deployed,
            report_written,
        )
        succeeded = tasks.cycle_succeeded().as_teardown(setups=cycle_opened, on_failure_fail_dagrun=True)  # type: ignore[arg-type]
        chain([deployed, report_written], succeeded)

for broken in broken_projects():
    # A project without a working file keeps its schedule, and is red each time until the file is corrected.
    with DAG(schedule=broken.schedule, **broken_settings(broken)):
        tasks_beside_nights.read_project_file(broken.path.stem)
