"""
# Import a labelled set

Takes a set that another tool labelled into the project: its images as a night's are, its labels with their origin. One DAG a
project file.

| | |
|---|---|
| Starts | by hand only; the form asks for a folder below `$NIGHTLENS_HOME/sets` and what its classes become |
| Reads | the set, which is never changed |
| Writes | images, labels, their origin and splits, in a cycle of kind `import` |
| Beside people | their answers go before a set's labels, whichever came first |
| Run again? | yes: a second import of the same set adds nothing |
| If it fails | an unknown class or a damaged file: the log names it, with the fix; trigger a new run. Else clear the failed task |

The next night trains on the labels. Formats and options: `docs/how-to/import-a-labelled-set.md`.
"""

from __future__ import annotations

from airflow.sdk import DAG, chain
from nightlens_airflow import tasks, tasks_beside_nights
from nightlens_airflow.dag_settings import import_settings
from nightlens_airflow.projects import all_projects
from nightlens_airflow.stage_task import cycle_id_from

for project in all_projects():
    with DAG(schedule=None, **import_settings(project, __doc__)):
        name, cycle_id = project.project, cycle_id_from("open_import")
        shards = tasks.list_new_images(name, cycle_id)
        measured = tasks.measure_images.partial(project=name, cycle_id=cycle_id).expand(shard=shards)
        chain(
            tasks_beside_nights.open_import(name),
            shards,
            measured,
            tasks.record_images(name, cycle_id),
            tasks.find_quality_issues(name, cycle_id),
            tasks.find_duplicates(name, cycle_id),
            tasks_beside_nights.import_labels(name, cycle_id),
        )
