"""Arguments that a person or a DAG gives to a stage, beside the project and the cycle."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline_tasks.records.cycle import CycleArguments


@dataclass(frozen=True, kw_only=True)
class StageArguments:
    """Arguments of one run of a stage; each stage is given those that it knows."""

    run_key: str = "command line"
    """For stages that open a cycle: names the run that owns it."""
    is_last_try: bool = True
    """False if the stage will be tried again: only then is a mirror that is away, such as MLflow, an error."""
    cycle_arguments: CycleArguments = field(default_factory=CycleArguments)
    """For open_cycle."""
    shard: int = 0
    """For measure_images: the shard of the plan."""
    to_model_digest: str | None = None
    """For roll_back: the earlier champion; None is the one before the present."""
    dataset_id: str = ""
    """For restore_dataset_version."""
    is_dry_run: bool | None = None
    """For plan_collection; None is the project's setting."""
    images_a_cycle: int = 10_000
    """For backfill: images to fill in one cycle."""
    image_ids: tuple[str, ...] = ()
    """For erase."""


NO_ARGUMENTS = StageArguments()
