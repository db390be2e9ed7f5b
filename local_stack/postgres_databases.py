"""Roles and databases of the services that have tables; passwords never leave this process as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]
from psycopg2 import sql
from psycopg2.extensions import encrypt_password  # type: ignore[import-untyped]

from local_stack.addresses import DATABASES
from local_stack.errors import StackError
from local_stack.folders import Folders


def make_roles(port: int, secrets: Mapping[str, str]) -> None:
    """Create missing roles and set their passwords.

    The server receives SCRAM verifiers, so that no statement in its log shows a password.

    Raises:
        StackError: the server refuses the stored password.
    """
    with _superuser(port, secrets) as (connection, cursor):
        for name in DATABASES:
            cursor.execute("select 1 from pg_roles where rolname = %s", (name,))
            verb = sql.SQL("alter role {} login password {}" if cursor.fetchone() else "create role {} login password {}")
            verifier = encrypt_password(secrets[f"postgres_{name}_password"], name, connection, "scram-sha-256")
            cursor.execute(verb.format(sql.Identifier(name), sql.Literal(verifier)))


def empty_database(folders: Folders, name: str, port: int, secrets: Mapping[str, str]) -> None:
    """Give a service an empty database, unless it has completed the creation of its tables.

    A service that was stopped during that step leaves tables it cannot continue from; they hold no user data.

    Raises:
        StackError: the server refuses.
    """
    if made_mark(folders, name).exists():
        return
    forget_tables(folders, name)
    with _superuser(port, secrets) as (_, cursor):
        cursor.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        cursor.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(name), sql.Identifier(name)))


def made_mark(folders: Folders, name: str) -> Path:
    """File that marks a service's tables as complete; it is beside the cluster and deleted with it."""
    return folders.postgres / f"{name}-tables-made"


def version_mark(folders: Folders, name: str, version: str) -> Path:
    """File that marks a service's tables as brought to this version of the service."""
    made = made_mark(folders, name)
    return made.with_name(f"{made.name}-{version}")


def forget_tables(folders: Folders, name: str = "*") -> None:
    """Delete the marks of one service's tables or of all, because the database that they describe is gone."""
    for mark in folders.postgres.glob(f"{name}-tables-made*"):
        mark.unlink()


@contextmanager
def _superuser(port: int, secrets: Mapping[str, str]) -> Iterator[tuple[Any, Any]]:
    login = {"user": "postgres", "password": secrets["postgres_password"], "dbname": "postgres"}
    try:
        connection = psycopg2.connect(host="127.0.0.1", port=port, connect_timeout=10, **login)
        try:
            connection.autocommit = True
            yield connection, connection.cursor()
        finally:
            connection.close()
    except psycopg2.Error as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[-1]
        raise StackError(f"PostgreSQL: it refuses the logins in secrets.json ({reason}); `make reset` starts over") from error
