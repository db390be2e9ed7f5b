"""Make the candidate the champion if the gate allows it; the ledger decides, the registry's alias only mirrors it."""

from __future__ import annotations

from typing import Protocol

from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.export_model import ExportModelSummary
from pipeline_tasks.records.project_state import Champion
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.storage.history.store import Store

STAGE = "promote_model"


class AliasRegistry(Protocol):
    """Calls to the model registry."""

    def set_champion_alias(self, outside_name: str, registry_version: str) -> None:
        """Point the alias `champion` of the project's model to this version; doing so again changes nothing."""
        ...


def promote_model(store: Store, cycle: Cycle, model_registry: AliasRegistry) -> PromoteModelSummary:
    """Record the gate's decision, then update the registry's alias from the ledger.

    Raises:
        MissingStageError: the cycle's candidate has not been compared.
        ServiceUnavailableError: the registry does not respond; the decision is recorded, and a retry updates the alias.
    """
    summary = store.finished(cycle.cycle_id, STAGE, PromoteModelSummary)
    if summary is None:
        compared = store.summary(cycle.cycle_id, CompareWithChampionSummary)
        summary, sets = _decision(store, cycle, compared)
        summary = store.finish(cycle.cycle_id, STAGE, summary, sets=sets)
    if summary.skipped is None:
        _mirror(store, cycle, model_registry)
    return summary


def _decision(store: Store, cycle: Cycle, compared: CompareWithChampionSummary) -> tuple[PromoteModelSummary, list[Champion]]:
    """Summary to record, and the new champion if there is one."""
    if compared.skipped:
        return PromoteModelSummary(skipped=compared.skipped), []
    exported = store.summary(cycle.cycle_id, ExportModelSummary)
    evaluated = store.summary(cycle.cycle_id, EvaluateModelSummary)
    standing = store.state().champion
    standing_digest = None if standing is None else standing.model_digest
    is_promoted, why = compared.decision == "promote", compared.why
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


def _mirror(store: Store, cycle: Cycle, model_registry: AliasRegistry) -> None:
    """Point the alias to the ledger's current champion."""
    champion = store.state().champion
    if champion is not None and champion.registry_version is not None:
        model_registry.set_champion_alias(cycle.outside_name, champion.registry_version)
