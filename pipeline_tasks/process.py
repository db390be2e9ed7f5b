"""The process: every stage once, in order, with its inputs, outputs and services. Imports nothing heavy, because DAG files read it.

The README's table, `docs/dags.md`, the documents of Airflow's tasks, the command line, the demo's progress bars, the cycle's
report and the tests are made from this list. Tests compare it with the DAGs and with each stage's real reads and writes.
The stages of a group stand in its module of `process_groups/`.
"""

from __future__ import annotations

from pipeline_tasks.process_groups import curate, deploy, evaluate, ingest, label, pretrain, search, tend, train
from pipeline_tasks.process_stage import GROUPS as GROUPS
from pipeline_tasks.process_stage import Stage as Stage

_ALL = (
    *ingest.STAGES,
    *curate.STAGES,
    *label.STAGES,
    *train.STAGES,
    *evaluate.STAGES,
    *deploy.STAGES,
    *tend.STAGES,
    *search.STAGES,
    *pretrain.STAGES,
)

NIGHTLY = tuple(stage for stage in _ALL if stage.is_nightly)
PROCESS = (*NIGHTLY, *(stage for stage in _ALL if not stage.is_nightly))
"""Stages of the nights, then those that run in a cycle of their own."""
STAGES = {stage.name: stage for stage in PROCESS}
NIGHTLY_STAGES = tuple(stage.name for stage in NIGHTLY)
TASK_GROUPS = {group: tuple(stage.name for stage in NIGHTLY if stage.has_task_group and stage.group == group) for group in GROUPS}
"""Group → its tasks, as Airflow's grid shows the nightly DAG."""


def writers_of(table_name: str) -> tuple[str, ...]:
    """Names of the stages that write a table, in order; a stage that opens a cycle of its own comes last."""
    return tuple(stage.name for stage in PROCESS if table_name in stage.writes)
