"""Charts as inline SVG: bars, stacked bars, a curve with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline_tasks.reports.html import Html, element, ratio

WIDTH = 760
LABEL_WIDTH = 210
LABEL_LETTERS = 28
"""Letters of a row's name that fit left of its bar."""
ROW = 28
COLOURS = 12


@dataclass(frozen=True)
class Figure:
    """A value with its interval; bounds of None draw none."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""


def bars(rows: Sequence[tuple[str, int, str]]) -> Html:
    """Horizontal bars for counts, each with its name and a note; the longest fills the width."""
    longest = max((count for _, count, _ in rows), default=0) or 1
    pieces: list[Html] = []
    for number, (name, count, note) in enumerate(rows):
        length = (WIDTH - LABEL_WIDTH - 250) * count / longest
        pieces += [
            _label(name, number),
            element("rect", x=LABEL_WIDTH, y=number * ROW + 4, width=round(max(length, 2), 1), height=ROW - 10, rx=4, class_="bar"),
            _text(f"{count:,} · {note}" if note else f"{count:,}", LABEL_WIDTH + length + 8, number),
        ]
    return _svg(pieces, len(rows) * ROW, "; ".join(f"{name}: {count}" for name, count, _ in rows))


def intervals(figures: Sequence[Figure]) -> Html:
    """Horizontal bars with whiskers for shares from 0 to 1."""
    pieces: list[Html] = []
    span = WIDTH - LABEL_WIDTH - 190
    for number, one in enumerate(figures):
        top, middle = number * ROW + 5, number * ROW + ROW / 2 - 1
        pieces += [
            _label(one.name, number),
            element("rect", x=LABEL_WIDTH, y=top, width=span, height=ROW - 12, rx=3, class_="track"),
            element("rect", x=LABEL_WIDTH, y=top, width=round(span * _share(one.value), 1), height=ROW - 12, rx=3, class_="bar"),
            _text(f"{ratio(one.value)} {one.note}".rstrip(), LABEL_WIDTH + span + 8, number),
        ]
        if one.low is not None and one.high is not None:
            left, right = (round(LABEL_WIDTH + span * _share(bound), 1) for bound in (one.low, one.high))
            pieces.append(element("line", x1=left, x2=right, y1=middle, y2=middle, class_="whisker"))
            pieces += [element("line", x1=x, x2=x, y1=middle - 5, y2=middle + 5, class_="whisker") for x in (left, right)]
    return _svg(pieces, len(figures) * ROW, "; ".join(f"{one.name}: {ratio(one.value)}" for one in figures))


def stacked(rows: Mapping[str, Mapping[str, int]], names: Sequence[str], totals: Mapping[str, int] | None = None) -> Html:
    """Stacked bars for counts by row and name, each row scaled to its sum, with a legend.

    `totals` are written beside the rows, where what is counted has several names; otherwise their sums.
    """
    pieces: list[Html] = []
    for number, (row, counts) in enumerate(rows.items()):
        total, left = sum(counts.values()) or 1, float(LABEL_WIDTH)
        written = sum(counts.values()) if totals is None else totals.get(row, 0)
        pieces.append(_label(f"{row} ({written:,})", number))
        for colour, name in enumerate(names):
            width = (WIDTH - LABEL_WIDTH - 10) * counts.get(name, 0) / total
            hint = element("title", f"{name}: {counts.get(name, 0)}")
            place = {"x": round(left, 1), "y": number * ROW + 4, "width": round(width, 1), "height": ROW - 10}
            pieces.append(element("rect", hint, class_=f"s{colour % COLOURS}", **place))
            left += width
    legend, x, line = [], float(LABEL_WIDTH), len(rows)
    for colour, name in enumerate(names):
        wide = 30 + 7.5 * len(name)
        if x + wide > WIDTH:
            x, line = float(LABEL_WIDTH), line + 1
        legend += [element("circle", cx=x + 6, cy=line * ROW + 13, r=5, class_=f"s{colour % COLOURS}"), _text(name, x + 16, line)]
        x += wide
    return _svg(pieces + legend, (line + 1) * ROW, "; ".join(f"{row}: {dict(counts)}" for row, counts in rows.items()))


def curve(points: Sequence[tuple[float, Figure]], across: str) -> Html:
    """Curve of shares over a count, with whiskers, on a scale from 0 to 1; `across` names the horizontal axis."""
    height, left, right = 240, 60, WIDTH - 30
    most = max((x for x, _ in points), default=0) or 1

    def position_of(x: float, y: float) -> tuple[float, float]:
        return round(left + (right - left) * x / most, 1), round(height - 30 - (height - 50) * _share(y), 1)

    pieces: list[Html] = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        _, y = position_of(0, tick)
        pieces.append(element("line", x1=left, x2=right, y1=y, y2=y, class_="axis"))
        pieces.append(element("text", f"{tick:.0%}", x=left - 8, y=y + 4, text_anchor="end", class_="quiet"))
    places = [position_of(x, one.value) for x, one in points]
    if len(places) > 1:
        pieces.append(element("polyline", points=" ".join(f"{x},{y}" for x, y in places), class_="path"))
    for (x, one), (at, y) in zip(points, places, strict=True):
        if one.low is not None and one.high is not None:
            pieces.append(
                element("line", x1=at, x2=at, y1=position_of(x, one.low)[1], y2=position_of(x, one.high)[1], class_="whisker")
            )
        pieces.append(element("circle", element("title", f"{one.name}: {ratio(one.value)}"), cx=at, cy=y, r=5, class_="dot"))
        pieces.append(element("text", f"{x:g}", x=at, y=height - 12, text_anchor="middle", class_="quiet"))
    pieces.append(element("text", across, x=right, y=height + 4, text_anchor="end", class_="quiet"))
    return _svg(pieces, height + 10, "; ".join(f"{one.name}: {ratio(one.value)} at {x:g}" for x, one in points))


def _label(name: str, row: int) -> Html:
    """Name of a row, left of its bar; a longer one than fits is cut, with the whole one at the mouse."""
    whole, shown = (None, name) if len(name) <= LABEL_LETTERS else (element("title", name), f"{name[: LABEL_LETTERS - 1]}…")
    return element("text", whole, shown, x=LABEL_WIDTH - 10, y=row * ROW + 18, text_anchor="end")


def _text(text: str, x: float, row: int) -> Html:
    return element("text", text, x=round(x, 1), y=row * ROW + 18, text_anchor="start")


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _svg(pieces: Sequence[Html], height: float, description: str) -> Html:
    return element("svg", *pieces, viewBox=f"0 0 {WIDTH} {round(height)}", role="img", aria_label=description, width=WIDTH)
