"""HTML page around its content: self-contained, without external addresses or scripts."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline_tasks.reports.html import Child, Html, element
from pipeline_tasks.reports.style import STYLE


def document(title: str, content: Iterable[Child]) -> str:
    """The page's HTML."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Html(STYLE)),
    )
    html = element("html", head, element("body", element("main", *content)), lang="en")
    return f"<!doctype html>\n{html}\n"
