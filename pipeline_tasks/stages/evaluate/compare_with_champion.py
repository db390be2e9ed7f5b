"""Decide by the gate if the candidate is good enough to become the champion."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import polars as pl

from pipeline_tasks.datasets.slices import members_of, without_golden
from pipeline_tasks.evaluation.gate import NOTHING_TO_COMPARE, Decision, Rule, decide
from pipeline_tasks.evaluation.leakage import why_test_is_not_clean
from pipeline_tasks.evaluation.lost_names import names_lost, with_lost_names_gate
from pipeline_tasks.evaluation.slices import SliceDifference, compare_on_slice, with_golden_gate
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.kinds.scoring import Matches
from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.version_rows import named_rows, version_rows
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.slice_image import SliceImage
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.tables.table import empty

STAGE = "compare_with_champion"


def compare_with_champion(store: Store, cycle: Cycle) -> CompareWithChampionSummary:
    """Apply the gate to the results of `evaluate_model`.

    Raises:
        MissingStageError: the cycle's model has not been evaluated.
    """
    standing = store.finished(cycle.cycle_id, STAGE, CompareWithChampionSummary)
    if standing is not None:
        return standing
    evaluated = store.summary(cycle.cycle_id, EvaluateModelSummary)
    if evaluated.skipped:
        return store.finish(cycle.cycle_id, STAGE, CompareWithChampionSummary(skipped=evaluated.skipped))
    test = _read_test(store, cycle, evaluated)
    slices = _compare_slices(store, cycle, evaluated, test.slices)
    lost = _names_lost(store, cycle, evaluated, test.dataset_cycle_id)
    kind, has_champion = kind_of(cycle.project), evaluated.champion_digest is not None
    decision = _decide(store, cycle, evaluated, test)
    margin, words = cycle.project.gates.golden_margin, kind.scoring.names.image_words
    decision = with_golden_gate(decision, slices, margin, words, has_champion=has_champion)
    decision = with_lost_names_gate(decision, lost, kind.reporting.names_word)
    return store.finish(cycle.cycle_id, STAGE, _summary(cycle, evaluated, test.images, decision, slices, lost))


@dataclass(frozen=True)
class _Test:
    """Images of one dataset version that models are compared on."""

    dataset_cycle_id: str
    version: pl.DataFrame
    """All rows of the version."""
    labelled: pl.DataFrame
    """Its test images that predictions can be compared with."""
    images: pl.DataFrame
    """The same without the golden ones."""
    slices: dict[str, pl.DataFrame]


def _read_test(store: Store, cycle: Cycle, evaluated: EvaluateModelSummary) -> _Test:
    """Test images of the candidate's version, with the slices that were frozen with it."""
    cycle_id = evaluated.dataset_cycle_id
    assert cycle_id is not None
    version = version_rows(store, cycle_id, has_sizes=True)
    labelled = kind_of(cycle.project).scoring.with_truth(version.filter(pl.col("split") == "test"))
    frozen = store.read(SliceImage, cycle_id) if store.has(SliceImage, cycle_id) else empty(SliceImage)
    return _Test(cycle_id, version, labelled, without_golden(labelled, frozen), members_of(labelled, frozen))


def _decide(store: Store, cycle: Cycle, evaluated: EvaluateModelSummary, test: _Test) -> Decision:
    """Refuse pairs that cannot be compared, then apply the gate."""
    candidate, champion = evaluated.model_digest, evaluated.champion_digest
    assert candidate is not None
    if not test.images.height:
        return Decision(False, NOTHING_TO_COMPARE)
    if candidate == champion:
        return Decision(False, "Not promoted: the candidate has the same bytes as the champion.")
    split_groups = store.current(SplitGroup)
    not_clean = why_test_is_not_clean(test.labelled, test.version, split_groups, "candidate")
    if not_clean is None and champion is not None:
        trained = evaluated.champion_dataset_cycle_id
        if trained is None:
            return Decision(False, "Not promoted: the champion's training images are unknown.")
        not_clean = why_test_is_not_clean(test.labelled, store.read(DatasetImage, trained), split_groups, "champion")
    if not_clean is not None:
        return Decision(False, not_clean)
    scoring = kind_of(cycle.project).scoring
    predictions = store.read(scoring.prediction_table, cycle.cycle_id)
    rival = None if champion is None else scoring.match(predictions, test.images, champion)
    return decide(scoring, scoring.match(predictions, test.images, candidate), rival, _rule(cycle))


def _names_lost(store: Store, cycle: Cycle, evaluated: EvaluateModelSummary, dataset_cycle_id: str) -> dict[str, int]:
    """Names that the champion learnt and the candidate did not."""
    trained = evaluated.champion_dataset_cycle_id
    if trained is None or evaluated.champion_digest == evaluated.model_digest:
        return {}
    return names_lost(named_rows(store, trained), named_rows(store, dataset_cycle_id), kind_of(cycle.project).changes)


def _compare_slices(
    store: Store, cycle: Cycle, evaluated: EvaluateModelSummary, members: dict[str, pl.DataFrame]
) -> dict[str, SliceDifference]:
    """Comparison of both models on each slice."""
    if not members:
        return {}
    scoring, champion = kind_of(cycle.project).scoring, evaluated.champion_digest
    predictions = store.read(scoring.prediction_table, cycle.cycle_id)

    def matches_of(rows: pl.DataFrame, digest: str) -> Matches:
        found: Matches = scoring.match(predictions, rows, digest)
        return found

    assert evaluated.model_digest is not None
    candidate = evaluated.model_digest
    return {
        name: compare_on_slice(scoring, matches_of(rows, candidate), matches_of(rows, champion) if champion else None, _rule(cycle))
        for name, rows in members.items()
    }


def _summary(
    cycle: Cycle,
    evaluated: EvaluateModelSummary,
    test_images: pl.DataFrame,
    decision: Decision,
    slices: dict[str, SliceDifference],
    lost: dict[str, int],
) -> CompareWithChampionSummary:
    """The decision with all figures that it rests on."""
    champion, gates = evaluated.champion_digest, cycle.project.gates
    return CompareWithChampionSummary(
        skipped=None,
        decision="promote" if decision.is_promoted else "keep",
        why=decision.why,
        model_digest=evaluated.model_digest,
        champion_digest=champion,
        candidate_score=decision.candidate_score,
        candidate_low=decision.candidate_low,
        candidate_high=decision.candidate_high,
        champion_score=None if champion is None else decision.rival_score,
        baseline_score=decision.rival_score if champion is None else None,
        difference=decision.difference,
        low=decision.low,
        high=decision.high,
        margin=gates.margin,
        classes_left_out=list(decision.classes_left_out),
        test_images=test_images.height,
        test_groups=test_images["split_group_id"].n_unique(),
        slices={name: asdict(one) for name, one in slices.items()},
        golden_margin=gates.golden_margin,
        names_lost=lost,
    )


def _rule(cycle: Cycle) -> Rule:
    gates = cycle.project.gates
    seed = derive_seed(cycle.seed, "bootstrap")
    return Rule(gates.margin, gates.confidence, gates.bootstrap_samples, gates.min_test_images_per_class, seed)
