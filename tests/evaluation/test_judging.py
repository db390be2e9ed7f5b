"""Tests of the gate's decision from all its rules."""

from __future__ import annotations

from dataclasses import replace

from pipeline_tasks.evaluation.gate import Decision
from pipeline_tasks.evaluation.judging import judge, metric_rule
from pipeline_tasks.records.gate_rule import GateRule

PASSED = Decision(True, "Promoted: not worse than the champion. Accuracy 98 %.", difference=0.01, floor=-0.05)
FAILED = Decision(False, "Not promoted: it may be worse. Accuracy 80 %.", difference=-0.1, floor=-0.05)
LARGE = GateRule("size", "must", "broken", 30.0, 20.0, "MB", "size is 30 MB, above 20 MB.")
SMALL = GateRule("size", "must", "stated", 3.0, None, "MB", "size 3 MB.")


def metric(decision: Decision, level: str = "must") -> GateRule:
    found = metric_rule(decision, level)
    assert found is not None
    return found


def test_judge__promotes_what_keeps_all_rules_and_says_every_figure() -> None:
    judged = judge(PASSED, [metric(PASSED), SMALL])

    assert judged.is_promoted
    assert judged.why == "Promoted: not worse than the champion. Accuracy 98 %. Size 3 MB."


def test_judge__names_all_rules_that_stop_and_what_was_kept() -> None:
    slow = replace(LARGE, rule="parity", says="parity is 1.")

    judged = judge(PASSED, [metric(PASSED), LARGE, slow])

    assert not judged.is_promoted
    assert judged.why == (
        "Not promoted: size is 30 MB, above 20 MB. Also: parity is 1. Apart from that: not worse than the champion. Accuracy 98 %."
    )


def test_judge__says_a_warning_and_promotes() -> None:
    judged = judge(PASSED, [metric(PASSED), replace(LARGE, level="warn")])

    assert judged.is_promoted
    assert judged.why.endswith("Accuracy 98 %. Warning: size is 30 MB, above 20 MB.")


def test_judge__stops_for_a_rule_that_could_not_be_measured() -> None:
    unknown = replace(LARGE, verdict="not_measured", says="there is no figure.")

    assert judge(PASSED, [metric(PASSED), unknown]).why.startswith("Not promoted: there is no figure.")
    assert judge(PASSED, [metric(PASSED), replace(unknown, level="warn")]).is_promoted


def test_judge__lets_the_other_rules_decide_where_the_score_only_warns_or_is_off() -> None:
    warned, off = judge(FAILED, [metric(FAILED, "warn")]), judge(FAILED, [metric(FAILED, "off")])

    assert (warned.is_promoted, off.is_promoted) == (True, True)
    assert warned.why.startswith("Promoted: by the other rules, as gates.rules.metric only warns. Warning: it may be worse.")
    assert off.why.startswith("Promoted: by the other rules, as gates.rules.metric is off. The score: it may be worse.")
    assert not judge(FAILED, [metric(FAILED, "warn"), LARGE]).is_promoted
    assert "Apart from that: it may be worse." in judge(FAILED, [metric(FAILED, "warn"), LARGE]).why


def test_judge__leaves_a_comparison_that_was_impossible_as_it_is() -> None:
    refused = Decision(False, "Not promoted: the test is not clean.")

    assert metric_rule(refused, "off") is None
    assert judge(refused, []) is refused
