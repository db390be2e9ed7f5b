"""Charts of the control arm: scores of both arms over labels, and their difference with its interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor

from pipeline_tasks.reports.charts import WIDTH
from pipeline_tasks.reports.cycle_data import GainPoint
from pipeline_tasks.reports.html import Html, element, ratio, together

HEIGHT = 230
LEFT, RIGHT, TOP, BOTTOM = 64.0, WIDTH - 24.0, 14.0, 196.0
ARMS = (("chosen", "selected", -3), ("drawn", "drawn at random", 3))
"""Field, name, and horizontal offset of the arm, so that whiskers do not overlap."""


def arms_curve(points: Sequence[GainPoint]) -> Html:
    """Chart of both heads' score over the number of labels; whiskers are intervals."""
    bounds = [bound for one in points for arm, _, _ in ARMS for bound in _score(one, arm)]
    low, high = max(0.0, floor(10 * min(bounds)) / 10), min(1.0, ceil(10 * max(bounds)) / 10)
    y = _scale(low, high)
    pieces = [_grid(y, tick, f"{tick:.0%}") for tick in _ticks(low, high, 0.1)]
    places = [_across(one, points) for one in points]
    for arm, name, aside in ARMS:
        marks = [(x + aside, one, _score(one, arm)) for x, one in zip(places, points, strict=True)]
        pieces.append(_line([(x, y(found[0])) for x, _, found in marks], arm))
        pieces += [_mark(x, y, found, arm, f"{one.cycle_id}, {name}: {ratio(found[0])}") for x, one, found in marks]
    pieces += _labels(points, places, lambda one: str(_labels_of(one)), "labels of each arm")
    pieces += _legend()
    said = "; ".join(f"{one.cycle_id}: {ratio(one.found.chosen[0])} against {ratio(one.found.drawn[0])}" for one in points)
    return _svg(pieces, said)


def difference_curve(points: Sequence[GainPoint]) -> Html:
    """Chart of the arms' difference in points, by night, around the line of chance."""
    found = [[100 * bound for bound in one.found.difference] for one in points]
    most = 10 * ceil(max(5.0, max(abs(bound) for one in found for bound in one)) / 10)
    y = _scale(-most, most)
    pieces = [_grid(y, tick, f"{tick:+.0f}") for tick in (-most, -most / 2, most / 2, most)]
    pieces += [_grid(y, 0, "chance", class_="zero")]
    span = (RIGHT - LEFT) / max(1, len(points))
    places = [LEFT + span * (number + 0.5) for number in range(len(points))]
    pieces.append(_line([(x, y(one[0])) for x, one in zip(places, found, strict=True)], "chosen"))
    for x, one, bounds in zip(places, points, found, strict=True):
        hint = f"{one.cycle_id}: {bounds[0]:+.1f} points, {bounds[1]:+.1f} to {bounds[2]:+.1f}"
        pieces.append(_mark(x, y, bounds, "chosen", hint))
    pieces += _labels(points, places, lambda one: one.cycle_id[5:10], "cycle")
    said = "; ".join(f"{one.cycle_id}: {bounds[0]:+.1f} points" for one, bounds in zip(points, found, strict=True))
    return _svg(pieces, said)


def _score(one: GainPoint, arm: str) -> list[float]:
    return one.found.chosen if arm == "chosen" else one.found.drawn


def _labels_of(one: GainPoint) -> int:
    return one.found.labels


def _across(one: GainPoint, points: Sequence[GainPoint]) -> float:
    """Horizontal position of a number of labels, from 0 at the left."""
    most = max(_labels_of(each) for each in points) or 1
    return LEFT + 8 + (RIGHT - LEFT - 24) * _labels_of(one) / most


def _scale(low: float, high: float) -> Callable[[float], float]:
    """Function from a value to a height."""
    span = (high - low) or 1

    def height_of(value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (min(max(value, low), high) - low) / span, 1)

    return height_of


def _ticks(low: float, high: float, step: float) -> list[float]:
    count = round((high - low) / step)
    every = 1 if count <= 5 else 2
    return [low + step * number for number in range(0, count + 1, every)]


def _grid(y: Callable[[float], float], value: float, name: str, class_: str = "axis") -> Html:
    height = y(value)
    label = element("text", name, x=LEFT - 8, y=height + 4, text_anchor="end", class_="quiet")
    return together([element("line", x1=LEFT, x2=RIGHT, y1=height, y2=height, class_=class_), label])


def _line(places: Sequence[tuple[float, float]], arm: str) -> Html:
    return element("polyline", points=" ".join(f"{round(x, 1)},{y}" for x, y in places), class_=f"path {arm}")


def _mark(x: float, y: Callable[[float], float], found: Sequence[float], arm: str, hint: str) -> Html:
    """A value with its whisker."""
    at = round(x, 1)
    whisker = element("line", x1=at, x2=at, y1=y(found[1]), y2=y(found[2]), class_=f"whisker {arm}")
    return together([whisker, element("circle", element("title", hint), cx=at, cy=y(found[0]), r=4.5, class_=f"dot {arm}")])


def _labels(points: Sequence[GainPoint], places: Sequence[float], say: Callable[[GainPoint], str], across: str) -> list[Html]:
    """Labels below the axis; some are left out if marks are close."""
    said: list[Html] = []
    free_from = LEFT
    for one, x in zip(points, places, strict=True):
        if x >= free_from:
            said.append(element("text", say(one), x=round(x, 1), y=BOTTOM + 18, text_anchor="middle", class_="quiet"))
            free_from = x + 48
    return [*said, element("text", across, x=RIGHT, y=HEIGHT - 2, text_anchor="end", class_="quiet")]


def _legend() -> list[Html]:
    pieces: list[Html] = []
    for number, (arm, name, _) in enumerate(ARMS):
        x = LEFT + 8 + 110 * number
        pieces += [element("circle", cx=x, cy=HEIGHT - 6, r=5, class_=f"dot {arm}"), element("text", name, x=x + 10, y=HEIGHT - 2)]
    return pieces


def _svg(pieces: Sequence[Html], description: str) -> Html:
    return element("svg", *pieces, viewBox=f"0 0 {WIDTH} {HEIGHT + 4}", role="img", aria_label=description, width=WIDTH)
