"""Metadata of a file, read off its key by the source's `key_pattern`."""

from __future__ import annotations

import re

from pydantic import Field

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import SourceSettings
from pipeline_tasks.sources.source import FileMetadata

TAGS = ("device", "clip", "site", "day")
"""Names of groups that become metadata."""


class KeyedSettings(SourceSettings):
    """Settings of a source whose keys tell something about the files."""

    key_pattern: str | None = Field(
        None, description="A regular expression over the key; its named groups (device, clip, site, day) become metadata."
    )

    def metadata_keys(self) -> frozenset[str]:
        """Names of the groups in `key_pattern`."""
        return frozenset(re.findall(r"\(\?P<(\w+)>", self.key_pattern or ""))


class KeyPattern:
    """A source's `key_pattern`, ready to read keys."""

    def __init__(self, source: str, pattern: str | None) -> None:
        """`source` names the source in messages.

        Raises:
            SettingsError: the pattern is no regular expression.
        """
        try:
            self._pattern = re.compile(pattern) if pattern is not None else None
        except re.error as error:
            raise SettingsError(f"source {source}: key_pattern: wanted a regular expression, found {pattern!r}: {error}") from error

    def metadata(self, key: str) -> FileMetadata:
        """Device, clip, site and day of a key; None where the pattern does not name or find them."""
        match = self._pattern.search(key) if self._pattern is not None else None
        groups = match.groupdict() if match is not None else {}
        device, clip, site, day = (groups.get(tag) for tag in TAGS)
        return FileMetadata(device, clip, site, day)
