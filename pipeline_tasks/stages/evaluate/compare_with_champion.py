"""Decide by the gate if the candidate is good enough to become the champion."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import polars as pl

from pipeline_tasks.datasets.label_quality import why_gold_does_not_suffice
from pipeline_tasks.datasets.slices import members_of, without_golden
from pipeline_tasks.evaluation.each_name import NameDifference, compare_names
from pipeline_tasks.evaluation.gate import NOTHING_TO_COMPARE, Decision, Rule, decide
from pipeline_tasks.evaluation.judging import judge, metric_rule
from pipeline_tasks.evaluation.leakage import why_test_is_not_clean
from pipeline_tasks.evaluation.lost_names import names_lost
from pipeline_tasks.evaluation.rules import (
    Asked,
    at_most_rule,
    baseline_rule,
    corruption_rule,
    each_name_rule,
    golden_rule,
    label_quality_rule,
    lost_names_rule,
    worst_slice_rule,
)
from pipeline_tasks.evaluation.slices import SliceDifference
from pipeline_tasks.evaluation.test_used import decisions_on, why_worn
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.export_model import ExportModelSummary
from pipeline_tasks.records.gate_rule import GateRule
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.slice_search.comparing import compare_found, compare_slices
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
    kind, rule = kind_of(cycle.project), _rule(cycle)
    slices = compare_slices(store, cycle.cycle_id, kind, evaluated, test.slices, rule)
    found_slices = compare_found(store, cycle.cycle_id, kind, evaluated, test.images, rule)
    lost = _names_lost(store, cycle, evaluated, test.dataset_cycle_id)
    decision = _decide(store, cycle, evaluated, test)
    found = (
        []
        if decision.difference is None
        else _rules(store, cycle, evaluated, _Measured(decision, test, slices, lost, found_slices))
    )
    summary = _summary(cycle, evaluated, test.images, judge(decision, found), slices, lost)
    decisions = 0.0 if decision.difference is None else _decisions(store, test)
    summary = replace(summary, test_decisions=decisions, test_worn=why_worn(decisions, cycle.project.gates.confidence))
    told = {name: asdict(one) for name, one in found_slices.items()}
    return store.finish(cycle.cycle_id, STAGE, replace(summary, rules=found, found_slices=told))


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


@dataclass(frozen=True)
class _Measured:
    """All that was found for the rules."""

    decision: Decision
    test: _Test
    slices: dict[str, SliceDifference]
    lost: dict[str, int]
    found_slices: dict[str, SliceDifference]


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


def _rules(store: Store, cycle: Cycle, evaluated: EvaluateModelSummary, found: _Measured) -> list[GateRule]:
    """Every rule of the gate that is not off and has something to say."""
    gates, kind = cycle.project.gates, kind_of(cycle.project)
    words, word, has_champion = kind.scoring.names.image_words, kind.reporting.names_word, evaluated.champion_digest is not None
    golden, worst = Asked(gates.rules.of("golden"), gates.golden_margin), Asked(gates.rules.of("worst_slice"), gates.slice_margin)
    each = Asked(gates.rules.of("each_class"), gates.class_margin)
    falls = _compare_names(store, cycle, evaluated, found.test, each) if has_champion else ()
    rules = [
        metric_rule(found.decision, gates.rules.of("metric")),
        golden_rule(found.slices, golden, words, has_champion=has_champion),
        worst_slice_rule(
            found.slices,
            worst,
            words,
            has_champion=has_champion,
            found=found.found_slices,
            is_searched=evaluated.slices_looked_at > 0,
        ),
        each_name_rule(falls, each, word) if has_champion else None,
        lost_names_rule(found.lost, Asked(gates.rules.of("lost_classes")), word),
        _calibration_rule(cycle, evaluated),
        _corruption_rule(cycle, evaluated, words),
        *_rules_of_the_file(store, cycle, evaluated.latency_ms),
        _baseline_rule(cycle, evaluated),
        _label_quality_rule(store, cycle),
    ]
    return [one for one in rules if one is not None]


def _compare_names(
    store: Store, cycle: Cycle, evaluated: EvaluateModelSummary, test: _Test, asked: Asked
) -> tuple[NameDifference, ...]:
    """Differences on each name; not looked at without a limit, as they cost as much as the score itself."""
    if asked.limit is None or asked.level == "off":
        return ()
    scoring: Any = kind_of(cycle.project).scoring
    predictions = store.read(scoring.prediction_table, cycle.cycle_id)
    digests = (evaluated.model_digest, evaluated.champion_digest)
    candidate, champion = (scoring.match(predictions, test.images, digest) for digest in digests)
    return compare_names(scoring, candidate, champion, _rule(cycle))


def _calibration_rule(cycle: Cycle, evaluated: EvaluateModelSummary) -> GateRule | None:
    """Distance of the candidate's confidence from the truth, for kinds that measure it."""
    gates, metric = cycle.project.gates, kind_of(cycle.project).scoring.names.calibration_metric
    asked, figure = Asked(gates.rules.of("calibration"), gates.max_calibration_error), evaluated.figures.get(metric)
    return at_most_rule("calibration", "calibration error", figure, asked, unit="points", key="max_calibration_error")


