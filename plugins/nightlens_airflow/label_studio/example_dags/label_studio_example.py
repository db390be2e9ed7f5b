"""Push images to Label Studio, wait for people without holding a worker, and pull what they said; needs nothing of Nightlens."""

from __future__ import annotations

from datetime import datetime, timezone

from airflow.sdk import DAG
from nightlens_airflow.label_studio.operators import (
    LabelStudioConfigureProjectOperator,
    LabelStudioExportOperator,
    LabelStudioPullAnnotationsOperator,
    LabelStudioPushTasksOperator,
)
from nightlens_airflow.label_studio.sensor import LabelStudioAnnotatedSensor

FORM = """
<View>
  <Image name="picture" value="$picture"/>
  <Choices name="class" toName="picture"><Choice value="bolt"/><Choice value="nut"/></Choices>
</View>
"""
IMAGES = [{"picture": f"https://example.com/images/{number}.jpg"} for number in range(10)]

with DAG(
    "label_studio_example",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    params={"folder": "/tmp/parts"},
    render_template_as_native_obj=True,
    doc_md=__doc__,
):
    configure = LabelStudioConfigureProjectOperator(task_id="configure", name="parts", label_config=FORM)
    push = LabelStudioPushTasksOperator(task_id="push", project_id=configure.output, tasks=IMAGES, batch="{{ run_id }}")
    wait = LabelStudioAnnotatedSensor(
        task_id="wait", project_id=configure.output, batch="{{ run_id }}", share=0.9, poke_interval=30
    )
    pull = LabelStudioPullAnnotationsOperator(task_id="pull", project_id=configure.output, folder="{{ params.folder }}/annotations")
    export = LabelStudioExportOperator(task_id="export", project_id=configure.output, path="{{ params.folder }}/export.json")

    push >> wait >> pull >> export
