"""Section on predictions of the champion that people saw before they annotated, against those that were hidden by chance."""

from __future__ import annotations

from pipeline_tasks.intervals.resampled import Estimate
from pipeline_tasks.kinds.model_agreement import ArmAgreement, ModelAgreement
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, paragraph, ratio, table, together
from pipeline_tasks.tables.pre_annotation import BLIND, HIDDEN, NOTHING, SHOWN

ARMS = {SHOWN: "prediction shown", HIDDEN: "prediction hidden"}


def section(data: CycleData) -> Html | None:
    """Agreement with the champion and time by arm, and the effect of seeing it; nothing for nights of earlier releases."""
    sent = data.records.find(SendToLabelingSummary)
    if sent is None or (not sent.pre_annotated and not sent.why_no_pre_annotations):
        return None
    if not sent.pre_annotated:
        return paragraph(sent.why_no_pre_annotations, quiet=True)
    said = paragraph(_who_saw(sent))
    found = data.model_agreement
    if found is None or not any(arm.images for arm in found.arms.values()):
        return together([said, paragraph("None of these images has been annotated yet.", quiet=True)])
    rows = [_row(name, found.arms[arm], found.confidence) for arm, name in ARMS.items()]
    headers = ("", "annotated images", "agree with the champion", "left as predicted", "median seconds")
    return together(
        [said, table(headers, rows), paragraph(_effect(found)), paragraph(_saved(found)), _corrections(found.arms[SHOWN])]
    )


def _who_saw(sent: SendToLabelingSummary) -> str:
    """Sentence on the images of the round by arm."""
    count = {arm: sent.pre_annotated.get(arm, 0) for arm in (SHOWN, HIDDEN, BLIND, NOTHING)}
    return (
        f"Of the {sum(count.values())} images of this round, {count[SHOWN]} showed the champion's prediction to the annotator, and "
        f"{count[HIDDEN]} hid it by chance; {count[BLIND]} never show one, because they test people or models; in {count[NOTHING]} "
        "the champion saw nothing or was unsure."
    )


def _row(name: str, arm: ArmAgreement, confidence: float) -> tuple[str | int, ...]:
    share, middle = arm.share(confidence), sorted(arm.seconds)[len(arm.seconds) // 2] if arm.seconds else None
    agree = "–" if share is None else f"{ratio(share.value)} ({ratio(share.low)} to {ratio(share.high)})"
    return name, arm.images, agree, arm.kept, "–" if middle is None else f"{middle:.1f}"


def _effect(found: ModelAgreement) -> str:
    """Sentence on the difference in agreement, which is what seeing the prediction does to people."""
    if found.effect is None:
        return "Its effect on people is not known: one of the two has no annotated image."
    said = f"Who saw the prediction agreed with it {_points(found.effect)} points more often ({_interval(found)})."
    if found.effect.low > 0:
        return f"{said} People follow what they see: some of these labels are the champion's errors. Lower labeling.prelabel_ratio."
    if found.effect.high < 0:
        return f"{said} Who sees it agrees less; look at the images in Label Studio."
    return f"{said} The difference is not significant."


def _points(one: Estimate) -> str:
    return f"{100 * one.value:+.1f} ({100 * one.low:+.1f} to {100 * one.high:+.1f})"


def _interval(found: ModelAgreement) -> str:
    return f"{100 * found.confidence:g} % interval in brackets"


def _saved(found: ModelAgreement) -> str:
    """Sentence on the time that a prediction saves."""
    saved = found.seconds_saved
    if saved is None:
        return "Time saved by seeing a prediction is not known yet: that needs five timed annotations of each."
    said = f"Seeing it saved {saved.value:+.1f} s an image, by the medians ({saved.low:+.1f} to {saved.high:+.1f} s)."
    return said if saved.low > 0 or saved.high < 0 else f"{said} The difference is not significant."


def _corrections(shown: ArmAgreement) -> Html | None:
    """Sentence on the objects that people changed in what they saw."""
    if not shown.images:
        return None
    one = shown.changes
    counts = {"added": one.added, "removed": one.removed, "moved": one.moved, "renamed": one.relabelled}
    said = ", ".join(f"{count} {what}" for what, count in counts.items())
    return paragraph(f"Objects that people changed in predictions they saw: {said}.", quiet=True)
