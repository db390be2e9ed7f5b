"""Restore an earlier champion: one ledger event, then the pointer and the registry's alias follow it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from pipeline_tasks.clients.mirrors import mirroring
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.models.exported import read_marks
from pipeline_tasks.records.cycle import CycleOpening, check_cycle_id
from pipeline_tasks.records.mirrored_model import MirroredModel
from pipeline_tasks.records.project_state import Champion
from pipeline_tasks.records.roll_back import RollBackSummary
from pipeline_tasks.settings import Project
from pipeline_tasks.storage.blobs.model_files import read_model
from pipeline_tasks.storage.blobs.serving_pointer import ServingPointer, pointer_to, replace_pointer
from pipeline_tasks.storage.history.cycles import open_manual_cycle
from pipeline_tasks.storage.history.mirrored_models import mirrored_model
from pipeline_tasks.storage.history.store import Store

if TYPE_CHECKING:
    from pipeline_tasks.clients.mlflow_versions import RegisteredVersion

STAGE = "roll_back"


class AliasRegistry(Protocol):
    """Calls to the model registry."""

    def show_model(self, model: MirroredModel, read: Callable[[], bytes]) -> RegisteredVersion:
        """Find the model's version by its digest; what is gone of it is made again and named."""
        ...

    def set_champion_alias(self, outside_name: str, registry_version: str) -> None:
        """Point the alias `champion` of the project's model to this version; doing so again changes nothing."""
        ...


def roll_back(
    store: Store,
    opening: CycleOpening,
    model_registry: AliasRegistry,
    to_model_digest: str | None = None,
    *,
    is_last_try: bool = False,
) -> RollBackSummary:
    """Restore an earlier champion, in a cycle of its own kind.

    `to_model_digest` may be shortened as long as only one earlier champion matches; None means the previous champion.

    Raises:
        SettingsError: no such earlier champion; the message lists them.
        CycleTakenError: another run owns this cycle_id.
        CorruptObjectError: the earlier champion's file was changed in the store.
        ServiceUnavailableError: the registry does not respond; champion and pointer are set, and a retry updates the alias. The
            last try ends without it, and the next night shows the champion there.
    """
    summary = store.finished(check_cycle_id(opening.cycle_id), STAGE, RollBackSummary)
    champion = None if summary else _earlier_champion(store, to_model_digest)
    cycle = open_manual_cycle(store, opening, "roll_back")
    if champion is not None:
        read_model(store.objects, champion.model_digest)
        summary = store.finish(opening.cycle_id, STAGE, _summary(store, champion, opening.cycle_id), sets=[champion])
    assert summary is not None
    replace_pointer(store.objects, lambda: _wanted(store, opening.project))
    # Last, because serving must not wait for a registry; so the notes are in the summary that is returned, not in the event.
    notes: list[str] = []
    with mirroring(notes, is_last_try=is_last_try):
        _mirror(store, cycle.outside_name, model_registry, notes)
    return replace(summary, mirror_notes=notes)


def _earlier_champion(store: Store, digest: str | None) -> Champion:
    """The requested champion, exactly as the ledger recorded it."""
    champions = {champion.model_digest: champion for champion in _champions(store)}
    present = store.state().champion
    standing, earlier = None if present is None else present.model_digest, list(champions)
    if digest is None:
        before = earlier[: earlier.index(standing)] if standing in champions else []
        fitting = before[-1:]
    else:
        fitting = [one for one in earlier if one.startswith(digest)]
    if len(fitting) != 1:
        known = ", ".join(one for one in earlier if one != standing) or "none"
        if digest is None:
            present_one = "no model was promoted yet" if standing is None else f"{standing[:12]} is the first champion"
            raise SettingsError(f"nothing to roll back to: {present_one}; earlier champions: {known}")
        raise SettingsError(f"to_model_digest: wanted one of the earlier champions ({known}), found {digest}")
    return champions[fitting[0]]


def _champions(store: Store) -> Iterator[Champion]:
    """All champions that were ever promoted, in the order of the ledger."""
    for cycle_id, stages in store.state().stages.items():
        event = store.event(cycle_id, "promote_model") if "promote_model" in stages else None
        champion = None if event is None else event.value(Champion)
        if champion is not None:
            yield champion


def _standing(store: Store) -> Champion:
    """The current champion; there is always one if there are earlier ones."""
    champion = store.state().champion
    assert champion is not None
    return champion


def _mirror(store: Store, outside_name: str, model_registry: AliasRegistry, notes: list[str]) -> None:
    """Point the alias to the ledger's current champion, which is found by its digest, and made again if it is gone."""
    champion = _standing(store)
    model = mirrored_model(store, champion.cycle_id, champion.model_digest, outside_name)
    shown = model_registry.show_model(model, lambda: read_model(store.objects, champion.model_digest))
    notes += shown.notes
    model_registry.set_champion_alias(outside_name, shown.version)


def _summary(store: Store, champion: Champion, cycle_id: str) -> RollBackSummary:
    previous = _standing(store).model_digest
    digest = champion.model_digest
    return RollBackSummary(
        skipped="This model is the champion already." if digest == previous else None,
        model_digest=digest,
        previous_digest=previous,
        dataset_id=champion.dataset_id,
        registry_version=champion.registry_version,
        why=f"A person put the champion of cycle {champion.cycle_id} back in cycle {cycle_id}.",
    )


def _wanted(store: Store, project: Project) -> ServingPointer:
    """The serving pointer that the ledger requires now."""
    champion = _standing(store)
    return pointer_to(champion, read_marks(read_model(store.objects, champion.model_digest)).kind.vocabulary, project)
