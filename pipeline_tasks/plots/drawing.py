"""Plots drawn by Matplotlib: as SVG in the report's own colours, and as PNG for the trackers.

Matplotlib is imported here alone, and late, because it takes a second. The same plot always gives the same bytes.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from pipeline_tasks.kinds.plots import MOST_LINES, GridPlot, LinePlot, Plot

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Palette:
    """Colours of a plot."""

    ink: str
    grid: str
    quiet: str
    series: tuple[str, ...]
    """One a line, in their order."""


ON_WHITE = Palette(
    "#1c2430", "#e3e7ee", "#667085", ("#2f6fde", "#e0852b", "#1a8f5a", "#9254c8", "#c53b3b", "#3aa6b9", "#8a8f3c", "#b04a86")
)
"""The report's colours in light."""
PLACEHOLDERS = Palette("#010101", "#020202", "#030303", tuple(f"#04040{number}" for number in range(MOST_LINES)))
"""Colours that stand for those of the page, which differ in light and dark."""
IN_PAGE = {PLACEHOLDERS.ink: "var(--ink)", PLACEHOLDERS.grid: "var(--line)", PLACEHOLDERS.quiet: "var(--quiet)"} | {
    one: f"var(--s{number})" for number, one in enumerate(PLACEHOLDERS.series)
}
FONT = "DejaVu Sans"
"""Matplotlib's own font: none is searched for or fetched."""
SIZE_INCHES = (5.6, 3.6)
DPI_PNG = 120
MOST_NAMES_WITH_COUNTS, MOST_LETTERS = 20, 32
_LEFT_OUT = re.compile(
    r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|<defs>\s*<style.*?</style>\s*</defs>| xmlns(:xlink)?=\"[^\"]*\"",
    re.DOTALL,
)


def as_svg(plot: Plot) -> str:
    """SVG to stand in the report, in the colours of the page, light or dark, and in its font; nothing outside is named."""
    with _settings(PLACEHOLDERS):
        figure = _figure(plot, PLACEHOLDERS)
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    drawn = _LEFT_OUT.sub("", written.getvalue()).strip()
    drawn = re.sub(r"<[^>]*>", lambda tag: _tag_in_page(tag.group(), plot.name), drawn)
    return drawn.replace("<svg ", f'<svg role="img" aria-label="{escape(plot.title)}" ', 1)


def _tag_in_page(tag: str, name: str) -> str:
    """A tag in the page's colours and font; names of parts are the plot's own, since several plots stand in one page."""
    for colour, of_page in IN_PAGE.items():
        tag = tag.replace(colour, of_page)
    tag = re.sub(r'\bid="', f'id="{name}-', tag.replace(f"'{FONT}'", "system-ui"))
    return re.sub(r'(url\(|href=")#', rf"\g<1>#{name}-", tag)


def as_png(plot: Plot) -> bytes:
    """PNG on white."""
    with _settings(ON_WHITE):
        figure = _figure(plot, ON_WHITE)
        written = io.BytesIO()
        figure.savefig(written, format="png", dpi=DPI_PNG, facecolor="white", metadata={"Software": None})
    return written.getvalue()


@contextmanager
def _settings(palette: Palette) -> Iterator[None]:
    """Matplotlib's settings for a plot in these colours."""
    import matplotlib as mpl

    with mpl.rc_context(_parameters(palette)), warnings.catch_warnings():
        # A name in letters that the font lacks is drawn as boxes in PNG; the page's fonts have them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def _parameters(palette: Palette) -> Any:
    return {
        # A dollar sign in a name is a dollar sign.
        "text.parse_math": False,
        "backend": "Agg",
        "font.family": FONT,
        "font.size": 9,
        "svg.fonttype": "none",
        "svg.hashsalt": "nightlens",
        "text.color": palette.ink,
        "axes.labelcolor": palette.ink,
        "axes.edgecolor": palette.quiet,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "grid.color": palette.grid,
        "xtick.color": palette.quiet,
        "ytick.color": palette.quiet,
        "legend.frameon": False,
    }


def _figure(plot: Plot, palette: Palette) -> Figure:
    # Without pyplot, which would keep each figure in memory.
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(plot.title, loc="left", fontsize=11)
    axes.set_xlabel(plot.across)
    axes.set_ylabel(plot.up)
    if isinstance(plot, GridPlot):
        _draw_grid(axes, plot, palette)
    else:
        _draw_lines(axes, plot, palette)
    return figure


def _draw_lines(axes: Any, plot: LinePlot, palette: Palette) -> None:
    if plot.has_diagonal:
        axes.plot((0, 1), (0, 1), color=palette.quiet, linestyle=(0, (4, 4)), linewidth=1)
    for number, one in enumerate(plot.lines):
        points = _with_start(plot, one.points)
        x, y = [x for x, _ in points], [y for _, y in points]
        colour, style = palette.series[number % len(palette.series)], "steps-pre" if plot.is_in_steps else "default"
        is_short = len(one.points) < 3
        axes.plot(
            x,
            y,
            color=colour,
            drawstyle=style,
            linewidth=1.6,
            label=_shown(one.name),
            marker="o" if is_short else None,
            markersize=4,
        )
        if one.sizes:
            most = max(one.sizes)
            axes.scatter(x, y, [10 + 80 * size / most for size in one.sizes], color=colour, zorder=3)
    if plot.is_of_shares:
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.04)
    else:
        axes.xaxis.get_major_locator().set_params(integer=True)
    if len(plot.lines) > 1 or plot.is_in_steps:
        axes.legend(loc="lower left" if plot.is_in_steps else "upper right", fontsize=8)


def _with_start(plot: LinePlot, points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    """A line in steps begins at 0, at the height of its first step."""
    return ((0.0, points[0][1]), *points) if plot.is_in_steps and points else points


def _draw_grid(axes: Any, plot: GridPlot, palette: Palette) -> None:
    from matplotlib.patches import Rectangle

    axes.grid(visible=False)
    totals = {row: sum(plot.counts.get((row, one), 0) for one in plot.names) or 1 for row in plot.names}
    for down, row in enumerate(plot.names):
        for right, column in enumerate(plot.names):
            count = plot.counts.get((row, column), 0)
            share = 0.75 * count / totals[row]
            axes.add_patch(Rectangle((right - 0.5, down - 0.5), 1, 1, facecolor=palette.series[0], alpha=share, linewidth=0))
            if count and len(plot.names) <= MOST_NAMES_WITH_COUNTS:
                axes.text(right, down, f"{count}", ha="center", va="center", fontsize=8)
    places, names = range(len(plot.names)), [_shown(one) for one in plot.names]
    axes.set_xticks(places, names, rotation=45, ha="right")
    axes.set_yticks(places, names)
    axes.set_xlim(-0.5, len(plot.names) - 0.5)
    axes.set_ylim(len(plot.names) - 0.5, -0.5)


def _shown(name: str) -> str:
    """A name that fits; Matplotlib leaves names that begin with an underscore out of legends."""
    cut = name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"
    return f" {cut}" if cut.startswith("_") else cut
