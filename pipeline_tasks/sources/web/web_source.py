"""A web API or a list of web addresses as a source of images."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.parse import quote

import httpcore

from pipeline_tasks.errors import RejectedFileError, ServiceError, ServiceRefusedError, ServiceUnavailableError, SettingsError
from pipeline_tasks.json_values import Json
from pipeline_tasks.release import RELEASE
from pipeline_tasks.sources.key_pattern import KeyPattern
from pipeline_tasks.sources.left_out import LeftOut, LeftOutFiles
from pipeline_tasks.sources.licences import Licences
from pipeline_tasks.sources.source import FileMetadata, FoundFile
from pipeline_tasks.sources.web import pages
from pipeline_tasks.sources.web.address import Address
from pipeline_tasks.sources.web.fetching import CheckAddress, Fetcher, NotFetchedError, Response, Wanted
from pipeline_tasks.sources.web.host_rules import HostRules
from pipeline_tasks.sources.web.item import Item
from pipeline_tasks.sources.web.pace import Pace
from pipeline_tasks.sources.web.robots import AGENT, Robots
from pipeline_tasks.sources.web.rows import rows_of
from pipeline_tasks.sources.web.settings import KEY, WebSettings
from pipeline_tasks.sources.web.validators import is_other, version_by

MAX_LIST_BYTES = 100_000_000
"""Bytes of a list that is fetched."""
Found = TypeVar("Found")
READ_ONCE = "1"
"""Version of an item whose `fields` name none: it is read once."""


class WebSource:
    """The items of an API's pages or of a list's rows, each an address that `read` asks for.

    A key is the item's id, or its address; a version is what `fields.version` finds, or with `look_again` the ETag or time of
    change at the address. Both are known from the listing, so an item that an earlier cycle has recorded is not read again.
    """

    settings_model = WebSettings

    def __init__(
        self,
        settings: WebSettings,
        home: Path,
        key: str | None = None,
        *,
        pace: Pace | None = None,
        network: httpcore.NetworkBackend | None = None,
    ) -> None:
        """Ask with the key of the settings' connection; a list in a file lies in `home`.

        Raises:
            SettingsError: `key_pattern` is no regular expression, or the connection has no key.
        """
        self.name = settings.name
        self._settings, self._home, self._key = settings, home, key
        if settings.connection is not None and not key:
            raise SettingsError(
                f"source {self.name}: connection {settings.connection}: wanted a password, which is the key; found none"
            )
        self._licences = Licences(settings.licences)
        self._pattern = KeyPattern(settings.name, settings.key_pattern)
        self._rules = HostRules(settings.own_address(), settings.hosts, settings.private_hosts)
        agent = f"{AGENT}/{RELEASE}" + ("" if settings.contact is None else f" ({settings.contact})")
        self._fetcher = Fetcher(self._rules, pace or Pace(settings.requests_per_s), agent, network)
        self._robots = Robots(self._fetcher)
        self._left_out = LeftOutFiles()
        self._items: Mapping[str, Item] = {}
        self.is_whole = settings.is_complete

    @classmethod
    def with_key(cls, settings: WebSettings, home: Path, key: str | None) -> WebSource:
        """Open the source with the key of its connection."""
        return cls(settings, home, key)

    def list_files(self) -> Iterator[FoundFile]:
        """Yield the items page by page, each once.

        Raises:
            ServiceUnavailableError: the API or the list's host does not answer, or fails also after more tries.
            ServiceRefusedError: it refuses, or answers something else than the settings say.
        """
        self._left_out = LeftOutFiles()
        self.is_whole = self._settings.is_complete
        fields, names = self._settings.fields.model_dump(), self._settings.licence_names
        seen: set[int] = set()
        for looked, (where, row) in enumerate(self._without_key(self._rows())):
            if looked == self._settings.max_items:
                self._left_out.add(LeftOut(f"{where} and what follows", "beyond_limit", is_folder=True))
                self.is_whole = False
                return
            found = self._judged(Item.of(row, fields, names), where)
            if isinstance(found, LeftOut):
                self._left_out.add(found)
            elif hash(found.key) not in seen:
                seen.add(hash(found.key))
                looked_at = self._looked_at(found) if self._settings.look_again else found
                if looked_at is not None:
                    yield looked_at

    def _looked_at(self, file: FoundFile) -> FoundFile | None:
        """The file with the version that its host states now; None, and left out tonight, if the host does not answer.

        Of a file that cannot be read at all, `read` says why.
        """
        try:
            headers = self._at(file.key, Item.from_note(file.note or "{}"), self._fetcher.headers)
        except NotFetchedError as error:
            if not error.is_passing:
                return file
            self._left_out.add(LeftOut(file.key, "did_not_answer"))
            self.is_whole = False
            return None
        return replace(file, object_version=version_by(headers) or READ_ONCE)

    def left_out(self) -> LeftOutFiles:
        """Items that the last listing left out."""
        return self._left_out

    def is_at_rest(self, file: FoundFile, now: datetime) -> bool:
        """Return True: what an API names is published."""
        return True

    def take_back(self, notes: Mapping[str, str | None]) -> None:
        """Take back what a listing noted of the files that will be read."""
        self._items = {key: Item.from_note(note) for key, note in notes.items() if note is not None}

    def read(self, key: str, object_version: str) -> bytes:
        """Return what lies at the item's address.

        Raises:
            RejectedFileError: `vanished`, `too_many_bytes`, or `unreadable` with what is wrong; the next night tries again.
        """
        try:
            response = self._at(key, self._items.get(key, Item()), self._fetcher.get)
        except ValueError as error:
            raise RejectedFileError("unreadable", f"{key}: {error}") from error
        except NotFetchedError as error:
            raise RejectedFileError(error.reason, f"{key}: {self._shown(error.detail)}") from error
        if is_other(object_version, response.headers):
            raise RejectedFileError("changed_while_reading", f"{key}: its address has other bytes than when it was listed")
        return response.body

    def _at(self, key: str, item: Item, ask: Callable[[Address, Wanted, CheckAddress | None], Found]) -> Found:
        """Ask at the item's address, as the site's rules allow."""
        wanted = Wanted(self._settings.max_bytes, self._settings.max_s, self._headers())
        address = Address.parse(item.url or key)
        check = self._robots.check if self._settings.robots == "obey" else None
        return ask(address, self._of_origin(address, wanted), check)

    def metadata(self, key: str) -> FileMetadata:
        """Metadata as the item states them; device, clip, site and day else as `key_pattern` reads them off the key."""
        return self._metadata(key, self._items.get(key, Item()))

    def _metadata(self, key: str, item: Item) -> FileMetadata:
        read = self._pattern.metadata(key)
        return FileMetadata(
            device=item.device or read.device,
            clip=item.clip or read.clip,
            site=item.site or read.site,
            day=item.day or read.day,
            captured_at=item.moment,
            licence=item.licence,
            author=item.author,
            # An address beside an id may carry a signature, which is not kept for ever.
            origin_url=item.page or (item.url if item.id is None else None),
        )

    def _judged(self, item: Item, where: str) -> FoundFile | LeftOut:
        """The file that an item names, or the reason to leave it out."""
        called = item.id or item.url or where
        try:
            address = Address.parse(item.url or "")
        except ValueError:
            return LeftOut(called, "no_address")
        if self._rules.why_not(address) is not None:
            return LeftOut(called, "other_host")
        key, allowed = item.id or address.url, self._settings.allow_licences
        if allowed and self._licences.rights(key, self._metadata(key, item)).licence not in allowed:
            return LeftOut(called, "other_licence")
        return FoundFile(key, item.version or READ_ONCE, 0, item.moment, note=item.note)

    def _rows(self) -> Iterator[tuple[str, Json]]:
        """Each row or item of the listing, and where it is."""
        if self._settings.url is not None:
            for page in pages.pages_of(self._settings, self._page):
                yield from ((f"{page.called}, item {number}", item) for number, item in enumerate(page.items, 1))
            return
        with self._list() as file:
            yield from rows_of(file, f"source {self.name}: url_list: {self._settings.url_list}", self._settings.columns())

    def _without_key(self, rows: Iterator[tuple[str, Json]]) -> Iterator[tuple[str, Json]]:
        """The rows; an answer that is quoted in an error may repeat the key, which no log may hold."""
        try:
            yield from rows
        except ServiceError as error:
            raise type(error)(self._shown(str(error))) from None

    def _shown(self, text: str) -> str:
        for written in (self._key, quote(self._key or "", safe="")):
            text = text.replace(written, KEY) if written else text
        return text

    def _page(self, url: str) -> tuple[bytes, Address]:
        address = Address.parse(url.replace(KEY, quote(self._key or "", safe="")))
        response = self._asked(address, Wanted(pages.MAX_BYTES, self._settings.max_s, self._headers()))
        return response.body, response.address

    @contextmanager
    def _list(self) -> Iterator[BinaryIO]:
        if self._settings.is_remote_list():
            wanted = Wanted(MAX_LIST_BYTES, self._settings.max_s, self._headers())
            yield io.BytesIO(self._asked(Address.parse(str(self._settings.url_list)), wanted).body)
            return
        path = self._home / str(self._settings.url_list)
        try:
            file = path.open("rb")
        except OSError as error:
            raise ServiceUnavailableError(f"source {self.name}: url_list: {path} cannot be read: {error.strerror}") from error
        with file:
            yield file

    def _asked(self, address: Address, wanted: Wanted) -> Response:
        """Ask for a page or a list; what forbids that ends the listing."""
        try:
            return self._fetcher.get(address, self._of_origin(address, wanted))
        except NotFetchedError as error:
            kind = ServiceUnavailableError if error.is_passing else ServiceRefusedError
            raise kind(f"source {self.name}: {error.detail}") from error

    def _of_origin(self, address: Address, wanted: Wanted) -> Wanted:
        """The same, with the source's own headers at its own origin only."""
        own = self._settings.own_address()
        is_own = own is not None and address.origin == own.origin
        return wanted if is_own else replace(wanted, own_headers={})

    def _headers(self) -> dict[str, str]:
        return {name: text.replace(KEY, self._key or "") for name, text in self._settings.headers.items()}
