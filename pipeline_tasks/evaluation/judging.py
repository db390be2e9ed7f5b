"""The gate's decision from all its rules, with every figure in one text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline_tasks.evaluation.gate import Decision
from pipeline_tasks.records.gate_rule import BROKEN, KEPT, OFF, STATED, GateRule

METRIC = "metric"
_PREFIXES = ("Promoted: ", "Not promoted: ")


def metric_rule(decision: Decision, level: str) -> GateRule | None:
    """The rule on the score; None if nothing could be compared. When it is off, its figures are still said."""
    if decision.difference is None:
        return None
    says = decision.why
    for prefix in _PREFIXES:
        says = says.removeprefix(prefix)
    verdict = STATED if level == OFF else KEPT if decision.is_promoted else BROKEN
    return GateRule(METRIC, level, verdict, decision.difference, abs(decision.floor), "points", says)


def judge(decision: Decision, rules: Sequence[GateRule]) -> Decision:
    """Promote if no rule stops it. Without the rule on the score nothing could be compared, and the decision stands."""
    metric = next((one for one in rules if one.rule == METRIC), None)
    if metric is None:
        return decision
    stops = [one for one in rules if one.stops]
    warned = [one for one in rules if one.is_against and one not in stops and one != metric]
    others = [one for one in rules if one not in stops and one not in warned and one != metric]
    head = _stopped(stops) if stops else f"Promoted: {_why_passed(metric)}"
    texts = [head]
    if stops and metric not in stops:
        texts.append(f"Apart from that: {metric.says}")
    texts += [f"Warning: {one.says}" for one in warned]
    texts += [_begun(one.says) for one in others]
    return replace(decision, is_promoted=not stops, why=" ".join(texts))


def _stopped(stops: Sequence[GateRule]) -> str:
    return " ".join(f"{'Also' if number else 'Not promoted'}: {one.says}" for number, one in enumerate(stops))


def _why_passed(metric: GateRule) -> str:
    """The score's sentence; with a remark if the score did not decide."""
    if metric.verdict == BROKEN:
        return f"by the other rules, as gates.rules.metric only warns. Warning: {metric.says}"
    return f"by the other rules, as gates.rules.metric is off. The score: {metric.says}" if metric.level == OFF else metric.says


def _begun(words: str) -> str:
    """Words as the beginning of a sentence."""
    return words[:1].upper() + words[1:]
