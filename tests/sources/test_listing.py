"""Tests of comparing a listing with the versions that earlier cycles recorded, in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl
import pytest

from pipeline_tasks.sources import listing
from pipeline_tasks.sources.file_stamps import FileStamp
from pipeline_tasks.sources.known_versions import KnownVersions
from pipeline_tasks.sources.listing import listing_of
from pipeline_tasks.sources.source import FoundFile


class Listed:
    """A source of these files."""

    name = "camera"

    def __init__(self, files: Sequence[FoundFile]) -> None:
        self._files = files

    def list_files(self) -> Iterator[FoundFile]:
        yield from self._files


def known(*versions: tuple[str, str]) -> KnownVersions:
    found = KnownVersions()
    for key, version in versions:
        found.add(pl.DataFrame({"key": [key], "object_version": [version]}), are_images=True)
    return found


def new_keys(files: Sequence[FoundFile], recorded: KnownVersions) -> list[str]:
    found = listing_of(Listed(files), recorded, lambda keys: {}, None)  # type: ignore[arg-type]
    return [file.key for file in found.recognized.unknown]


def a_file(key: str, version: str) -> FoundFile:
    return FoundFile(key, version, 1, None)


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_listing_of__keeps_files_whose_version_was_not_recorded(monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(listing, "BATCH", batch)
    files = [a_file("a", "1"), a_file("b", "2"), a_file("c", "1"), a_file("d", "1")]

    assert new_keys(files, known(("a", "1"), ("b", "1"), ("c", "1"))) == ["b", "d"]


def test_listing_of__takes_a_key_and_a_version_apart() -> None:
    assert new_keys([a_file("a1", "2"), a_file("a", "12")], known(("a", "12"))) == ["a1"]


def test_listing_of__without_history_keeps_every_file() -> None:
    assert new_keys([a_file("a", "1")], KnownVersions()) == ["a"]
    assert new_keys([], known(("a", "1"))) == []


def test_listing_of__asks_for_recorded_versions_of_unknown_stamps_only() -> None:
    stamp = FileStamp(5, 1, 6, 7)
    stamped = FoundFile("stamped", stamp.version, 1, None, stamp)
    asked: list[Sequence[str]] = []

    def recorded(keys: Sequence[str]) -> dict[str, set[str]]:
        asked.append(keys)
        return {"stamped": {f"{stamp.version}~00000000"}}

    found = listing_of(Listed([a_file("a", "1"), stamped]), KnownVersions(), recorded, None)  # type: ignore[arg-type]

    assert asked == [["stamped"]]
    assert [file.key for file in found.recognized.unknown] == ["a"], "the stamp is known with a check sum of its bytes"
    assert found.files_seen == 2


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_listing_of__holds_no_more_new_files_than_one_night_takes(monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(listing, "BATCH", batch)
    files = [a_file(key, "1") for key in "abcdef"]

    found = listing_of(Listed(files), known(("b", "1")), lambda keys: {}, None, 2)  # type: ignore[arg-type]

    assert [file.key for file in found.recognized.unknown] == ["a", "c"]
    assert (found.files_seen, found.files_beyond, len(found.keys)) == (6, 3, 6), "none is taken for missing"


def test_listing_of__limits_new_files_of_a_folder_after_it_has_looked_at_all_stamps() -> None:
    files = [FoundFile(key, FileStamp(5, 1, 6, at).version, 1, None, FileStamp(5, 1, 6, at)) for at, key in enumerate("abc")]

    found = listing_of(Listed(files), KnownVersions(), lambda keys: {}, None, 2)  # type: ignore[arg-type]

    assert ([file.key for file in found.recognized.unknown], found.files_beyond) == (["a", "b"], 1)
