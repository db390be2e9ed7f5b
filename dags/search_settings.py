"""
# Search over training settings

Try settings of `training` by cross-validation on the training and validation images, learn from the results what to try next, and
train a candidate with the best ones. One DAG a project file.

| | |
|---|---|
| Starts | by hand, or by `search.schedule` of the project file; also beside a nightly cycle |
| Reads | the current labels as a dataset version; its test images only where the gate compares the candidate |
| Writes | trials, a page with the lines for the project file; a candidate if better settings were found, and what it leads to |
| Waves | trials of one wave run side by side, on all workers, and know the results of earlier waves only |
| If nothing is better | it ends green: no model is trained, and the skipped tasks say why |
| Run again? | yes: a recorded trial is not run again; clear a failed task to continue. The same seed tries the same settings |
| If it fails | the failed task's log says what was found and what was wanted |

The form asks for the number of trials and the seed. Nights keep the settings of the project file until the found ones are pasted.
"""

from __future__ import annotations

from airflow.sdk import DAG, chain, task_group
from nightlens_airflow import tasks, tasks_of_search
from nightlens_airflow.dag_settings import schedule_of_search, search_settings
from nightlens_airflow.projects import all_projects
from nightlens_airflow.stage_task import cycle_id_from

CYCLE_ID = cycle_id_from("open_search")


@task_group(prefix_group_id=False)
def trials(project: str) -> None:
    """Run the trials, wave by wave."""
    earlier = None
    for wave in range(tasks_of_search.WAVES):
        numbers = tasks_of_search.list_trials.override(task_id=f"list_trials_{wave + 1}")(wave)
        run = tasks_of_search.run_trial.override(task_id=f"run_trial_{wave + 1}")
        tried = run.partial(project=project, cycle_id=CYCLE_ID).expand(trial=numbers)
        if earlier is not None:
            chain(earlier, numbers)
        earlier = tried


for project in all_projects():
    with DAG(schedule=schedule_of_search(project), **search_settings(project, __doc__)):
        name = project.project
        chain(
            tasks_of_search.open_search(name),
            tasks.build_dataset_version(name, CYCLE_ID),
            trials(name),
            tasks_of_search.choose_settings(name, CYCLE_ID),
            tasks.train_model(name, CYCLE_ID),
            tasks.export_model(name, CYCLE_ID),
            tasks.evaluate_model(name, CYCLE_ID),
            tasks.compare_with_champion(name, CYCLE_ID),
            tasks.sign_off(name, CYCLE_ID),
            tasks.promote_model(name, CYCLE_ID),
            tasks.roll_out(name, CYCLE_ID),
            tasks_of_search.write_search_report(name, CYCLE_ID),
        )
