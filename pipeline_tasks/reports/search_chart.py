"""Chart of one searched setting: the loss of each trial over the value it tried."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_tasks.reports.html import Html, element

WIDTH, HEIGHT = 368, 206
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 12, 40
COLOURS = {"own": "s1", "best": "s2", "ended early": "s9"}


@dataclass(frozen=True)
class TriedValue:
    """One trial in the chart of one setting."""

    says: str
    """For the mouse."""
    value: bool | int | float | str | None
    loss: float
    mark: str
    """`own`, `best`, `ended early` or empty."""


def scatter(key: str, tried: Sequence[TriedValue], *, is_log: bool) -> Html:
    """Draw it; values that are no numbers, and switches, stand side by side."""
    losses = [one.loss for one in tried]
    bottom, top = min(losses), max(losses)
    across = _positions(tried, is_log=is_log)
    pieces = [element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=HEIGHT - BOTTOM, y2=HEIGHT - BOTTOM, class_="axis")]
    for loss, height in ((top, TOP), (bottom, HEIGHT - BOTTOM)):
        pieces.append(element("text", f"{loss:.3g}", x=LEFT - 8, y=height + 4, text_anchor="end", class_="quiet"))
    for one, share in zip(tried, across, strict=True):
        above = (one.loss - bottom) / (top - bottom) if top > bottom else 0.5
        y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * above
        dot = {"cx": _x(share), "cy": round(y, 1), "r": 7 if one.mark in ("own", "best") else 4}
        pieces.append(element("circle", element("title", one.says), class_=COLOURS.get(one.mark, "s0"), **dot))
    for value, share in _ticks(tried, across):
        pieces.append(element("text", value, x=_x(share), y=HEIGHT - 22, text_anchor="middle", class_="quiet"))
    pieces.append(element("text", key, x=WIDTH - RIGHT, y=HEIGHT - 5, text_anchor="end"))
    described = f"{key}: " + "; ".join(one.says for one in tried)
    return element("svg", *pieces, viewBox=f"0 0 {WIDTH} {HEIGHT}", width=WIDTH, role="img", aria_label=described)


def _x(share: float) -> float:
    return round(LEFT + 12 + (WIDTH - LEFT - RIGHT - 24) * share, 1)


def _positions(tried: Sequence[TriedValue], *, is_log: bool) -> list[float]:
    """Share of the width for each value, from 0 to 1."""
    values = [one.value for one in tried]
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(values):
        named = sorted({str(value) for value in values})
        return [named.index(str(value)) / max(len(named) - 1, 1) for value in values]
    placed = [math.log(number) if is_log and number > 0 else float(number) for number in numbers]
    low, high = min(placed), max(placed)
    return [(one - low) / (high - low) if high > low else 0.5 for one in placed]


def _ticks(tried: Sequence[TriedValue], across: Sequence[float]) -> list[tuple[str, float]]:
    """Values to write below: all of a few, else the ends."""
    places = {_text(one.value): share for one, share in zip(tried, across, strict=True)}
    ordered = sorted(places.items(), key=lambda place: place[1])
    return ordered if len(ordered) <= 4 else [ordered[0], ordered[-1]]


def _text(value: bool | int | float | str | None) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
