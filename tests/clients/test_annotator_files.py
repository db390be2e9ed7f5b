"""Tests of copies for annotators: complete, in the project's own folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_tasks.clients.annotator_files import AnnotatorFiles
from pipeline_tasks.errors import StorageError

IMAGE = "ab" * 32


def test_put__stores_a_copy_and_says_where_label_studio_shows_it(tmp_path: Path) -> None:
    files = AnnotatorFiles(tmp_path, "parts-2")

    assert not files.has(IMAGE)
    assert files.put(IMAGE, b"jpeg") == f"/data/local-files/?d=parts-2/ab/{IMAGE}.jpg"
    assert files.has(IMAGE)
    assert (files.folder / "ab" / f"{IMAGE}.jpg").read_bytes() == b"jpeg"
    assert files.folder == tmp_path / "parts-2"


def test_put__keeps_an_existing_copy(tmp_path: Path) -> None:
    files = AnnotatorFiles(tmp_path, "parts")
    files.put(IMAGE, b"first")

    assert files.put(IMAGE, b"second") == files.address(IMAGE)
    assert [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()] == [b"first"]


def test_put__leaves_no_partial_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(StorageError, match="cannot be written: No space left"):
        AnnotatorFiles(tmp_path, "parts").put(IMAGE, b"jpeg")

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
