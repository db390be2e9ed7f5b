"""Tests of the checks before a start: problems are refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_stack.checks import refuse_full_disk, refuse_missing_programs
from local_stack.errors import StackError
from local_stack.folders import Folders


def test_refuse_full_disk__says_how_much_is_free_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StackError) as caught:
        refuse_full_disk(tmp_path / "not" / "there" / "yet", free_bytes=lambda _: 1_400_000_000)
    message = str(caught.value)
    assert "found 1.4 GB free" in message
    assert "wanted at least 2 GB" in message
    assert "NIGHTLENS_HOME" in message
    assert "\n" not in message


def test_refuse_full_disk__measures_the_nearest_existing_folder(tmp_path: Path) -> None:
    asked: list[Path] = []

    def free_bytes(folder: Path) -> int:
        asked.append(folder)
        return 5_000_000_000

    refuse_full_disk(tmp_path / "not" / "there", free_bytes=free_bytes)
    assert asked == [tmp_path]


def test_refuse_missing_parts__names_the_environment_of_label_studio(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTLENS_LABEL_STUDIO_VENV", str(folders.home / "nowhere"))
    with pytest.raises(StackError, match=r"found no .*/nowhere/bin/label-studio; run `make install`"):
        refuse_missing_programs(folders)
