"""Images on which annotators disagree, or one contradicts herself, with links to the labeling tasks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline_tasks.reports.html import Html, card, cards, element, paragraph, short, together

MOST_CARDS = 24


@dataclass(frozen=True)
class Said:
    """One person's answer to one labeling task."""

    annotator_id: str
    words: str
    is_starred: bool
    url: str | None
    """Address of the task in Label Studio."""


@dataclass(frozen=True)
class Disagreement:
    """All answers on an image that are not all the same."""

    image_id: str
    answers: tuple[Said, ...]

    @property
    def is_contradiction(self) -> bool:
        """Return True if one person alone gave all the answers."""
        return len({one.annotator_id for one in self.answers}) == 1


def section(found: tuple[Disagreement, ...], thumbnail: Callable[[str], bytes | None]) -> Html | None:
    """Cards of these images; None without any."""
    if not found:
        return None
    alone = sum(one.is_contradiction for one in found)
    said = f"People do not agree on {len(found) - alone} images"
    said += f"; on {alone} images one person contradicts herself, which is no agreement between people" if alone else ""
    shown = [_card(one, thumbnail) for one in found[:MOST_CARDS]]
    return together([element("h3", "Disagreements"), paragraph(f"{said}."), cards(shown, len(found), "images")])


def _card(one: Disagreement, thumbnail: Callable[[str], bytes | None]) -> Html:
    title = f"{short(one.image_id)}{' · one person' if one.is_contradiction else ''}"
    return card(thumbnail(one.image_id), title, *(_line(answer) for answer in one.answers), mark="wrong")


def _line(one: Said) -> Html:
    words = f"{one.words}{' ★' if one.is_starred else ''}"
    linked = words if one.url is None else element("a", words, href=one.url, target="_blank", rel="noopener")
    return together([f"{one.annotator_id}: ", linked])
