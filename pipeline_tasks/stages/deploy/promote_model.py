"""Make the candidate the champion if the gate allows it; the ledger decides, the registry only mirrors it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from pipeline_tasks.clients.mirrors import mirroring
from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.export_model import ExportModelSummary
from pipeline_tasks.records.mirrored_model import MirroredModel
from pipeline_tasks.records.project_state import Champion
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.records.sign_off import APPROVED, SignOffSummary
from pipeline_tasks.storage.blobs.model_files import read_model
from pipeline_tasks.storage.history.mirrored_models import mirrored_model
from pipeline_tasks.storage.history.store import Store

if TYPE_CHECKING:
    from pipeline_tasks.clients.mlflow_versions import RegisteredVersion

STAGE = "promote_model"


class AliasRegistry(Protocol):
    """Calls to the model registry."""

    def show_model(self, model: MirroredModel, read: Callable[[], bytes]) -> RegisteredVersion:
        """Find the model's version by its digest; what is gone of it is made again and named."""
        ...

    def champion_alias(self, outside_name: str) -> str | None:
        """The version that the alias `champion` of the project's model points to; None if the alias does not exist."""
        ...

    def set_champion_alias(self, outside_name: str, registry_version: str) -> None:
        """Point the alias `champion` of the project's model to this version; doing so again changes nothing."""
        ...


def promote_model(store: Store, cycle: Cycle, model_registry: AliasRegistry, *, is_last_try: bool = False) -> PromoteModelSummary:
    """Record the gate's decision, then update the registry's alias from the ledger.

    Raises:
        MissingStageError: the cycle's candidate has not been compared, or a person has not been asked though the project wants it.
        ServiceUnavailableError: the registry does not respond; the decision is recorded, and a retry updates the alias. The last
            try ends without it, and the next night shows the champion there.
    """
    summary, version = store.finished(cycle.cycle_id, STAGE, PromoteModelSummary), None
    if summary is None:
        compared = store.summary(cycle.cycle_id, CompareWithChampionSummary)
        summary, sets = _decision(store, cycle, compared)
        summary, version = _looked_after(store, cycle, summary, model_registry)
        sets = [replace(one, registry_version=summary.registry_version) for one in sets]
        summary = store.finish(cycle.cycle_id, STAGE, summary, sets=sets)
    # A night that trained nothing need not wait for a registry that is away.
    with mirroring([], is_last_try=is_last_try or summary.skipped is not None):
        _mirror(store, cycle, model_registry, version)
    return summary


def _decision(store: Store, cycle: Cycle, compared: CompareWithChampionSummary) -> tuple[PromoteModelSummary, list[Champion]]:
    """Summary to record, and the new champion if there is one."""
    if compared.skipped:
        return PromoteModelSummary(skipped=compared.skipped), []
    exported = store.summary(cycle.cycle_id, ExportModelSummary)
    evaluated = store.summary(cycle.cycle_id, EvaluateModelSummary)
    standing = store.state().champion
    standing_digest = None if standing is None else standing.model_digest
    is_promoted, why = _signed(store, cycle, compared)
    if is_promoted and standing_digest != compared.champion_digest:
        is_promoted, why = (
            False,
            f"Not promoted: the champion became {standing_digest} after the candidate had been compared with another one.",
        )
    digest, version = exported.model_digest, exported.registry_version
    summary = PromoteModelSummary(
        skipped=None,
        is_promoted=is_promoted,
        why=why,
        model_digest=digest,
        champion_digest=digest if is_promoted else standing_digest,
        previous_digest=standing_digest,
        registry_version=version,
    )
    if not is_promoted:
        return summary, []
    assert digest is not None
    assert evaluated.dataset_id is not None
    return summary, [Champion(digest, evaluated.dataset_id, cycle.cycle_id, version)]


def _signed(store: Store, cycle: Cycle, compared: CompareWithChampionSummary) -> tuple[bool, str]:
    """The gate's decision and its sentence, and what a person said to it where the project asks one."""
    if compared.decision != "promote" or cycle.project.autonomy.promote == "auto":
        return compared.decision == "promote", compared.why
    signed = store.summary(cycle.cycle_id, SignOffSummary)
    if signed.outcome == APPROVED:
        return True, f"{compared.why} {signed.why}"
    return False, f"Not promoted. {signed.why} The gate would have let it pass: {compared.why}"


def _looked_after(
    store: Store, cycle: Cycle, summary: PromoteModelSummary, model_registry: AliasRegistry
) -> tuple[PromoteModelSummary, str | None]:
    """The summary with what people had changed in the registry, and there the version of the champion to be, if it is known.

    Candidate and champion are made again if they are gone: before the event, so that the event can say it. A registry that is
    away delays no decision.
    """
    notes: list[str] = []
    candidate, champion_version, champion = summary.registry_version, None, store.state().champion
    with mirroring(notes, is_last_try=True):
        if summary.model_digest is not None:
            shown = _show(store, cycle, cycle.cycle_id, summary.model_digest, model_registry)
            notes += shown.notes
            candidate = champion_version = shown.version
        if champion is not None and not summary.is_promoted:
            shown = _show(store, cycle, champion.cycle_id, champion.model_digest, model_registry)
            notes += [*shown.notes, *_alias_notes(model_registry, cycle.outside_name, shown.version)]
            champion_version = shown.version
    return replace(summary, registry_version=candidate, mirror_notes=list(dict.fromkeys(notes))), champion_version


def _alias_notes(model_registry: AliasRegistry, outside_name: str, champion_version: str) -> list[str]:
    named = model_registry.champion_alias(outside_name)
    if named == champion_version:
        return []
    found = "no version" if named is None else f"version {named}"
    return [f"MLflow: the alias champion of {outside_name} named {found}; set back to the champion, version {champion_version}"]


def _show(store: Store, cycle: Cycle, cycle_id: str, digest: str, model_registry: AliasRegistry) -> RegisteredVersion:
    model = mirrored_model(store, cycle_id, digest, cycle.outside_name)
    return model_registry.show_model(model, lambda: read_model(store.objects, digest))


def _mirror(store: Store, cycle: Cycle, model_registry: AliasRegistry, version: str | None) -> None:
    """Point the alias to the ledger's current champion; without its version, that is found by the digest."""
    champion = store.state().champion
    if champion is not None:
        version = version or _show(store, cycle, champion.cycle_id, champion.model_digest, model_registry).version
        model_registry.set_champion_alias(cycle.outside_name, version)
