"""Rules of the gate beside the score: each gives its figure, its limit and a verdict.

A rule that is off gives nothing. One that has a limit and cannot be measured is not kept, because a rule that somebody set must
not pass unseen. Why so: docs/decisions/2026-11-30-rules-of-the-gate.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline_tasks.evaluation.each_name import NameDifference
from pipeline_tasks.evaluation.slices import SliceDifference
from pipeline_tasks.records.gate_rule import BROKEN, KEPT, NOT_ASKED, NOT_MEASURED, OFF, STATED, GateRule

GOLDEN = "golden"


@dataclass(frozen=True)
class Asked:
    """Level and limit that the project file asks for; without a limit the figure is only stated."""

    level: str
    limit: float | None = None

    def rule(self, name: str, verdict: str, says: str, figure: float | None = None, unit: str = "") -> GateRule:
        """The rule with its verdict."""
        return GateRule(name, self.level, verdict, figure, self.limit, unit, says)


def golden_rule(slices: Mapping[str, SliceDifference], asked: Asked, words: str, *, has_champion: bool) -> GateRule | None:
    """The golden set: not worse than the champion by more than the limit. `words` names the mean image score."""
    found = slices.get(GOLDEN)
    if asked.level == OFF or (found is None and asked.limit is None):
        return None
    if not has_champion:
        return asked.rule(GOLDEN, NOT_ASKED, "the golden set is compared from the second model on.")
    if found is None or found.low is None:
        why = "gates.golden_margin is set, and the dataset version has no labelled images of the golden set."
        return asked.rule(GOLDEN, NOT_MEASURED, why)
    return _slice_rule(GOLDEN, "the golden set", found, asked, words)


def worst_slice_rule(
    slices: Mapping[str, SliceDifference],
    asked: Asked,
    words: str,
    *,
    has_champion: bool,
    found: Mapping[str, SliceDifference] | None = None,
    is_searched: bool = False,
) -> GateRule | None:
    """The same on the slice with the lowest lower bound, golden left out; no `found` slice is shown to have fallen by more.

    Found slices are small and nobody chose them, so a fall must be shown there, as on single names. `is_searched`: slices were
    looked for, so that a version without slices of its own is not unmeasured.
    """
    others = {name: one for name, one in slices.items() if name != GOLDEN and one.low is not None}
    compared = {name: one for name, one in (found or {}).items() if one.high is not None}
    is_nothing = not others and not compared
    if asked.level == OFF or not has_champion or (is_nothing and asked.limit is None):
        return None
    if is_nothing:
        return _no_slice(asked, is_searched=is_searched)
    on_found = _found_slice_rule(compared, asked, words) if compared else None
    if not others or (on_found is not None and on_found.is_against):
        return on_found
    name, worst = min(others.items(), key=lambda one: (one[1].low, one[0]))
    rule = _slice_rule("worst_slice", f"the worst slice, {name},", worst, asked, words)
    return rule if on_found is None else replace(rule, says=f"{rule.says} {on_found.says[0].upper()}{on_found.says[1:]}")


def _no_slice(asked: Asked, *, is_searched: bool) -> GateRule:
    if is_searched:
        return asked.rule("worst_slice", KEPT, "no slice of test was found on which the models err more than elsewhere.")
    why = (
        "gates.slice_margin is set, and the dataset version has no slice of test (splits.recent_cycles, splits.policy curated) and "
        "too few images to look for one."
    )
    return asked.rule("worst_slice", NOT_MEASURED, why)


def _found_slice_rule(found: Mapping[str, SliceDifference], asked: Asked, words: str) -> GateRule:
    """The found slice that fell most, or that is shown to have fallen by more than the limit."""
    limit = -1.0 if asked.limit is None else -asked.limit
    fallen = {name: one for name, one in found.items() if (one.high or 0.0) < limit}
    name, worst = min((fallen or found).items(), key=lambda one: (one[1].high if fallen else one[1].difference, one[0]))
    bounds = [100 * (figure or 0.0) for figure in (worst.difference, worst.low, worst.high)]
    said = f"on the {worst.images} images of the found slice {name} {words} differs by {bounds[0]:+.1f} points"
    said += f" ({bounds[1]:+.1f} to {bounds[2]:+.1f})"
    if asked.limit is None:
        return asked.rule("worst_slice", STATED, f"{said}.", worst.difference, "points")
    ends = f"shown to be worse by more than {100 * asked.limit:g} points there."
    verdict, ends = (BROKEN, f"it is {ends}") if fallen else (KEPT, f"it is not {ends}")
    return asked.rule("worst_slice", verdict, f"{said}, so {ends}", worst.difference, "points")


def each_name_rule(differences: Sequence[NameDifference], asked: Asked, word: str) -> GateRule | None:
    """No name is shown to have fallen by more than the limit; `word` names one of them, such as `class`."""
    if asked.level == OFF or asked.limit is None:
        return None
    if not differences:
        why = f"gates.class_margin is set, and no {word} has enough test images of its own (gates.min_test_images_per_class)."
        return asked.rule("each_class", NOT_MEASURED, why)
    fallen = [one for one in differences if one.high < -asked.limit]
    worst = min(fallen, key=lambda one: (one.high, one.name)) if fallen else differences[0]
    figure = f"{100 * worst.difference:+.1f} points ({100 * worst.low:+.1f} to {100 * worst.high:+.1f})"
    if fallen:
        names = ", ".join(one.name for one in fallen)
        says = f"the {word} {worst.name} is shown to have fallen by more than {100 * asked.limit:g} points: {figure}."
        says += f" So have, in all: {names}." if len(fallen) > 1 else ""
        return asked.rule("each_class", BROKEN, says, worst.difference, "points")
    says = f"no {word} is shown to have fallen by more than {100 * asked.limit:g} points; the lowest, {worst.name}: {figure}."
    return asked.rule("each_class", KEPT, says, worst.difference, "points")


def lost_names_rule(lost: Mapping[str, int], asked: Asked, word: str) -> GateRule | None:
    """No name of the champion's without a training image; said only if there is one."""
    if asked.level == OFF or not lost:
        return None
    said = ", ".join(f"{name!r} (the champion learnt it from {count})" for name, count in lost.items())
    says = (
        f"the candidate has no training image of the {word} {said}, so it would lose what the champion learnt. "
        f"If a {word} was renamed, add it to renamed_classes; if it is no longer wanted, to removed_classes."
    )
    return asked.rule("lost_classes", BROKEN, says, float(len(lost)))


