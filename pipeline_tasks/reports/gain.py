"""What choosing was worth against chance, and what the labels cost: the control arm's section."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_tasks.intervals.proportions import Wrong, surprise
from pipeline_tasks.records.measure_selection_gain import MeasureSelectionGainSummary
from pipeline_tasks.reports.arm_charts import arms_curve, difference_curve
from pipeline_tasks.reports.facts import CycleFacts, GainPoint
from pipeline_tasks.reports.html import Html, element, paragraph, ratio, table, together

NOTE = (
    "How: simple heads are fitted on embeddings of the first labels that people were asked for, the control arm's share among "
    "them, and on as many that were drawn at random on any night, each on a quarter, half, three quarters and all of the labels "
    "that the control arm has; scores are means over these four. All answer images that were drawn at random on later nights and "
    "that none was fitted on, over and over (five folds over split groups, corrected resampled t interval: Nadeau, Bengio 2003). "
    "What was chosen after the first labels is not judged yet. The scores are these heads', not the trained model's."
)


def section(facts: CycleFacts) -> Html | None:
    """The verdict, both arms' scores night by night, and the cost."""
    if not facts.gains:
        return None
    newest, measured = facts.gains[-1], [one for one in facts.gains if not one.found.why]
    verdict = element("div", sentence(newest.found), class_=f"decision {_colour(newest.found)}".strip())
    charts: list[Html | None] = []
    if measured:
        charts = [
            element("h3", "Balanced accuracy on equally many labels, night by night"),
            arms_curve(measured),
            element("h3", "As asked for less drawn at random, in points, with its interval"),
            difference_curve(measured),
        ]
    asked = together([paragraph(_surprise(facts.gains, newest.found.confidence))])
    return together([verdict, asked, *charts, _nights(facts.gains), element("h3", "Cost"), _cost(newest.found), _note()])


def sentence(found: MeasureSelectionGainSummary) -> str:
    """Whether choosing beat chance, as far as the labels so far can tell."""
    if found.why:
        return f"Whether choosing beats chance cannot be told yet: {found.why}"
    value, low, high = (100 * one for one in found.difference)
    figures = (
        f"over the first {found.labels} labels that people were asked for, heads have a mean balanced accuracy of "
        f"{ratio(found.chosen[0])}; on as many drawn at random, {ratio(found.drawn[0])}. The difference is {value:+.1f} "
        f"points ({100 * found.confidence:g} % interval {low:+.1f} to {high:+.1f}); per label that was chosen "
        f"{_per_label(found, value):+.2f} ({_per_label(found, low):+.2f} to {_per_label(found, high):+.2f}). {_tested(found)}"
    )
    if low > 0:
        return f"Choosing beat chance: {figures}"
    if high < 0:
        return f"Choosing did worse than chance: {figures} Drawing at random would have taught more."
    unseen = f"The interval contains 0; differences below about {(high - low) / 2:.0f} points cannot be seen with so few."
    return f"Choosing did not beat chance as far as can be told: {figures} {unseen}"


def _tested(found: MeasureSelectionGainSummary) -> str:
    """How many images tell, and about what."""
    classes = f"{found.classes} of {found.classes_seen} classes"
    return f"Tested on {found.test_images} images drawn at random on later nights, of {classes}."


def _colour(found: MeasureSelectionGainSummary) -> str:
    if found.why:
        return ""
    return "good" if found.difference[1] > 0 else "bad" if found.difference[2] < 0 else "warn"


def _per_label(found: MeasureSelectionGainSummary, points: float) -> float:
    """Points per label that was chosen where it could have been drawn, in the mean of the sizes."""
    return points / max(1.0, found.mean_chosen)


def _surprise(gains: Sequence[GainPoint], confidence: float) -> str:
    """How often the champion of each night was wrong, by arm, over all nights that had one."""
    counted = {"strategy": Wrong(), "control": Wrong()}
    for one in gains:
        for arm, (images, wrong) in one.found.champion_wrong.items():
            counted[arm] += Wrong(images, wrong)
    chosen, drawn = counted["strategy"], counted["control"]
    found = surprise(chosen, drawn, confidence)
    if found is None:
        return "No champion has helped to choose yet, so it cannot be said how often one was wrong before people answered."
    said = (
        f"Before people answered, the champion of the night was wrong about {ratio(chosen.ratio)} of {chosen.images} chosen "
        f"images and {ratio(drawn.ratio)} of {drawn.images} drawn ones: {100 * found.value:+.1f} points "
        f"({100 * confidence:g} % interval {100 * found.low:+.1f} to {100 * found.high:+.1f})."
    )
    if found.low > 0:
        return f"{said} The strategy asks about what the model gets wrong."
    return f"{said} " + ("The strategy asks what the model knows already." if found.high < 0 else "They cannot be told apart.")


def _nights(gains: Sequence[GainPoint]) -> Html:
    """One row a night, all figures of all nights up to it."""
    headers = ("cycle", "chosen", "drawn", "hours", "money", "compared", "asked for, drawn", "difference (interval)", "per label")
    return table(headers, [_night(one.cycle_id, one.found) for one in gains])


def _night(cycle_id: str, found: MeasureSelectionGainSummary) -> tuple[str | int, ...]:
    spent = (cycle_id, found.labelled_chosen, found.labelled_drawn, f"{found.hours:.2f}", _money(found, found.money))
    if found.why:
        return (*spent, "–", "–", "–", "–")
    value, low, high = (100 * one for one in found.difference)
    scores = ", ".join(ratio(score[0]) for score in (found.chosen, found.drawn))
    return (*spent, found.labels, scores, f"{value:+.1f} ({low:+.1f} to {high:+.1f})", f"{_per_label(found, value):+.2f}")


def _cost(found: MeasureSelectionGainSummary) -> Html:
    """What was spent, and what a point of balanced accuracy costs by labels of either arm."""
    labels = found.labelled_chosen + found.labelled_drawn
    said = f"{labels} labelled images took people {found.hours:.2f} hours by Label Studio's clock"
    said += "." if found.money is None else f" and cost {_money(found, found.money)}."
    if found.money is None:
        said += " Set labeling.cost_per_hour and labeling.currency in the project file to see money here."
    if found.why or not labels:
        return paragraph(said)
    rows = [
        (name, *_per_point(found, score, labels))
        for name, score in (("as asked for", found.chosen), ("drawn at random", found.drawn))
    ]
    headers = (f"up to {found.labels} labels", "score", "interval", "points above guessing", "labels a point")
    return together([paragraph(said), table((*headers, "minutes a point", "money a point"), rows)])


def _per_point(found: MeasureSelectionGainSummary, score: Sequence[float], labels: int) -> tuple[str, ...]:
    """A head's score, and what a point above guessing costs at the mean cost of a label; no price for what is no better."""
    value, low, high = score
    points = 100 * (value - 1 / found.classes)
    known = (ratio(value), f"{100 * low:.1f} to {100 * high:.1f} %", f"{points:+.1f}")
    if points <= 0:
        return (*known, "–", "–", "–")
    each = found.mean_labels / points
    money = None if found.money is None else found.money / labels * each
    return (*known, f"{each:.1f}", f"{60 * found.hours / labels * each:.1f}", _money(found, money))


def _money(found: MeasureSelectionGainSummary, amount: float | None) -> str:
    return "–" if amount is None else f"{amount:,.2f} {found.currency}"


def _note() -> Html:
    return paragraph(NOTE, quiet=True)
