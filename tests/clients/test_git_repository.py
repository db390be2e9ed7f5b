"""Tests of publishing with git: one commit and tag per version, reproducible, without touching foreign files."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from pipeline_tasks.clients.git_repository import GitRepository
from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError, StorageError

AT = datetime(2026, 11, 21, 22, tzinfo=timezone.utc)
MARK = ("config", "# ours")
FILES = {"config": "# ours\n", "labels.csv": "a\n"}


def test_publish__makes_the_repository_and_the_same_commit_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = GitRepository(tmp_path / "one", MARK).publish(FILES, "v1", "one", AT)
    monkeypatch.setenv("GIT_AUTHOR_NAME", "somebody else")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))

    second = GitRepository(tmp_path / "two", MARK).publish(FILES, "v1", "one", AT)

    assert first == second
    assert first.is_new


def test_publish__compares_what_is_tagged_and_writes_nothing(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "one", MARK)
    first = repository.publish(FILES, "v1", "one", AT)
    (tmp_path / "one" / "labels.csv").write_text("somebody is editing this")

    assert repository.publish(FILES, "v1", "one", AT).digest == first.digest
    assert (tmp_path / "one" / "labels.csv").read_text() == "somebody is editing this"
    with pytest.raises(StorageError, match=r"the tag v1 names other content in labels\.csv"):
        repository.publish(FILES | {"labels.csv": "b\n"}, "v1", "one", AT)


def test_publish__refuses_a_repository_of_another_project(tmp_path: Path) -> None:
    GitRepository(tmp_path / "one", MARK).publish(FILES, "v1", "one", AT)

    with pytest.raises(StorageError, match="wanted config to begin with '# another'"):
        GitRepository(tmp_path / "one", ("config", "# another")).publish(FILES, "v2", "two", AT)


def test_publish__shows_the_message_of_git(tmp_path: Path) -> None:
    with pytest.raises(ServiceRefusedError, match="git tag refuses"):
        GitRepository(tmp_path / "one", MARK).publish(FILES, "no good..name", "one", AT)


def test_publish__says_that_git_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ServiceUnavailableError, match="wanted the program git"):
        GitRepository(tmp_path / "one", MARK).publish(FILES, "v1", "one", AT)
