"""Tests of backup and restore of a whole stack, with a real PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]
import pytest

from local_stack.__main__ import main
from local_stack.addresses import DATABASES
from local_stack.backup import back_up, restore
from local_stack.errors import StackError
from local_stack.folders import Folders
from local_stack.kept_json import read_json
from local_stack.postgres_copies import running_postgres
from local_stack.postgres_databases import empty_database, made_mark


@pytest.fixture(autouse=True)
def clusters_end_with_their_homes(tmp_path: Path) -> Iterator[None]:
    """Delete the clusters, which for root are outside of the homes in `tmp_path`."""
    yield
    for name in ("home", "other"):
        shutil.rmtree(Folders.of(tmp_path / name).postgres, ignore_errors=True)


def said_in(folders: Folders, statement: str, name: str) -> list[tuple[object, ...]]:
    """Result of a query by a service's own role."""
    with running_postgres(folders) as (port, secrets):
        login = {"user": name, "password": secrets[f"postgres_{name}_password"], "dbname": name}
        connection = psycopg2.connect(host="127.0.0.1", port=port, **login)
        try:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()


@pytest.mark.services
def test_restore__writes_databases_files_and_logins_into_an_empty_home(prepared: Folders, tmp_path: Path) -> None:
    with running_postgres(prepared) as (port, secrets):
        for name in DATABASES:
            empty_database(prepared, name, port, secrets)
            made_mark(prepared, name).touch()
    for name in DATABASES:
        said_in(prepared, f"create table kept (who text); insert into kept values ('{name}, größer')", name)
    (prepared.home / "mlflow" / "model.onnx").write_bytes(b"model")
    place, other = tmp_path / "place", Folders.of(tmp_path / "other")

    back_up(prepared.home, place, say=lambda _: None)
    restore(other.home, place, say=lambda _: None)

    for name in DATABASES:
        assert said_in(other, "select who from kept", name) == [(f"{name}, größer",)]
        said_in(other, "insert into kept values ('more')", name)
        assert made_mark(other, name).exists()
    assert (other.home / "mlflow" / "model.onnx").read_bytes() == b"model"
    assert read_json(other.secrets_file) == read_json(prepared.secrets_file)
    with pytest.raises(StackError, match="wanted an empty NIGHTLENS_HOME, found one with logins"):
        restore(other.home, place, say=lambda _: None)


def test_back_up__refuses_a_missing_home_and_a_target_inside_it(prepared: Folders, tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"found no stack/ports\.json"):
        back_up(tmp_path / "nothing", tmp_path / "place", say=lambda _: None)
    with pytest.raises(StackError, match="wanted a place outside"):
        back_up(prepared.home, prepared.home / "copy", say=lambda _: None)


def test_restore__refuses_a_folder_that_is_no_backup(folders: Folders, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="wanted a backup with the folders home and databases, found none"):
        restore(tmp_path / "new", tmp_path / "nothing", say=lambda _: None)


def test_main__requires_the_target_folder(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["back_up", "--place", ""])

    assert "wanted a folder, found nothing; set PLACE=" in capsys.readouterr().err
