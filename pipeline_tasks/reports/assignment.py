"""Part of the section on annotations: who was asked by name, and answers by people who were not."""

from __future__ import annotations

from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
from pipeline_tasks.records.send_to_labeling import SendToLabelingSummary
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, element, outside_link, paragraph, table, together


def section(data: CycleData) -> Html | None:
    """Tasks of each person with the address of their tab; None where the project has no rules."""
    return together([_asked(data), _misdirected(data)]) or None


def _asked(data: CycleData) -> Html | None:
    sent = data.records.find(SendToLabelingSummary)
    if sent is None or not (sent.assigned or sent.tasks_for_anyone):
        return None
    rows = [(_tab(who, sent), count) for who, count in sent.assigned.items()]
    rows += [("anyone", sent.tasks_for_anyone)] if sent.tasks_for_anyone else []
    return table(("asked, with the tab of their open tasks", "tasks of this round"), rows)


def _tab(who: str, sent: SendToLabelingSummary) -> Html | str:
    return outside_link(who, sent.person_tabs[who]) if who in sent.person_tabs else who


def _misdirected(data: CycleData) -> Html | None:
    found = data.records.find(CollectAnnotationsSummary)
    if found is None or not (found.annotations_by_another or found.annotations_twice):
        return None
    counts = {
        "by another person than the one who was asked": found.annotations_by_another,
        "of a second copy by a person who had answered one": found.annotations_twice,
    }
    said = "; ".join(f"{count} {what}" for what, count in counts.items() if count)
    remedy = "Those without a vote are asked once more in the next round (labeling.assignment.misdirected)."
    return element("div", paragraph(f"Answers that did not go as they were sent: {said}. {remedy}"), class_="decision warn")
