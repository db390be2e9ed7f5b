"""Tests of the origin of a training: its commit, its packages, its machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pipeline_tasks.clients.this_machine import commit_of, digest_of_packages, run_origin


def git(folder: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=a", "-c", "user.email=a@b"]
    return subprocess.run(["git", "-C", str(folder), *settings, *arguments], check=True, capture_output=True, text=True).stdout


def test_commit_of__names_the_commit_and_says_if_files_are_others(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "code.py").write_text("1")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "-qm", "first")
    commit = git(tmp_path, "rev-parse", "HEAD").strip()
    (tmp_path / "beside.txt").touch()

    assert commit_of(tmp_path) == commit
    (tmp_path / "code.py").write_text("2")
    assert commit_of(tmp_path) == f"{commit}+changes"


def test_commit_of__is_none_outside_a_checkout_or_in_an_empty_one(tmp_path: Path) -> None:
    assert commit_of(tmp_path) is None
    git(tmp_path, "init", "-q")
    assert commit_of(tmp_path) is None


def test_digest_of_packages__depends_on_versions_and_not_on_order_or_spelling() -> None:
    digest = digest_of_packages([("numpy", "2.0"), ("Typing_Extensions", "4.1")])

    assert digest == digest_of_packages([("typing-extensions", "4.1"), ("numpy", "2.0"), ("numpy", "2.0")])
    assert digest != digest_of_packages([("numpy", "2.1"), ("typing-extensions", "4.1")])
    assert len(digest) == 64


def test_run_origin__tells_of_this_machine() -> None:
    origin = run_origin()

    assert origin == run_origin()
    assert origin.processor
    assert origin.tags["nightlens.cores"] == str(origin.cores)
    assert ("nightlens.gpu" in origin.tags) == (origin.gpu is not None)
