"""Tests that a project has both models measured on corrupted test images, and that the gate's rule compares them."""

from __future__ import annotations

from given_candidates import BAD, GOOD, InProcessDecoder, RecordingRegistry, a_cycle_with_model
from given_deploying import compared

from pipeline_tasks.evaluation.corruptions.corrupting import CORRUPTIONS
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.stages.deploy.promote_model import promote_model
from pipeline_tasks.stages.evaluate.compare_with_champion import compare_with_champion
from pipeline_tasks.stages.evaluate.evaluate_model import evaluate_model
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.corruption_score import CorruptionScore

GATES = {"margin": 1.0, "corruption_margin": 0.1, "corruption_images": 4}


def rule_of(store: Store, cycle: Cycle) -> tuple[str, str]:
    (rule,) = (one for one in compare_with_champion(store, cycle).rules if one.rule == "corruption")
    return rule.verdict, rule.says


def test_evaluate_model__measures_no_corruptions_that_nobody_asks_for(store: Store) -> None:
    cycle = a_cycle_with_model(store, GOOD)

    assert evaluate_model(store, cycle, InProcessDecoder(), RecordingRegistry()).corruption_images == 0
    assert not store.has(CorruptionScore, cycle.cycle_id)


def test_gate__stops_a_candidate_that_is_worse_on_corrupted_images(store: Store) -> None:
    """The champion tells red from green through nearly everything; the candidate takes one for the other."""
    first = a_cycle_with_model(store, GOOD, gates=GATES)
    summary = evaluate_model(store, first, InProcessDecoder(), RecordingRegistry())

    assert summary.corruption_images == 4
    assert summary.corruption_score is not None
    assert summary.corruption_score > 0.9
    scores = store.read(CorruptionScore, first.cycle_id)
    assert scores.height == 1 + 3 * len(CORRUPTIONS)
    assert rule_of(store, first) == ("not_asked", "corrupted images are compared from the second model on.")
    promote_model(store, first, RecordingRegistry(), is_last_try=True)

    second = a_cycle_with_model(store, BAD, "2026-11-22", gates=GATES)
    evaluate_model(store, second, InProcessDecoder(), RecordingRegistry())

    assert store.read(CorruptionScore, second.cycle_id).height == 2 * scores.height
    verdict, says = rule_of(store, second)
    assert verdict == "broken"
    assert says.startswith("on the 4 images of the sample, through 15 corruptions in three strengths, accuracy differs by -")
    assert compared(store, second).decision == "keep"


def test_gate__measures_no_corruptions_for_a_rule_that_is_off(store: Store) -> None:
    cycle = a_cycle_with_model(store, GOOD, gates=GATES | {"rules": {"corruption": "off"}})

    assert evaluate_model(store, cycle, InProcessDecoder(), RecordingRegistry()).corruption_images == 0
