"""Freeze everything a cycle depends on: settings, arguments, seed, time, code version."""

from __future__ import annotations

from datetime import datetime

from pipeline_tasks.cycle import Cycle, CycleArguments, check_cycle_id, derive_seed
from pipeline_tasks.settings import Project
from pipeline_tasks.storage.cycles import OpenCycleSummary, record_opening
from pipeline_tasks.storage.generation import read_generation
from pipeline_tasks.storage.store import Store

__all__ = ["STAGE", "OpenCycleSummary", "open_cycle"]

STAGE = "open_cycle"


def open_cycle(
    store: Store,
    project: Project,
    cycle_id: str,
    *,
    run_key: str,
    started_at: datetime,
    code_version: str,
    arguments: CycleArguments | None = None,
    cycle_kind: str = "nightly",
) -> OpenCycleSummary:
    """Open a cycle, or return how it was opened if the same run opened it before.

    Raises:
        SettingsError: the id does not have the form of a cycle_id.
        CycleTakenError: another run owns this cycle_id.
    """
    check_cycle_id(cycle_id)
    arguments = arguments or CycleArguments()
    cycle = Cycle(
        cycle_id=cycle_id,
        cycle_kind=cycle_kind,
        project=_with_arguments(project, arguments),
        arguments=arguments,
        generation=read_generation(store.objects),
        seed=derive_seed(project.seed, cycle_id),
        started_at=started_at,
        code_version=code_version,
    )
    return record_opening(store, cycle, run_key)


def _with_arguments(project: Project, arguments: CycleArguments) -> Project:
    """Apply what a person set for this cycle over the project's settings."""
    selection, labeling = project.selection, project.labeling
    if arguments.budget is not None:
        selection = selection.model_copy(update={"budget": arguments.budget})
    if arguments.deadline_s is not None:
        labeling = labeling.model_copy(update={"deadline_s": arguments.deadline_s})
    return project.model_copy(update={"selection": selection, "labeling": labeling})
