"""The frozen settings of cycles: written by `open_cycle`, read by every later stage."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace

from pipeline_tasks.errors import AlreadyThereError, CorruptObjectError, CycleTakenError, MissingStageError
from pipeline_tasks.kinds.name_changes import UnknownNames
from pipeline_tasks.records.cycle import Cycle, CycleArguments, CycleOpening, derive_seed, utc
from pipeline_tasks.records.open_cycle import OpenCycleSummary
from pipeline_tasks.records.reading import read_record
from pipeline_tasks.settings import Project
from pipeline_tasks.storage.history.frozen_settings import parse_frozen_project
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger.generation import read_generation
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.upgrades import forms
from pipeline_tasks.upgrades.json_fields import marked, upgraded_fields

NIGHTLY = "nightly"
"""The kind of the cycles that all stages of the process run in."""
IMPORT = "import"
"""The kind of the cycles that take in a labelled set."""
SEARCH = "search"
"""The kind of the cycles that search over training settings."""
PRETRAINING = "pretraining"
"""The kind of the cycles that pretrain the backbone."""
NO_ARGUMENTS = CycleArguments()


def record_opening(store: Store, cycle: Cycle, run_key: str, names: UnknownNames | None = None) -> OpenCycleSummary:
    """Open a cycle with its frozen settings, or return its opening if the same run opened it before.

    Raises:
        CycleTakenError: another run owns this cycle_id.
    """
    standing = store.finished(cycle.cycle_id, "open_cycle", OpenCycleSummary)
    if standing is None:
        key, sha256 = write_cycle(store.objects, cycle)
        started_at = cycle.started_at.isoformat()
        summary = OpenCycleSummary(cycle.cycle_id, cycle.cycle_kind, run_key, key, sha256, started_at, cycle.generation)
        if names is not None:
            summary = replace(summary, unknown_names=dict(names.labels), note=names.why)
        standing = store.finish(cycle.cycle_id, "open_cycle", summary)
    if (standing.run_key, standing.cycle_kind) != (run_key, cycle.cycle_kind):
        # Airflow gives runs of two DAGs that start at the same moment the same name.
        owner = f"the run {standing.run_key!r} ({standing.cycle_kind})"
        message = f"cycle_id {cycle.cycle_id} belongs to {owner}; choose another one for {run_key!r} ({cycle.cycle_kind})"
        raise CycleTakenError(message)
    return standing


def newest_night(store: Store) -> str | None:
    """The cycle_id of the newest night; roll-backs, erasures and such are cycles of other kinds."""
    for cycle_id in reversed(store.state().stages):
        opened = store.find_summary(cycle_id, OpenCycleSummary)
        if opened is not None and opened.cycle_kind == NIGHTLY:
            return cycle_id
    return None


def open_manual_cycle(store: Store, opening: CycleOpening, cycle_kind: str, arguments: CycleArguments = NO_ARGUMENTS) -> Cycle:
    """Open a cycle for a manual action outside the nights: a roll-back, a restore, an erasure.

    Raises:
        CycleTakenError: another run owns this cycle_id.
    """
    cycle = Cycle(
        cycle_id=opening.cycle_id,
        cycle_kind=cycle_kind,
        project=opening.project,
        arguments=arguments,
        generation=read_generation(store.objects),
        seed=cycle_seed(store, opening.project, opening.cycle_id),
        started_at=opening.started_at,
        code_version=opening.code_version,
    )
    record_opening(store, cycle, opening.run_key)
    return cycle


def cycle_of_run(store: Store, run_key: str, cycle_kind: str) -> str | None:
    """The newest cycle of this kind that a run has opened; None if it has opened none."""
    for cycle_id, opened in reversed(store.summaries(OpenCycleSummary).items()):
        if (opened.run_key, opened.cycle_kind) == (run_key, cycle_kind):
            return cycle_id
    return None


def cycle_seed(store: Store, project: Project, cycle_id: str) -> int:
    """Seed of a cycle, from the project file's seed and the number of cycles that the project opened before.

    Not from the cycle's name, which for a manual run contains the time, so that a repeat of the same nights gives the same results.
    """
    before = [name for name in store.state().stages if name != cycle_id]
    return derive_seed(project.seed, "cycle", str(len(before)))


def write_cycle(objects: ObjectStore, cycle: Cycle) -> tuple[str, str]:
    """Freeze a cycle; return key and sha256 for its event."""
    fields = asdict(cycle) | {"project": cycle.project.model_dump(mode="json"), "started_at": cycle.started_at.isoformat()}
    content = json.dumps(marked(forms.FROZEN_SETTINGS, fields), sort_keys=True, indent=1).encode()
    sha256 = hashlib.sha256(content).hexdigest()
    key = layout.cycle_settings(cycle.cycle_id, sha256)
    try:
        with around("cycle.put"):
            objects.write_new(key, content)
    except AlreadyThereError:
        pass  # The name is the digest of the content: the existing object is the same.
    return key, sha256


def read_cycle(store: Store, cycle_id: str) -> Cycle:
    """Read a cycle's frozen settings, verified.

    Raises:
        MissingStageError: the cycle was never opened.
        CorruptObjectError: its settings were changed afterwards.
        NewerFormError: a later Nightlens opened it, with settings that this one does not know.
    """
    opened = store.find_summary(cycle_id, OpenCycleSummary)
    if opened is None:
        raise MissingStageError(f"cycle {cycle_id} was never opened: run open_cycle first")
    key = opened.settings_key
    content = store.objects.read(key).content
    if hashlib.sha256(content).hexdigest() != opened.settings_sha256:
        raise CorruptObjectError(f"{key}: the frozen settings of cycle {cycle_id} were changed; restore the file from a backup")
    fields = upgraded_fields(forms.FROZEN_SETTINGS, json.loads(content), key)
    fields["project"] = parse_frozen_project(fields["project"], fields["code_version"], key)
    fields["arguments"] = read_record(CycleArguments, fields["arguments"], key)
    fields["started_at"] = utc(fields["started_at"])
    return read_record(Cycle, fields, key)
