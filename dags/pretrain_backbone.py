"""
# Self-supervised pretraining of the backbone

Teach the project's backbone its own images without their labels (SimCLR, DINO's self-distillation, or distillation from another
backbone), and say on labelled images that it has not seen what that gained. One DAG a project file.

| | |
|---|---|
| Starts | by hand; also beside a nightly cycle |
| Reads | usable images of all nights, one of each duplicate group; none of a test or validation split, none of the golden set |
| Writes | weights, an ONNX file, and a page with the gain and the lines for the project file |
| Changes | nothing else, until the project file names the weights in `backbone.pretrained` |
| Run again? | yes: a killed training goes on from its last epoch; clear a failed task to continue |
| If it fails | the failed task's log says what was found and what was wanted |

The form asks for method, epochs and seed; `pretraining` of the project file has their defaults and all else.
"""

from __future__ import annotations

from airflow.sdk import DAG, chain
from nightlens_airflow import tasks_of_pretraining
from nightlens_airflow.dag_settings import pretraining_settings
from nightlens_airflow.projects import all_projects
from nightlens_airflow.stage_task import cycle_id_from

CYCLE_ID = cycle_id_from("open_pretraining")

for project in all_projects():
    with DAG(schedule=None, **pretraining_settings(project, __doc__)):
        name = project.project
        chain(
            tasks_of_pretraining.open_pretraining(name),
            tasks_of_pretraining.choose_pretraining_images(name, CYCLE_ID),
            tasks_of_pretraining.train_backbone(name, CYCLE_ID),
            tasks_of_pretraining.export_backbone(name, CYCLE_ID),
            tasks_of_pretraining.probe_backbone(name, CYCLE_ID),
            tasks_of_pretraining.write_pretraining_report(name, CYCLE_ID),
        )
