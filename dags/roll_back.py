"""
# Restore an earlier champion

For the case that the model in production is worse than its evaluation. One DAG a project file.

| | |
|---|---|
| Starts | by hand only |
| Reads | the project's ledger and models |
| Writes | one event of the ledger, the serving pointer, the alias in MLflow; the prediction server follows within seconds |
| Run again? | Each run goes back one more champion, unless the form names the model. Clearing the task has no effect |
| If it fails | the log lists the earlier champions |

The form asks for the digest of the model; if empty, the previous champion is restored.
"""

from __future__ import annotations

from airflow.sdk import DAG
from nightlens_airflow import tasks_beside_nights as tasks
from nightlens_airflow.dag_settings import roll_back_settings
from nightlens_airflow.projects import all_projects

for project in all_projects():
    with DAG(schedule=None, **roll_back_settings(project, __doc__)):
        tasks.roll_back(project.project)
