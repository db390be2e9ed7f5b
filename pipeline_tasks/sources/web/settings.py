"""Settings of a source of kind `web`."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, model_validator

from pipeline_tasks.settings.section import Settings
from pipeline_tasks.sources.key_pattern import KeyedSettings
from pipeline_tasks.sources.web.address import Address
from pipeline_tasks.sources.web.item import METADATA, named_paths

KEY = "{key}"
"""Stands in `url` and `headers` for the key of the connection."""
PAGE = "{page}"
"""Stands in `url` for the number or the token of a page."""


class WebFields(Settings):
    """Places in an item where the source finds what it must know.

    Each is a path (`owner.name`, `images.0.url`), or a text with paths in braces: `https://img.example.com/{id}_b.jpg`.
    """

    url: str = Field("url", description="The image's address.")
    id: str | None = Field(None, description="What stays the same when the address changes; null: the address itself.")
    version: str | None = Field(None, description="What changes when the image does; null: an image that was read once is known.")
    licence: str | None = Field(None, description="The licence.")
    author: str | None = Field(None, description="Who must be named.")
    page: str | None = Field(None, description="Address of the page that shows the image and its licence.")
    captured_at: str | None = Field(None, description="Time of the image: ISO text (UTC without a zone), or seconds since 1970.")
    device: str | None = Field(None, description="The device.")
    clip: str | None = Field(None, description="The clip or sequence.")
    site: str | None = Field(None, description="The site.")
    day: str | None = Field(None, description="The day.")


class WebSettings(KeyedSettings):
    """Settings of a source of kind `web`: an API that answers in pages of JSON (`url`), or a list of addresses (`url_list`)."""

    kind: Literal["web"]
    url: str | None = Field(
        None, description="Address that answers with JSON; `{page}` stands for the page, `{key}` for the connection's key."
    )
    url_list: str | None = Field(
        None, description="A CSV file with a header, or a file of JSON lines: a path, relative to NIGHTLENS_HOME, or an address."
    )
    connection: str | None = Field(None, description="Id of an HTTP connection in Airflow; its password is the key.")
    headers: dict[str, str] = Field({}, description="Headers for the host of `url` only, such as `Authorization: Bearer {key}`.")
    items: str = Field("", description="Path to the list of items in an answer; empty: the answer is the list.")
    next_page: str | None = Field(None, description="Path to the next page's token, or to its address if `url` has no `{page}`.")
    first_page: int | str = Field(1, description="`{page}` of the first page; empty where the first page has no token.")
    page_step: int = Field(1, ge=1, description="Added to `{page}` from page to page, if `next_page` is null.")
    last_page: str | None = Field(None, description="Path to the number of pages; null: the first page without items ends.")
    max_items: int = Field(
        10_000, ge=1, description="Maximum number of items that one night lists; the report says if there are more."
    )
    fields: WebFields = Field(WebFields(), description="Places in an item, or columns of the list; the next table tells them.")
    licence_names: dict[str, str] = Field({}, description="Licence as the API writes it → its name: `'4': CC BY 2.0`.")
    allow_licences: tuple[str, ...] = Field(
        (), description="Items of other licences, or of none, are left out; empty: all are read."
    )
    hosts: tuple[str, ...] = Field(
        (), description="Hosts of images besides that of `url`: `name`, `name:port`, `*.domain`; `*`: every public one."
    )
    private_hosts: tuple[str, ...] = Field(
        (), description="Hosts that may have private addresses, as in `hosts`; every other private address is refused."
    )
    is_complete: bool = Field(False, description="true: an image that the listing no longer names counts as missing.")
    look_again: bool = Field(
        False,
        description="true: each listing asks for the ETag or time of change of each item (HEAD), so that other bytes at a known "
        "address are read; one more request an item.",
    )
    requests_per_s: float = Field(1.0, gt=0, le=1000, description="Requests a second to one host, in each process that reads.")
    max_bytes: int = Field(50_000_000, ge=1, description="Maximum size of an image.")
    max_s: float = Field(60.0, gt=0, description="Maximum time of one answer, from the first byte sent to the last received.")
    robots: Literal["obey", "ignore"] = Field(
        "obey", description="`ignore`: for sites whose owner allows it; `url` is always asked."
    )
    contact: str | None = Field(None, description="Address or mail that sites see in the User-Agent; some ask for one.")

    @model_validator(mode="after")
    def _is_one_listing(self) -> WebSettings:
        """Refuse what cannot be meant when the file is read."""
        if (self.url is None) == (self.url_list is None):
            raise ValueError("wants either `url` (an API) or `url_list` (a file of addresses)")
        for text in (self.url, *self.headers.values()):
            if text is not None and KEY in text and self.connection is None:
                raise ValueError(f"{KEY} stands for the key of a connection: set `connection`")
        if self.url is not None:
            try:
                self.own_address()
            except ValueError as error:
                raise ValueError(f"url: wanted an address, found {error}") from error
        elif self.is_remote_list():
            Address.parse(str(self.url_list))
        elif not self.hosts and not self.private_hosts:
            raise ValueError("a list in a file needs `hosts`: the hosts that may be asked for its images")
        if self.look_again and self.fields.version is not None:
            raise ValueError("look_again: `fields.version` tells already when an image has changed; wants one of the two")
        if "{" in (self.url or "").partition("://")[2].partition("/")[0]:
            raise ValueError("url: wanted no braces in its host")
        if "{" in re.sub(r"\{(page|key)\}", "", self.url or ""):
            raise ValueError(f"url: wanted no braces but {PAGE} and {KEY}")
        return self

    def own_address(self) -> Address | None:
        """The address of the API or of the list; None for a list in a file."""
        if self.url is not None:
            return Address.parse(self.url.replace(KEY, "key").replace(PAGE, "1"))
        return Address.parse(str(self.url_list)) if self.is_remote_list() else None

    def is_remote_list(self) -> bool:
        """Return True if the list is fetched."""
        return self.url_list is not None and self.url_list.startswith(("http://", "https://"))

    def connection_id(self) -> str | None:
        """The connection whose password is the key."""
        return self.connection

    def is_watched(self) -> bool:
        """Return False: each look would ask the API for all its pages."""
        return False

    def metadata_keys(self) -> frozenset[str]:
        """Groups of `key_pattern`, and the metadata that `fields` name."""
        return super().metadata_keys() | {name for name in METADATA if getattr(self.fields, name) is not None}

    def columns(self) -> list[str]:
        """Columns that `fields` name."""
        return [path for spec in self.fields.model_dump().values() if spec is not None for path in named_paths(spec)]
