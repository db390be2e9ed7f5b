"""The process: every stage once, in order, with its group. DAG, commands, demo, report and tests derive from it."""

from __future__ import annotations

from dataclasses import dataclass

GROUPS = ("ingest", "curate", "label", "train", "evaluate", "deploy")
"""Of the nightly process, in order."""


@dataclass(frozen=True)
class Stage:
    """One step of the process. Function, module, Airflow task, command and test carry its name."""

    name: str
    group: str
    """One of `GROUPS`, or `tend` for a stage beside the nights."""
    is_nightly: bool = True

    @property
    def module(self) -> str:
        """The module that holds the function."""
        return f"pipeline_tasks.stages.{self.group}.{self.name}"


PROCESS = (
    Stage("open_cycle", "ingest"),
    Stage("list_new_images", "ingest"),
    Stage("measure_images", "ingest"),
    Stage("record_images", "ingest"),
    Stage("find_quality_issues", "curate"),
    Stage("find_duplicates", "curate"),
    Stage("select_images", "curate"),
    Stage("send_to_labeling", "label"),
    Stage("wait_for_annotators", "label"),
    Stage("collect_annotations", "label"),
    Stage("resolve_labels", "label"),
    Stage("build_dataset_version", "train"),
    Stage("train_model", "train"),
    Stage("export_model", "train"),
    Stage("evaluate_model", "evaluate"),
    Stage("compare_with_champion", "evaluate"),
    Stage("promote_model", "deploy"),
    Stage("roll_out", "deploy"),
    Stage("measure_selection_gain", "deploy"),
    Stage("write_cycle_report", "deploy"),
    Stage("roll_back", "deploy", is_nightly=False),
    Stage("restore_dataset_version", "tend", is_nightly=False),
    Stage("plan_collection", "tend", is_nightly=False),
    Stage("collect_garbage", "tend", is_nightly=False),
    Stage("write_storage_report", "tend", is_nightly=False),
    Stage("erase", "tend", is_nightly=False),
)

STAGES = {stage.name: stage for stage in PROCESS}
NIGHTLY_STAGES = tuple(stage.name for stage in PROCESS if stage.is_nightly)