def at_most_rule(name: str, what: str, figure: float | None, asked: Asked, *, unit: str, key: str) -> GateRule | None:
    """A figure of the candidate alone that must not be above the limit, which is the setting `gates.<key>`."""
    if asked.level == OFF or (figure is None and asked.limit is None):
        return None
    if figure is None:
        return asked.rule(name, NOT_MEASURED, f"gates.{key} is set, and there is no figure of {what} for this model.", unit=unit)
    shown = _figure(figure, unit)
    if asked.limit is None:
        return asked.rule(name, STATED, f"{what} {shown}.", figure, unit)
    limit = _figure(asked.limit, unit)
    if figure <= asked.limit:
        return asked.rule(name, KEPT, f"{what} {shown}, at most {limit}.", figure, unit)
    return asked.rule(name, BROKEN, f"{what} is {shown}, above {limit} (gates.{key}).", figure, unit)


def baseline_rule(
    score: float | None, difference: float | None, low: float | None, high: float | None, asked: Asked, words: str
) -> GateRule | None:
    """Better than a linear model on simple features; `words` names the score. Nothing for kinds without such a baseline."""
    if asked.level == OFF or score is None or difference is None or low is None or high is None:
        return None
    span = f"{100 * difference:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"
    said = f"a linear model on edges, colours and small pixels has {words} {100 * score:.1f} %, the candidate {span}"
    if low > 0:
        return asked.rule("baseline", KEPT, f"{said}.", difference, "points")
    return asked.rule("baseline", BROKEN, f"not shown to be better than a simple baseline: {said}.", difference, "points")


def corruption_rule(found: SliceDifference | None, asked: Asked, words: str, *, has_champion: bool) -> GateRule | None:
    """Not worse than the champion on corrupted images by more than the limit, on average over all corruptions."""
    if asked.level == OFF or asked.limit is None:
        return None
    if found is None:
        return asked.rule("corruption", NOT_MEASURED, "gates.corruption_margin is set, and no corrupted images were measured.")
    if not has_champion or found.low is None:
        return asked.rule("corruption", NOT_ASKED, "corrupted images are compared from the second model on.")
    return _slice_rule("corruption", "the sample, through 15 corruptions in three strengths,", found, asked, words)


def label_quality_rule(said: str, agreement: float | None, is_kept: bool | None, gold: str, asked: Asked) -> GateRule | None:
    """The gate on labels, which was judged before the training; `gold` is the reason that tonight's gold gives, or empty.

    A restored version has no such judgement (`said` is empty).
    """
    if asked.level == OFF or not said:
        return None
    if gold:
        return asked.rule("label_quality", BROKEN, f"{gold}.", agreement)
    verdict = STATED if is_kept is None else KEPT if is_kept else BROKEN
    return asked.rule("label_quality", verdict, f"{said[0].lower()}{said[1:].rstrip('.')}.", agreement)


def _slice_rule(name: str, where: str, found: SliceDifference, asked: Asked, words: str) -> GateRule:
    """Not worse there by more than the limit; with a limit of 0: better."""
    assert found.difference is not None
    assert found.low is not None
    said = f"on the {found.images} images of {where} {words} differs by {100 * found.difference:+.1f} points"
    said += f" (lower bound {100 * found.low:+.1f})"
    if asked.limit is None:
        return asked.rule(name, STATED, f"{said}.", found.difference, "points")
    worse = f"worse by more than {100 * asked.limit:g} points"
    good, bad = (f"it is not {worse}", f"it may be {worse}") if asked.limit else ("it is better", "it may be no better")
    is_kept = found.low > -asked.limit
    ends = f"{said}, so {good if is_kept else bad} there."
    return asked.rule(name, KEPT if is_kept else BROKEN, ends, found.difference, "points")


def _figure(value: float, unit: str) -> str:
    return f"{100 * value:.1f} points" if unit == "points" else f"{value:.4g} {unit}".rstrip()
