"""Tests of a folder as a source."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as given_any
from hypothesis import strategies

from pipeline_tasks.errors import RejectedFileError, ServiceUnavailableError, SettingsError
from pipeline_tasks.sources.file_keys import key_of_path, path_of_key
from pipeline_tasks.sources.folder import FolderSettings, FolderSource
from pipeline_tasks.sources.source import FileMetadata, FoundFile


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def a_source(inbox: Path, max_bytes: int = 1000, **settings: Any) -> FolderSource:
    return FolderSource(FolderSettings(name="inbox", path="inbox", **settings), inbox.parent, max_bytes)


def write(path: Path, content: bytes = b"bytes") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def keys(inbox: Path) -> list[str]:
    return [file.key for file in a_source(inbox).list_files()]


def the_reason(source: FolderSource, key: str, object_version: str) -> str:
    with pytest.raises(RejectedFileError) as refused:
        source.read(key, object_version)
    return refused.value.reason


def test_list_files__is_sorted_and_tells_size_and_time(inbox: Path) -> None:
    write(inbox / "b.jpg", b"123")
    write(inbox / "a" / "c.jpg")
    os.utime(inbox / "b.jpg", ns=(0, 1_500_000_000_123_456_789))

    first, second = a_source(inbox).list_files()

    assert (first.key, second.key) == ("a/c.jpg", "b.jpg")
    assert second.size_bytes == 3
    assert second.modified_at == datetime(2017, 7, 14, 2, 40, 0, 123456, timezone.utc)
    status = os.stat(inbox / "b.jpg")
    assert second.object_version == f"1500000000123456789-3-{status.st_ctime_ns}-{status.st_ino}"


def test_list_files__skips_hidden_and_unfinished_files_and_other_entries(inbox: Path) -> None:
    for name in (".hidden.jpg", "a.jpg.part", "b.TMP", "c.jpg~", ".folder/d.jpg"):
        write(inbox / name)
    os.mkfifo(inbox / "pipe.jpg")
    write(inbox / "seen.anything")

    assert keys(inbox) == ["seen.anything"]


def test_list_files__follows_links_to_files_but_not_to_folders(inbox: Path) -> None:
    write(inbox / "folder" / "a.jpg")
    (inbox / "link.jpg").symlink_to("folder/a.jpg")
    (inbox / "loop").symlink_to(".")

    source = a_source(inbox)
    listed = {file.key: file for file in source.list_files()}

    assert sorted(listed) == ["folder/a.jpg", "link.jpg"]
    assert source.read("link.jpg", listed["link.jpg"].object_version) == b"bytes"


def test_read__refuses_links_that_lead_outside_or_to_no_file(inbox: Path) -> None:
    write(inbox.parent / "secret.txt")
    (inbox / "out.jpg").symlink_to("../secret.txt")
    (inbox / "nowhere.jpg").symlink_to("nothing")
    (inbox / "self.jpg").symlink_to("self.jpg")

    source = a_source(inbox)
    listed = list(source.list_files())

    assert len(listed) == 3
    assert {the_reason(source, file.key, file.object_version) for file in listed} == {"not_an_image"}
    assert the_reason(source, "../secret.txt", "any") == "not_an_image"


def test_list_files__raises_an_error_to_retry_when_the_source_does_not_respond(inbox: Path) -> None:
    inbox.rmdir()
    with pytest.raises(ServiceUnavailableError, match=str(inbox)):
        keys(inbox)
    write(inbox)
    with pytest.raises(ServiceUnavailableError, match="Not a directory"):
        keys(inbox)


def test_list_files__leaves_out_a_folder_that_it_may_not_open(inbox: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = a_source(inbox)
    source._judge(PermissionError(13, "Permission denied", str(inbox / "lost+found")))

    assert "lost+found is left out: Permission denied" in caplog.text
    with pytest.raises(ServiceUnavailableError, match="Input/output"):
        source._judge(OSError(5, "Input/output error", str(inbox / "broken")))


def test_read__notices_changes_since_the_listing(inbox: Path) -> None:
    for name in ("changed.jpg", "gone.jpg", "pipe.jpg", "large.jpg", "fine.jpg", "folder.jpg"):
        write(inbox / name, b"x" * (1001 if name == "large.jpg" else 10))
    source = a_source(inbox)
    version = {file.key: file.object_version for file in source.list_files()}
    write(inbox / "changed.jpg", b"longer than before")
    for name in ("gone.jpg", "pipe.jpg", "folder.jpg"):
        (inbox / name).unlink()
    os.mkfifo(inbox / "pipe.jpg")
    (inbox / "folder.jpg").mkdir()

    reasons = {key: the_reason(source, key, version[key]) for key in version if key != "fine.jpg"}

    assert reasons == {
        "changed.jpg": "changed_while_reading",
        "gone.jpg": "vanished",
        "pipe.jpg": "not_an_image",
        "folder.jpg": "not_an_image",
        "large.jpg": "too_many_bytes",
    }
    assert source.read("fine.jpg", version["fine.jpg"]) == b"x" * 10


def test_read__notices_a_file_that_grows_while_it_is_read(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(inbox / "a.jpg")
    source = a_source(inbox)
    (file,) = source.list_files()
    real, calls = os.fstat, []

    def fstat(handle: int) -> os.stat_result:
        calls.append(handle)
        if len(calls) == 2:
            write(inbox / "a.jpg", b"bytes and more")
        return real(handle)

    monkeypatch.setattr(os, "fstat", fstat)
    assert the_reason(source, "a.jpg", file.object_version) == "changed_while_reading"


def test_read__rejects_a_file_that_it_may_not_open_as_unreadable(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(inbox / "a.jpg")

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert the_reason(a_source(inbox), "a.jpg", "any") == "unreadable"


def test_keys__hold_names_of_any_bytes(inbox: Path) -> None:
    names = [b"caf\xe9.jpg", "café.jpg".encode(), b"back\\slash.jpg", b"new\nline.jpg", b"\\xe9.jpg"]
    for name in names:
        with open(os.fsencode(inbox) + b"/" + name, "wb") as file:
            file.write(name)
    source = a_source(inbox)

    read = {file.key: source.read(file.key, file.object_version) for file in source.list_files()}

    assert sorted(read.values()) == sorted(names)
    assert read["caf\\xe9.jpg"] == b"caf\xe9.jpg"
    assert read["café.jpg"] == "café.jpg".encode()
    for key in read:
        key.encode("utf-8")


@given_any(strategies.binary())
def test_keys__are_reversible(name: bytes) -> None:
    path = os.fsdecode(name)

    key = key_of_path(path)

    assert path_of_key(key) == path
    key.encode("utf-8")


def test_metadata__comes_from_the_keys_groups(inbox: Path) -> None:
    source = a_source(inbox, key_pattern=r"(?P<device>cam\d+)/(?P<day>\d{4}-\d{2}-\d{2})")

    assert source.metadata("cam7/2026-11-21/a.jpg") == FileMetadata(device="cam7", day="2026-11-21")
    assert source.metadata("other.jpg") == FileMetadata()
    assert a_source(inbox).metadata("cam7/2026-11-21/a.jpg").device is None


def test_is_at_rest__waits_until_a_file_has_settled(inbox: Path) -> None:
    source, now = a_source(inbox, settle_s=10), datetime(2026, 11, 21, tzinfo=timezone.utc)

    assert source.is_at_rest(FoundFile("a", "1", 1, now - timedelta(seconds=10)), now)
    assert not source.is_at_rest(FoundFile("a", "1", 1, now - timedelta(seconds=9)), now)


def test_folder_source__refuses_a_pattern_that_is_none(inbox: Path) -> None:
    with pytest.raises(SettingsError, match="key_pattern"):
        a_source(inbox, key_pattern="(")
