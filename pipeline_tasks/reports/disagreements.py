"""Images on which annotators disagree, or one contradicts themselves, with links to the labeling tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.records.disagreement import Disagreement, ShownAnnotation
from pipeline_tasks.reports.html import Html, cards, element, outside_link, paragraph, together
from pipeline_tasks.reports.image_cards import image_card

if TYPE_CHECKING:
    from pipeline_tasks.reports.cycle_data import CycleData

MOST_CARDS = 24
LINKS = (
    "Each answer is a link to its task in Label Studio. Inside Airflow's tab of the run these links do not open: use the button "
    "“Cycle report” of the task write_cycle_report, which opens this report in a window of its own."
)


def section(data: CycleData) -> Html | None:
    """Cards of these images; None without any."""
    found = data.disagreements
    if not found:
        return None
    alone = sum(one.is_contradiction for one in found)
    limit = data.kind.labeling.agreement_measure.of_disagreements
    said = f"Annotators disagree on {_images(len(found) - alone)}{limit}"
    said += f"; on {_images(alone)} one annotator contradicts themselves" if alone else ""
    shown = [_card(data, one) for one in found[:MOST_CARDS]]
    note = paragraph(LINKS, quiet=True) if any(given.url for one in found for given in one.annotations) else None
    return together([element("h3", "Disagreements"), paragraph(f"{said}."), note, cards(shown, len(found), "images")])


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"


def _card(data: CycleData, one: Disagreement) -> Html:
    title = "one person" if one.is_contradiction else ""
    return image_card(data, one.image_id, *(_line(given) for given in one.annotations), title=title, mark="wrong")


def _line(one: ShownAnnotation) -> Html:
    words = f"{one.words}{' ★' if one.is_starred else ''}"
    return together([f"{one.annotator_id}: ", words if one.url is None else outside_link(words, one.url)])
