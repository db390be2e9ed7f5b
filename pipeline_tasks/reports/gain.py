"""Section on the control arm: gain of selection over chance, and cost of the labels."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline_tasks.intervals.proportions import Wrong, surprise
from pipeline_tasks.records.measure_selection_gain import MeasureSelectionGainSummary
from pipeline_tasks.reports.arm_charts import arms_curve, difference_curve
from pipeline_tasks.reports.cycle_data import CycleData, GainPoint
from pipeline_tasks.reports.html import Html, element, paragraph, ratio, table, together

NOTE = (
    "Method: simple heads are fitted on embeddings of the first labels in order of selection (including the control arm's share), "
    "and on as many random ones of any night, each on a quarter, half, three quarters and all of the control arm's labels; scores "
    "are means over these four. All are tested repeatedly on images that were drawn at random on later nights and that none was "
    "fitted on (five folds over split groups, corrected resampled t interval: Nadeau, Bengio 2003). Images selected after the "
    "first labels are not judged yet. The scores are those of these heads, not of the trained model."
)


def section(data: CycleData) -> Html | None:
    """The result, both arms' scores by night, and the cost."""
    if not data.gains:
        return None
    words = data.kind.scoring.names.words
    newest, measured = data.gains[-1], [one for one in data.gains if not one.found.why]
    verdict = element("div", sentence(newest.found, words), class_=f"decision {_colour(newest.found)}".strip())
    charts: list[Html | None] = []
    if measured:
        charts = [
            element("h3", f"{words[0].upper()}{words[1:]} on equally many labels, by night"),
            arms_curve(measured),
            element("h3", "Selected minus drawn at random, in points, with its interval"),
            difference_curve(measured),
        ]
    asked = together([paragraph(_surprise(data.gains, newest.found.confidence))])
    return together(
        [verdict, asked, *charts, _nights(data.gains), element("h3", "Cost"), _cost(newest.found), _note() if measured else None]
    )


def sentence(found: MeasureSelectionGainSummary, words: str) -> str:
    """Sentence on whether selection beat chance so far; `words` names the score."""
    if found.why:
        return f"It is not known if active selection helps: {found.why}"
    value, low, high = (100 * one for one in found.difference)
    figures = (
        f"over the first {found.labels} labels in order of selection, heads have a mean {words} of "
        f"{ratio(found.chosen[0])}; on as many drawn at random, {ratio(found.drawn[0])}. The difference is {value:+.1f} "
        f"points ({100 * found.confidence:g} % interval {low:+.1f} to {high:+.1f}); per selected label "
        f"{_per_label_words(found)}. {_tested(found)}"
    )
    if low > 0:
        return f"Yes, selection beat chance: {figures}"
    if high < 0:
        return f"No, selection did worse than random images: {figures}"
    unseen = (
        f"The interval contains 0; differences below about {(high - low) / 2:.0f} points cannot be detected with so few labels."
    )
    return f"No measurable difference to random images: {figures} {unseen}"


def _tested(found: MeasureSelectionGainSummary) -> str:
    """Sentence on the test images and their classes."""
    classes = f"{found.classes} of {found.classes_seen} classes"
    return f"Tested on {found.test_images} images drawn at random on later nights, of {classes}."


def _colour(found: MeasureSelectionGainSummary) -> str:
    if found.why:
        return ""
    return "good" if found.difference[1] > 0 else "bad" if found.difference[2] < 0 else "warn"


def _per_label_words(found: MeasureSelectionGainSummary) -> str:
    """Points per selected label with their interval."""
    value, low, high = (_per_label(found, 100 * one) for one in found.difference)
    return f"{value:+.2f} ({low:+.2f} to {high:+.2f})"


def _per_label(found: MeasureSelectionGainSummary, points: float) -> float:
    """Points per selected label that could have been drawn at random, as a mean over the sizes."""
    return points / max(1.0, found.mean_chosen)


def _surprise(gains: Sequence[GainPoint], confidence: float) -> str:
    """Sentence on how often each night's champion was wrong, by arm, over all nights with one."""
    counted = {"strategy": Wrong(), "control": Wrong()}
    for one in gains:
        for arm, (images, wrong) in one.found.champion_wrong.items():
            counted[arm] += Wrong(images, wrong)
    chosen, drawn = counted["strategy"], counted["control"]
    found = surprise(chosen, drawn, confidence)
    if found is None:
        return "No champion has been used for selection yet, so its errors on selected images are not known."
    said = (
        f"Before people labelled them, the night's champion was wrong about {ratio(chosen.ratio)} of {chosen.images} selected "
        f"images and {ratio(drawn.ratio)} of {drawn.images} random ones: {100 * found.value:+.1f} points "
        f"({100 * confidence:g} % interval {100 * found.low:+.1f} to {100 * found.high:+.1f})."
    )
    if found.low > 0:
        return f"{said} The strategy selects images that the model gets wrong."
    return f"{said} " + (
        "The strategy selects images that the model already knows." if found.high < 0 else "The difference is not significant."
    )


def _nights(gains: Sequence[GainPoint]) -> Html:
    """Table with one row per night, cumulative."""
    what = ("cycle", "selected", "drawn", "hours", "money", "compared", "selected, drawn")
    headers = (*what, "difference (interval)", "points a selected label (interval)")
    return table(headers, [_night(one.cycle_id, one.found) for one in gains])


def _night(cycle_id: str, found: MeasureSelectionGainSummary) -> tuple[str | int, ...]:
    spent = (cycle_id, found.labelled_chosen, found.labelled_drawn, f"{found.hours:.2f}", _money(found, found.money))
    if found.why:
        return (*spent, "–", "–", "–", "–")
    value, low, high = (100 * one for one in found.difference)
    scores = ", ".join(ratio(score[0]) for score in (found.chosen, found.drawn))
    return (*spent, found.labels, scores, f"{value:+.1f} ({low:+.1f} to {high:+.1f})", _per_label_words(found))


def _cost(found: MeasureSelectionGainSummary) -> Html:
    """Total cost, and the cost of a point of the score by labels of either arm."""
    labels = found.labelled_chosen + found.labelled_drawn
    said = f"{labels} labelled images took annotators {found.hours:.2f} hours by Label Studio's clock"
    said += "." if found.money is None else f" and cost {_money(found, found.money)}."
    if found.money is None:
        said += " To see costs here, set labeling.cost_per_hour and labeling.currency in the project file."
    if found.why or not labels:
        return paragraph(said)
    rows = [
        (name, *_per_point(found, score, labels)) for name, score in (("selected", found.chosen), ("drawn at random", found.drawn))
    ]
    headers = (f"up to {found.labels} labels", "score", "interval", "points above guessing", "labels a point")
    return together([paragraph(said), table((*headers, "minutes a point", "money a point"), rows)])


def _per_point(found: MeasureSelectionGainSummary, score: Sequence[float], labels: int) -> tuple[str, ...]:
    """A head's score, and the cost of a point above guessing at the mean cost of a label; no cost if it is not better."""
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
