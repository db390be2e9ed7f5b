"""Pages of an API that answers with JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pipeline_tasks.errors import ServiceRefusedError
from pipeline_tasks.json_values import Json
from pipeline_tasks.sources.web.address import Address
from pipeline_tasks.sources.web.item import at_path, text_of
from pipeline_tasks.sources.web.settings import PAGE, WebSettings

MAX_BYTES = 8_000_000
"""Bytes of one page."""
AskForPage = Callable[[str], tuple[bytes, Address]]
"""Template or address of a page → its bytes, and where they came from."""


@dataclass(frozen=True)
class Page:
    """One page of a listing."""

    called: str
    """`page 3`, for messages."""
    items: Sequence[Json]


def pages_of(settings: WebSettings, ask: AskForPage) -> Iterator[Page]:
    """Yield pages until one has no items, names no next one, is the last, or says the same as an earlier one.

    Raises:
        ServiceRefusedError: an answer is no JSON, or has no list where `items` says.
    """
    assert settings.url is not None
    url, page = settings.url, str(settings.first_page)
    seen: set[bytes] = set()
    for number in range(1, settings.max_items + 2):
        body, address = ask(url.replace(PAGE, quote(page, safe="")))
        response = _parsed(settings, body, address)
        items = [] if number > 1 and at_path(response, settings.items) is None else _items(settings, response, address)
        said = _digest(items)
        if not items or said in seen:
            return
        seen.add(said)
        yield Page(f"page {number}", items)
        following = _following(settings, response, page, address)
        if following is None:
            return
        url, page = following if isinstance(following, tuple) else (url, following)


def _following(settings: WebSettings, response: Json, page: str, address: Address) -> str | tuple[str, str] | None:
    """The next page's `{page}`, or its address and an empty one; None after the last."""
    has_page = PAGE in str(settings.url)
    if settings.next_page is not None:
        token = text_of(at_path(response, settings.next_page))
        if token is None or has_page:
            return token
        return _linked(settings, token, address), ""
    if not has_page:
        return None
    if settings.last_page is not None:
        last = text_of(at_path(response, settings.last_page)) or ""
        if last.isdigit() and page.isdigit() and int(page) >= int(last):
            return None
    return str(int(page) + settings.page_step) if page.isdigit() else None


def _linked(settings: WebSettings, link: str, address: Address) -> str:
    """The address of the next page; it must lie at the origin of `url`, because the key is sent along."""
    own = settings.own_address()
    try:
        found = Address.parse(link, address)
    except ValueError as error:
        raise ServiceRefusedError(f"source {settings.name}: next_page: wanted the next page's address, found {error}") from error
    if own is None or found.origin != own.origin:
        raise ServiceRefusedError(
            f"source {settings.name}: next_page: {found.shown} lies at another origin than `url`, which would get its key"
        )
    return found.url


def _parsed(settings: WebSettings, body: bytes, address: Address) -> Json:
    try:
        found: Json = json.loads(body)
    except (ValueError, RecursionError) as error:
        said = body[:80].decode("utf-8", "replace")
        raise ServiceRefusedError(f"source {settings.name}: {address.shown} answers with no JSON ({error}): {said!r}") from error
    return found


def _digest(items: Sequence[Json]) -> bytes:
    """The same for pages of the same items: a page's own number does not make it another one."""
    try:
        return hashlib.sha256(json.dumps(items, sort_keys=True).encode()).digest()
    except RecursionError:
        return b""


def _items(settings: WebSettings, response: Json, address: Address) -> Sequence[Json]:
    found = at_path(response, settings.items)
    if isinstance(found, Sequence) and not isinstance(found, str):
        return found
    said = json.dumps(response, ensure_ascii=False)[:300]
    raise ServiceRefusedError(
        f"source {settings.name}: {address.shown} answers without a list at {settings.items or 'its top'!r}; correct `items`, "
        f"or see what it says: {said}"
    )
