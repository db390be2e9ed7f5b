"""
# Backfill new columns

For the case that a release measures something new. Images of earlier nights get the value, too. One DAG a project file.

| | |
|---|---|
| Starts | by hand, after an upgrade; also beside a nightly cycle |
| Reads | measurements without a value, and the originals of these images |
| Writes | rows that replace the images' older ones, in one event |
| Without anything to fill | it skips itself |
| Run again? | yes: each run fills up to as many images as its form says, and reports how many are left |
| If it fails | clear the failed task: it continues after the last complete piece of 500 images |

Until its value is filled, an image breaks no quality rule on the new measurement.
"""

from __future__ import annotations

from airflow.sdk import DAG
from nightlens_airflow import tasks_beside_nights as tasks
from nightlens_airflow.dag_settings import backfill_settings
from nightlens_airflow.projects import all_projects

for project in all_projects():
    with DAG(schedule=None, **backfill_settings(project, __doc__)):
        tasks.backfill(project.project)
