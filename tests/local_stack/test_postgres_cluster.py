"""Tests of the database cluster: created once, kept, and set aside if it belongs to a deleted home."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from local_stack import postgres_service
from local_stack.folders import Folders
from local_stack.kept_json import read_json
from local_stack.postgres_databases import made_mark, version_mark
from local_stack.postgres_service import cluster_mark, data_folder, make_cluster


@pytest.fixture
def made(prepared: Folders, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Passwords of the clusters that were made; without root, and without a server."""
    passwords: list[str] = []

    def initialize(data: Path, programs: Path, password_file: str) -> None:
        data.mkdir()
        (data / "PG_VERSION").write_text("16")
        passwords.append(Path(password_file).read_text())

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(postgres_service, "_initialize", initialize)
    make_cluster(prepared, Path("programs"), "first")
    return passwords


def test_cluster__is_kept(prepared: Folders, made: list[str]) -> None:
    make_cluster(prepared, Path("programs"), "first")

    assert made == ["first"]


def test_cluster_of_a_deleted_home__is_set_aside_and_made_anew(prepared: Folders, made: list[str]) -> None:
    marks = [made_mark(prepared, "airflow"), version_mark(prepared, "airflow", "3.3.2"), made_mark(prepared, "mlflow")]
    for mark in marks:
        mark.touch()
    for password in ("second", "third"):
        make_cluster(prepared, Path("programs"), password)

    assert made == ["first", "second", "third"]
    aside = [data_folder(prepared).with_name(f"data-of-a-deleted-home-{number}") for number in (1, 2)]
    assert not any(mark.exists() for mark in marks), "the new cluster has no tables yet, of any version"
    assert all((folder / "PG_VERSION").exists() for folder in aside), "its databases are not deleted"


@pytest.mark.parametrize(("has_started", "is_older", "is_kept"), [(True, True, True), (False, False, True), (False, True, False)])
def test_cluster_of_an_older_release__is_kept_where_its_home_may_be_this_one(
    prepared: Folders, made: list[str], has_started: bool, is_older: bool, is_kept: bool
) -> None:
    mark = cluster_mark(prepared)
    mark.write_text("")
    written = prepared.secrets_file.stat().st_mtime
    os.utime(mark, (written + (-60 if is_older else 60),) * 2)
    if has_started:
        prepared.log_file("postgres").touch()

    make_cluster(prepared, Path("programs"), read_json(prepared.secrets_file)["postgres_password"])

    assert (len(made) == 1) is is_kept
    assert mark.read_text(), "from now on the mark tells whose it is"
