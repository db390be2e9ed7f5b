"""
# Tend a project's storage

Garbage collection in two phases, and a report on what the project's root holds and costs. One DAG a project file.

| | |
|---|---|
| Starts | by `housekeeping.schedule` of the project file, or by hand; also beside a nightly cycle |
| Reads | the whole listing of the root, the ledger and what it names |
| Writes | a plan (table `unneeded_objects`), the trash, a report |
| By default | a **dry run**: says what would go, and leaves everything as it is |
| Never touches | what the ledger, a publication or a cycle under way needs; reports, people's answers, files that are not ours |
| Run again? | yes: an object is moved by a later run than the one that first found it, and deleted by one later still |
| If it fails | nothing that is needed is gone; clear the failed task to go on |

An object goes to the trash once it has been unneeded for `young_days`, and for good after `trash_days` more.
"""

from __future__ import annotations

from airflow.sdk import DAG, chain
from nightlens_airflow import tasks
from nightlens_airflow.dag_settings import schedule_of_tending, tend_storage_settings
from nightlens_airflow.projects import readable_projects
from nightlens_airflow.stage_task import cycle_id_from

for project in readable_projects():
    with DAG(schedule=schedule_of_tending(project), **tend_storage_settings(project, __doc__)):
        planned = tasks.plan_collection(project.project)
        cycle_id = cycle_id_from("plan_collection")
        chain(planned, tasks.collect_garbage(project.project, cycle_id), tasks.write_storage_report(project.project, cycle_id))
