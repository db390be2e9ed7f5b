"""Tests of counting new files without holding a listing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import polars as pl
import pytest

from pipeline_tasks.errors import ServiceUnavailableError
from pipeline_tasks.sources.file_stamps import FileStamp
from pipeline_tasks.sources.known_versions import KnownVersions
from pipeline_tasks.sources.new_files import count_new_files
from pipeline_tasks.sources.source import FileMetadata, FoundFile

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
OLD = NOON - timedelta(hours=1)


class Listed:
    """A source of this many files, which remembers how many were asked of it."""

    name = "cam"

    def __init__(self, files: int, modified_at: datetime = OLD) -> None:
        self.files, self.modified_at, self.given = files, modified_at, 0

    def list_files(self) -> Iterator[FoundFile]:
        for number in range(self.files):
            self.given += 1
            yield FoundFile(f"{number}.jpg", "v1", 10, self.modified_at)

    def is_at_rest(self, file: FoundFile, now: datetime) -> bool:
        return file.modified_at is not None and file.modified_at <= now - timedelta(seconds=2)

    def read(self, key: str, object_version: str) -> bytes:
        raise NotImplementedError

    def metadata(self, key: str) -> FileMetadata:
        raise NotImplementedError


def known_of(*keys: str, version: str = "v1") -> KnownVersions:
    known = KnownVersions()
    known.add(pl.DataFrame({"key": list(keys), "object_version": [version] * len(keys)}), are_images=True)
    return known


def count(source: Listed, known: KnownVersions, enough: int = 1000) -> int:
    return count_new_files(source, known, lambda _: {}, None, NOON, enough)


def test_count__leaves_out_what_nights_have_had_in_this_state() -> None:
    assert count(Listed(5), known_of("0.jpg", "3.jpg")) == 3
    assert count(Listed(5), known_of("0.jpg", version="v0")) == 5, "another version is new"


def test_count__leaves_out_files_that_are_being_written_but_trusts_no_time_in_the_future() -> None:
    assert count(Listed(5, NOON), KnownVersions()) == 0
    assert count(Listed(5, NOON + timedelta(days=1)), KnownVersions()) == 5


def test_count__stops_listing_when_there_are_enough() -> None:
    source = Listed(200_000)

    assert count(source, KnownVersions(), enough=10) == 10
    assert source.given == 1_000, "one page was listed"


def test_count__recognizes_files_of_a_folder_that_was_mounted_anew() -> None:
    stamp = FileStamp(1_000_000_001, 10, 1_000_000_001, 5)
    after = replace(stamp, inode=6)

    class Mounted(Listed):
        def list_files(self) -> Iterator[FoundFile]:
            for number in range(self.files):
                yield FoundFile(f"{number}.jpg", after.version, 10, OLD, after)

    before = {f"{number}.jpg": {stamp.version} for number in range(200)}
    known = known_of(*before, version=stamp.version)

    assert count_new_files(Mounted(200), known, lambda _: before, OLD, NOON, 1000) == 0


def test_count__says_that_a_source_is_away() -> None:
    class Away(Listed):
        def list_files(self) -> Iterator[FoundFile]:
            raise ServiceUnavailableError("source cam: away")
            yield

    with pytest.raises(ServiceUnavailableError):
        count(Away(1), KnownVersions())
