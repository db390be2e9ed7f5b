"""Figures of the gate's rules as people read them."""

from __future__ import annotations


def figure_words(value: float | None, unit: str, *, is_difference: bool = False) -> str:
    """A figure with its unit; shares in points, differences with their sign."""
    if value is None:
        return "–"
    if unit == "points":
        return f"{100 * value:+.1f} points" if is_difference else f"{round(100 * value, 2):g} points"
    return f"{value:.4g} {unit}".rstrip()
