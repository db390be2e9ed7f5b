"""HTML builder: all text is escaped unless it was built here."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

VOID = frozenset({"img", "br", "meta"})


class Html(str):
    """Safe markup; any other string is escaped when it is inserted."""

    __slots__ = ()


Child = str | int | float | None
"""Content of an element: markup, or text and numbers, which are escaped; None adds nothing."""


def element(tag: str, /, *children: Child, **attributes: str | int | float | None) -> Html:
    """One element. `class_` is written `class`, underscores become dashes, an attribute of None is left out."""
    marks = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"' for key, value in attributes.items() if value is not None
    )
    return Html(f"<{tag}{marks}>") if tag in VOID else Html(f"<{tag}{marks}>{together(children)}</{tag}>")


def together(children: Iterable[Child]) -> Html:
    """Join several pieces."""
    return Html("".join(child if isinstance(child, Html) else escape(str(child)) for child in children if child is not None))


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]], numbers_from: int = 1) -> Html:
    """A table; columns from `numbers_from` on are formatted as numbers."""
    kinds = ["text" if column < numbers_from else "number" for column in range(len(headers))]
    head = element("tr", *(element("th", name, class_=kind, scope="col") for name, kind in zip(headers, kinds, strict=True)))
    body = [element("tr", *(element("td", cell, class_=kind) for cell, kind in zip(row, kinds, strict=True))) for row in rows]
    return element("div", element("table", element("thead", head), element("tbody", *body)), class_="scrolling")


def paragraph(*children: Child, quiet: bool = False) -> Html:
    """A paragraph; a quiet one is less prominent."""
    return element("p", *children, class_="quiet" if quiet else None)


def image(jpeg: bytes | None, description: str) -> Html:
    """An embedded thumbnail, or a note if there is none."""
    if jpeg is None:
        return element("div", "no thumbnail", class_="no-image")
    return element("img", src=address_of(jpeg), alt=description)


def address_of(jpeg: bytes) -> str:
    """The thumbnail itself as an address."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def card(shown: Html, title: str, *lines: Child, mark: str | None = None, href: str | None = None) -> Html:
    """A thumbnail, linked to `href`, with a title and lines below it; `mark` colours it."""
    said = [element("div", line, class_="line") for line in lines if line is not None]
    caption = element("figcaption", element("strong", title), *said)
    linked = shown if href is None else link(shown, href)
    return element("figure", linked, caption, class_=f"card {mark or ''}".strip())


def link(content: Child, href: str, title: str | None = None) -> Html:
    """A link to a page beside the report. It opens in place: in Airflow's tab of a run no window of its own would open."""
    return element("a", content, href=href, title=title)


def outside_link(content: Child, href: str) -> Html:
    """A link to another service, which would not open in place inside Airflow's tab."""
    return element("a", content, href=href, target="_blank", rel="noopener")


def cards(pieces: Sequence[Html], total: int, what: str, *, is_wide: bool = False) -> Html:
    """Cards side by side, with a note on those that are left out; wide ones leave room for a drawing."""
    more = total - len(pieces)
    rest = paragraph(f"and {more} more {what}", quiet=True) if more > 0 else None
    return together([element("div", *pieces, class_="cards wide" if is_wide else "cards"), rest])


def ratio(value: float | None) -> str:
    """A share as per cent with one decimal."""
    return "–" if value is None else f"{100 * value:.1f} %"


def short(digest: str) -> str:
    """First digits of a digest, enough to find it."""
    return digest[:10]
