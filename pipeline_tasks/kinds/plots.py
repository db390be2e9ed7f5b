"""Data of plots of a model on test images; `pipeline_tasks/plots` draws them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from pipeline_tasks.kinds.ranking import Flags, precision_recall, reliability
from pipeline_tasks.kinds.scoring import Floats

Point = tuple[float, float]
MOST_LINES = 8
"""Lines of one plot that can still be told apart."""


@dataclass(frozen=True)
class Line:
    """A line through points, with its name in the legend."""

    name: str
    points: tuple[Point, ...]
    sizes: tuple[int, ...] = ()
    """Number of images or objects behind each point; empty if it is not shown."""


@dataclass(frozen=True)
class LinePlot:
    """Lines over common axes."""

    name: str
    """Name of its file."""
    title: str
    across: str
    up: str
    lines: tuple[Line, ...]
    note: str = ""
    is_of_shares: bool = True
    """Both axes go from 0 to 1."""
    has_diagonal: bool = False
    is_in_steps: bool = False


@dataclass(frozen=True)
class GridPlot:
    """Counts by two names; a cell is the darker, the larger its share of the row."""

    name: str
    title: str
    across: str
    up: str
    names: tuple[str, ...]
    counts: Mapping[tuple[str, str], int]
    note: str = ""


Plot = LinePlot | GridPlot


@runtime_checkable
class PlotMaker(Protocol):
    """Scoring of a kind that has plots; the report and the trackers show none of other kinds."""

    def plots(self, matches: Any) -> Sequence[Plot]:
        """Plots of one model on its test images; one without data is left out."""
        ...


def precision_recall_plot(lines: Sequence[Line], areas: Sequence[float], *, note: str = "") -> list[LinePlot]:
    """Precision over recall of each name with its area; of many, the lowest areas. Empty without lines."""
    order = sorted(range(len(lines)), key=lambda one: (areas[one], lines[one].name))[:MOST_LINES]
    shown = tuple(Line(f"{lines[one].name} ({areas[one]:.2f})", lines[one].points) for one in order)
    rest = f"The {MOST_LINES} lowest of {len(lines)}. " if len(lines) > MOST_LINES else ""
    about = f"{rest}{note}".strip()
    plot = LinePlot("precision_recall", "Precision and recall", "recall", "precision", shown, about, is_in_steps=True)
    return [plot] if shown else []


def named_precision_recall(name: str, is_true: Flags, scores: Floats) -> Line:
    """Precision over recall of one name, from the surest prediction on."""
    recall, precision = precision_recall(is_true, scores)
    return Line(name, tuple(zip(recall.tolist(), precision.tolist(), strict=True)))


def reliability_plot(is_right: Flags, confidences: Floats, up: str, *, note: str = "") -> list[LinePlot]:
    """Share of right ones over the mean confidence, in bins (DeGroot, Fienberg, The Statistician 32, 1983). Empty without data."""
    confidence, share, counts = reliability(is_right, confidences)
    points = tuple(zip(confidence.tolist(), share.tolist(), strict=True))
    line = Line("model", points, tuple(int(one) for one in counts))
    return [LinePlot("calibration", "Calibration", "confidence", up, (line,), note, has_diagonal=True)] if points else []
