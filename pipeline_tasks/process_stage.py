"""One stage of the process and the groups of stages. Imports nothing heavy, because DAG files read it."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline_tasks.process_names import ServiceName, Thing

GROUPS = ("ingest", "curate", "label", "train", "evaluate", "deploy")
"""Groups of the nightly process, in order."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step of the process. Function, module, Airflow task, command and test have its name."""

    name: str
    group: str
    """One of `GROUPS`, or `tend`, `search` or `pretrain` for a stage outside the nights."""
    does: str
    """One sentence."""
    reads: tuple[Thing, ...] = ()
    """Tables and objects, besides the ledger and the frozen settings."""
    writes: tuple[Thing, ...] = ()
    services: tuple[ServiceName, ...] = ()
    ends_in_event: bool = True
    """False if it only reads, if a later stage records its results, or if its output is derived."""
    is_nightly: bool = True
    has_task_group: bool = True
    """False if it opens or closes the night, outside the task groups of the DAG."""

    @property
    def module(self) -> str:
        """Module of the function."""
        return f"pipeline_tasks.stages.{self.group}.{self.name}"
