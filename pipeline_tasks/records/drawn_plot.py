"""A plot of the cycle's candidate as the report shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DrawnPlot:
    """SVG with a sentence about it."""

    name: str
    svg: str
    note: str