def _corruption_rule(cycle: Cycle, evaluated: EvaluateModelSummary, words: str) -> GateRule | None:
    """Both models on corrupted test images."""
    gates, found = cycle.project.gates, None
    if evaluated.corruption_score is not None:
        span = (evaluated.corruption_difference, evaluated.corruption_low, evaluated.corruption_high)
        found = SliceDifference(evaluated.corruption_images, evaluated.corruption_score, evaluated.corruption_champion, *span)
    asked = Asked(gates.rules.of("corruption"), gates.corruption_margin)
    return corruption_rule(found, asked, words, has_champion=evaluated.champion_digest is not None)


def _rules_of_the_file(store: Store, cycle: Cycle, latency_ms: float | None) -> list[GateRule | None]:
    """Time and size of the exported file, and how far it is from the trained network."""
    gates, exported = cycle.project.gates, store.summary(cycle.cycle_id, ExportModelSummary)
    size = exported.size_bytes / 1e6 if exported.size_bytes else None
    asked, parity = Asked(gates.rules.of("size"), gates.max_size_mb), Asked(gates.rules.of("parity"), gates.max_parity_difference)
    far, what = exported.parity_max_difference, "difference of the exported file from the trained network"
    fast = Asked(gates.rules.of("latency"), gates.max_latency_ms)
    return [
        at_most_rule("latency", "time for an image on this machine", latency_ms, fast, unit="ms", key="max_latency_ms"),
        at_most_rule("size", "size of the exported model", size, asked, unit="MB", key="max_size_mb"),
        at_most_rule("parity", what, far, parity, unit="", key="max_parity_difference"),
    ]


def _baseline_rule(cycle: Cycle, evaluated: EvaluateModelSummary) -> GateRule | None:
    """The linear model that was trained on the same version."""
    span = (evaluated.simple_difference, evaluated.simple_low, evaluated.simple_high)
    asked, words = Asked(cycle.project.gates.rules.of("baseline")), kind_of(cycle.project).scoring.names.words
    return baseline_rule(evaluated.simple_score, *span, asked, words)


def _label_quality_rule(store: Store, cycle: Cycle) -> GateRule | None:
    """The judgement on labels from before the training."""
    gates, built = cycle.project.gates, store.summary(cycle.cycle_id, BuildDatasetVersionSummary)
    resolved, gold = store.find_summary(cycle.cycle_id, ResolveLabelsSummary), ""
    if resolved is not None:
        gold = why_gold_does_not_suffice(resolved.gold_right, resolved.gold_images, gates.min_gold_accuracy, gates.confidence)
    asked = Asked(gates.rules.of("label_quality"), gates.min_agreement)
    return label_quality_rule(built.label_quality, built.agreement, built.is_label_quality_kept, gold, asked)


def _names_lost(store: Store, cycle: Cycle, evaluated: EvaluateModelSummary, dataset_cycle_id: str) -> dict[str, int]:
    """Names that the champion learnt and the candidate did not."""
    trained = evaluated.champion_dataset_cycle_id
    if trained is None or evaluated.champion_digest == evaluated.model_digest:
        return {}
    return names_lost(named_rows(store, trained), named_rows(store, dataset_cycle_id), kind_of(cycle.project).changes)


def _decisions(store: Store, test: _Test) -> float:
    """Decisions for which an image of the test was used on average, with tonight's."""
    earlier = [(one, found.test_decisions) for one, found in store.summaries(CompareWithChampionSummary).items()]
    cycle_id, decisions = next(((one, count) for one, count in reversed(earlier) if count), ("", 0.0))
    before = store.find_summary(cycle_id, EvaluateModelSummary) if cycle_id else None
    if before is None or before.dataset_cycle_id is None:
        return decisions_on(test.images["image_id"].to_list(), (), 0.0)
    rows = store.read(DatasetImage, before.dataset_cycle_id).filter(pl.col("split").cast(pl.String) == "test")
    return decisions_on(test.images["image_id"].to_list(), rows["image_id"].to_list(), decisions)


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
        images_to_see_3_points=decision.images_to_see_3_points,
    )


def _rule(cycle: Cycle) -> Rule:
    gates = cycle.project.gates
    seed = derive_seed(cycle.seed, "bootstrap")
    return Rule(gates.margin, gates.confidence, gates.bootstrap_samples, gates.min_test_images_per_class, seed)
