"""Tests that each rule of the gate fails a candidate that was made to break only it, and that a project chooses the rules."""

from __future__ import annotations

from typing import Any

import pytest
from given_gate import CLASSES, EACH, a_given_night, an_image_of

from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.stages.evaluate.compare_with_champion import compare_with_champion
from pipeline_tasks.storage.history.store import Store

LIMITS: dict[str, Any] = {
    "margin": 0.45,
    "golden_margin": 0.3,
    "slice_margin": 0.3,
    "class_margin": 0.3,
    "max_calibration_error": 0.1,
    "corruption_margin": 0.3,
    "max_latency_ms": 50,
    "max_size_mb": 20,
    "max_parity_difference": 1e-3,
    "min_agreement": 0.8,
    "rules": {"baseline": "must"},
}
GOOD_LABELS = {"label_quality": "Labels: 0.9; at least 0.8.", "agreement": 0.9, "is_label_quality_kept": True}
BAD_LABELS = {"label_quality": "Labels: 0.5; not shown to be at least 0.8.", "agreement": 0.5, "is_label_quality_kept": False}
PLANTED: dict[str, dict[str, Any]] = {
    # Half of each class wrong: the mean falls by half, and no single class is shown to fall by 30 points.
    "metric": {"wrong": [an_image_of(one, number) for one in CLASSES for number in range(2, 6)]},
    "golden": {"wrong": [an_image_of(one, 0) for one in CLASSES]},
    "worst_slice": {"wrong": [an_image_of(one, 1) for one in CLASSES]},
    # One class of four lost whole, except in the recent slice and the golden set.
    "each_class": {"wrong": [an_image_of("washer", number) for number in range(2, EACH)]},
    "lost_classes": {"trained": CLASSES[:3]},
    "calibration": {"evaluated": {"figures": {"calibration_error": 0.11}}},
    "corruption": {"evaluated": {"corruption_difference": -0.4, "corruption_low": -0.5, "corruption_high": -0.3}},
    "latency": {"evaluated": {"latency_ms": 51.0}},
    "size": {"exported": {"size_bytes": 21_000_000}},
    "parity": {"exported": {"parity_max_difference": 0.01}},
    "baseline": {"evaluated": {"simple_score": 0.9, "simple_difference": 0.02, "simple_low": 0.0, "simple_high": 0.04}},
    "label_quality": {"built": BAD_LABELS},
}


def compared(store: Store, planted: dict[str, Any], **gates: Any) -> CompareWithChampionSummary:
    return compare_with_champion(store, a_given_night(store, **({"built": GOOD_LABELS} | planted), **(LIMITS | gates)))


def test_gate__promotes_a_candidate_that_keeps_every_rule_and_says_their_figures(store: Store) -> None:
    summary = compared(store, {})

    assert summary.decision == "promote"
    assert [one.rule for one in summary.rules] == [one for one in PLANTED if one != "lost_classes"]
    assert {one.verdict for one in summary.rules} == {"kept"}
    assert all(one.says in summary.why or f"{one.says[0].upper()}{one.says[1:]}" in summary.why for one in summary.rules)
    assert "Size of the exported model 4 MB, at most 20 MB." in summary.why


@pytest.mark.parametrize("rule", PLANTED)
def test_gate__stops_a_candidate_that_breaks_only_one_rule(store: Store, rule: str) -> None:
    summary = compared(store, PLANTED[rule])

    assert [one.rule for one in summary.rules if one.verdict != "kept"] == [rule]
    assert summary.decision == "keep"
    assert summary.why.startswith("Not promoted: ")


@pytest.mark.parametrize("rule", PLANTED)
def test_gate__promotes_it_with_a_warning_if_the_rule_only_warns(store: Store, rule: str) -> None:
    summary = compared(store, PLANTED[rule], rules={rule: "warn"})

    assert [(one.rule, one.level) for one in summary.rules if one.verdict == "broken"] == [(rule, "warn")]
    assert summary.decision == "promote"
    assert "Warning: " in summary.why


@pytest.mark.parametrize("rule", PLANTED)
def test_gate__does_not_look_at_a_rule_that_is_off(store: Store, rule: str) -> None:
    summary = compared(store, PLANTED[rule], rules={rule: "off"})

    assert summary.decision == "promote"
    assert not [one for one in summary.rules if one.verdict == "broken"]


def test_gate__of_a_project_file_without_rules_decides_as_it_did(store: Store) -> None:
    night = a_given_night(store, **PLANTED["each_class"], margin=0.45, evaluated={"latency_ms": None})

    summary = compare_with_champion(store, night)

    assert summary.decision == "promote"
    verdicts = {one.rule: one.verdict for one in summary.rules}
    assert verdicts == {"metric": "kept"} | dict.fromkeys(("golden", "worst_slice", "calibration", "size", "parity"), "stated") | {
        "baseline": "kept"
    }


def test_gate__asks_a_first_model_only_what_needs_no_champion(store: Store) -> None:
    night = a_given_night(store, has_champion=False, built=GOOD_LABELS, **LIMITS)

    summary = compare_with_champion(store, night)

    assert summary.decision == "promote"
    verdicts = {one.rule: one.verdict for one in summary.rules}
    of_the_candidate = dict.fromkeys(("metric", "calibration", "latency", "size", "parity", "baseline", "label_quality"), "kept")
    assert verdicts == {"golden": "not_asked", "corruption": "not_asked", **of_the_candidate}


def test_gate__tells_how_many_images_a_difference_of_3_points_needs(store: Store) -> None:
    # 4 of 32 images differ: the standard error is about sqrt(1/8 * 7/8 / 32) = 0.058, so 32 * (2.8 * 0.058 / 0.03)^2 = 930; the
    # number of images of a class varies between draws, too, which adds about a fifth.
    night = a_given_night(store, wrong=[an_image_of(one, 2) for one in CLASSES])

    needed = compare_with_champion(store, night).images_to_see_3_points

    assert needed == pytest.approx(1.2 * 930, rel=0.05)


def test_gate__does_not_pass_a_limit_that_the_label_kind_cannot_measure(store: Store) -> None:
    night = a_given_night(store, evaluated={"figures": {}}, max_calibration_error=0.1)

    summary = compare_with_champion(store, night)

    assert summary.decision == "keep"
    assert summary.why.startswith(
        "Not promoted: gates.max_calibration_error is set, and there is no figure of calibration error for this model."
    )
