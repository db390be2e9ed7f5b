"""Images on which annotators disagree, or one contradicts themselves, with links to the labeling tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.records.disagreement import Disagreement, ShownAnnotation
from pipeline_tasks.reports.html import Html, cards, element, link, paragraph, together
from pipeline_tasks.reports.image_cards import image_card

if TYPE_CHECKING:
    from pipeline_tasks.reports.cycle_data import CycleData

MOST_CARDS = 24


def section(data: CycleData) -> Html | None:
    """Cards of these images; None without any."""
    found = data.disagreements
    if not found:
        return None
    alone = sum(one.is_contradiction for one in found)
    said = f"Annotators disagree on {_images(len(found) - alone)}"
    said += f"; on {_images(alone)} one annotator contradicts themselves" if alone else ""
    shown = [_card(data, one) for one in found[:MOST_CARDS]]
    return together([element("h3", "Disagreements"), paragraph(f"{said}."), cards(shown, len(found), "images")])


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"


def _card(data: CycleData, one: Disagreement) -> Html:
    title = "one person" if one.is_contradiction else ""
    return image_card(data, one.image_id, *(_line(given) for given in one.annotations), title=title, mark="wrong")


def _line(one: ShownAnnotation) -> Html:
    words = f"{one.words}{' ★' if one.is_starred else ''}"
    return together([f"{one.annotator_id}: ", words if one.url is None else link(words, one.url)])
