"""Arguments of a stage, besides the project and the cycle, from a person or a DAG."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline_tasks.records.cycle import CycleArguments
from pipeline_tasks.records.labelled_set import LabelledSet
from pipeline_tasks.records.sign_off import SignOffReply


@dataclass(frozen=True, kw_only=True)
class StageArguments:
    """Arguments of one run of a stage; each stage uses its own."""

    run_key: str = "command line"
    """For stages that open a cycle: name of the run that owns it."""
    is_last_try: bool = True
    """False if the stage will be tried again: only then is a mirror that is away, such as MLflow, an error."""
    cycle_arguments: CycleArguments = field(default_factory=CycleArguments)
    """For open_cycle."""
    shard: int = 0
    """For measure_images: the shard of the plan."""
    to_model_digest: str | None = None
    """For roll_back: the champion to restore; None for the previous one."""
    dataset_id: str = ""
    """For restore_dataset_version."""
    is_dry_run: bool | None = None
    """For plan_collection; None for the project's setting."""
    images_a_cycle: int = 10_000
    """For backfill: number of images in one cycle."""
    failed_stages: tuple[str, ...] = ()
    """For write_cycle_report: stages whose tasks failed."""
    image_ids: tuple[str, ...] = ()
    """For erase."""
    sign_off_reply: SignOffReply | None = None
    """For sign_off: what a person replied; None if nobody has."""
    slice_number: int = 1
    """For ask_for_slice: the found slice, as numbered in the report."""
    slice_images: int = 0
    """For ask_for_slice: labelled images wanted beside those that there are; 0 withdraws the request."""
    of_cycle: str = ""
    """For ask_for_slice: the cycle that found the slice; empty for the newest that was evaluated."""
    trial: int = 0
    """For run_trial: the trial of the plan."""
    trials: int | None = None
    """For open_search: number of trials; None for the project's setting."""
    seed: int | None = None
    """For open_search and open_pretraining; None for the project's seed."""
    method: str | None = None
    """For open_pretraining; None for the project's setting."""
    epochs: int | None = None
    """For open_pretraining; None for the project's setting."""
    labelled_set: LabelledSet | None = None
    """For open_import."""


NO_ARGUMENTS = StageArguments()
