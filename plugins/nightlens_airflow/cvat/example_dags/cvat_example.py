"""Make a CVAT task of images, wait for people without holding a worker, and pull what they drew; needs nothing of Nightlens."""

from __future__ import annotations

from datetime import datetime, timezone

from airflow.sdk import DAG
from nightlens_airflow.cvat.operators import CvatPullAnnotationsOperator, CvatPushImagesOperator
from nightlens_airflow.cvat.sensor import CvatCompletedSensor

LABELS = [{"name": "bolt", "type": "rectangle"}, {"name": "nut", "type": "rectangle"}]
IMAGES = [f"https://example.com/images/{number}.jpg" for number in range(10)]

with DAG(
    "cvat_example",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    render_template_as_native_obj=True,
    doc_md=__doc__,
):
    push = CvatPushImagesOperator(task_id="push", images=IMAGES, labels=LABELS, batch="parts {{ run_id }}", images_a_job=5)
    wait = CvatCompletedSensor(task_id="wait", task_id_in_cvat=push.output, share=0.9, poke_interval=30)
    pull = CvatPullAnnotationsOperator(task_id="pull", task_id_in_cvat=push.output, folder="/tmp/parts/annotations")

    push >> wait >> pull
