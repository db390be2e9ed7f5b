"""
# Tend a project's storage

Garbage collection in two phases, and a report on the content and cost of the project's root. One DAG a project file.

| | |
|---|---|
| Starts | by `housekeeping.schedule` of the project file, or by hand; may run during a nightly cycle |
| Reads | the full listing of the root, the ledger and the objects it names |
| Writes | a plan (table `unneeded_objects`), the trash, a report |
| By default | a **dry run**: reports what would be removed, and changes nothing |
| Never touches | objects that the ledger, a publication or an open cycle needs; reports, annotations, foreign files |
| Run again? | yes: one run finds an object, a later one moves it to the trash, and a still later one deletes it |
| If it fails | no needed object is lost; clear the failed task to continue |

An object is moved to the trash after `young_days` unneeded, and deleted for good after `trash_days` more.
"""

from __future__ import annotations

from airflow.sdk import DAG, chain
from nightlens_airflow import tasks_beside_nights as tasks
from nightlens_airflow.dag_settings import schedule_of_tending, tend_storage_settings
from nightlens_airflow.projects import all_projects
from nightlens_airflow.stage_task import cycle_id_from

for project in all_projects():
    with DAG(schedule=schedule_of_tending(project), **tend_storage_settings(project, __doc__)):
        planned = tasks.plan_collection(project.project)
        cycle_id = cycle_id_from("plan_collection")
        chain(planned, tasks.collect_garbage(project.project, cycle_id), tasks.write_storage_report(project.project, cycle_id))
