"""Thumbnails with the objects of labels and predictions over them, as SVG."""

from __future__ import annotations

from pipeline_tasks.kinds.reporting import Drawing, Shape
from pipeline_tasks.reports.html import Html, address_of, element


def drawn(jpeg: bytes | None, description: str, drawing: Drawing) -> Html:
    """A thumbnail at the size of its image, with each object; predictions lie over labels, marked objects over both."""
    width, height = _number(drawing.width_px), _number(drawing.height_px)
    below = (
        None if jpeg is None else element("image", href=address_of(jpeg), width=width, height=height, preserveAspectRatio="none")
    )
    ordered = sorted(drawing.shapes, key=lambda one: (one.is_marked, one.origin == "prediction"))
    said = "; ".join(f"{one.origin} {one.says}" for one in drawing.shapes)
    return element(
        "svg",
        element("title", description),
        below,
        *(_shape(one) for one in ordered),
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=f"{description}: {said}" if said else description,
        class_="drawing",
    )


def _shape(one: Shape) -> Html:
    marks = (" marked" if one.is_marked else "") + (" filled" if one.is_filled else "")
    lines = " ".join(_line(outline) for outline in one.outlines_px)
    return element(
        "path", element("title", f"{one.origin}: {one.says}"), d=lines, fill_rule="evenodd", class_=f"shape {one.origin}{marks}"
    )


def _line(points_px: tuple[float, ...]) -> str:
    corners = zip(points_px[::2], points_px[1::2], strict=True)
    # A line between two points is not closed: the way back would fill the gaps of its dashes.
    return "M" + " L".join(f"{_number(x)} {_number(y)}" for x, y in corners) + (" Z" if len(points_px) > 4 else "")


def _number(value: float) -> str:
    """A coordinate to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")
