"""Freeze everything a cycle depends on: settings, arguments, seed, time, code version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline_tasks.cycle import Cycle, CycleArguments, check_cycle_id, derive_seed
from pipeline_tasks.errors import CycleTakenError
from pipeline_tasks.settings import Project
from pipeline_tasks.storage.cycles import write_cycle
from pipeline_tasks.storage.generation import read_generation
from pipeline_tasks.storage.store import Store

STAGE = "open_cycle"


@dataclass(frozen=True)
class OpenCycleSummary:
    """What was frozen, and for which run."""

    cycle_id: str
    cycle_kind: str
    run_key: str
    """Names the run that owns the cycle: Airflow's run id, or `command line`."""
    settings_key: str
    settings_sha256: str
    started_at: str
    generation: int


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
    standing = store.finished(cycle_id, STAGE, OpenCycleSummary)
    if standing is None:
        arguments = arguments or CycleArguments()
        generation = read_generation(store.objects)
        frozen = Cycle(
            cycle_id=cycle_id,
            cycle_kind=cycle_kind,
            project=_with_arguments(project, arguments),
            arguments=arguments,
            generation=generation,
            seed=derive_seed(project.seed, cycle_id),
            started_at=started_at,
            code_version=code_version,
        )
        key, sha256 = write_cycle(store.objects, frozen)
        summary = OpenCycleSummary(cycle_id, cycle_kind, run_key, key, sha256, started_at.isoformat(), generation)
        standing = store.finish(cycle_id, STAGE, summary)
    if standing.run_key != run_key:
        raise CycleTakenError(f"cycle_id {cycle_id} belongs to the run {standing.run_key!r}; choose another one for {run_key!r}")
    return standing


def _with_arguments(project: Project, arguments: CycleArguments) -> Project:
    """Apply what a person set for this cycle over the project's settings."""
    selection, labeling = project.selection, project.labeling
    if arguments.budget is not None:
        selection = selection.model_copy(update={"budget": arguments.budget})
    if arguments.deadline_s is not None:
        labeling = labeling.model_copy(update={"deadline_s": arguments.deadline_s})
    return project.model_copy(update={"selection": selection, "labeling": labeling})
