"""Rows of CSV files with a line of column names, read one after the other."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline_tasks.formats.finding import refuse

_HEAD_BYTES = 4096


@dataclass(frozen=True)
class CsvRow:
    """One row, by column."""

    where: str
    """File and line."""
    values: Mapping[str, str]


def columns_of(path: Path) -> tuple[str, ...]:
    """The fields of a file's first line; none for what is no text."""
    with path.open("rb") as file:
        line = file.read(_HEAD_BYTES).partition(b"\n")[0]
    try:
        return tuple(next(csv.reader([line.decode("utf-8-sig").rstrip("\r")], strict=True), ()))
    except (UnicodeDecodeError, csv.Error):
        return ()


def read_rows(path: Path, where: str) -> Iterator[CsvRow]:
    """Read the rows below the line of names.

    Raises:
        SettingsError: a column is there twice, a row has another number of fields, or it is no text; the message says where.
    """
    names = columns_of(path)
    if twice := [name for at, name in enumerate(names) if name in names[:at]]:
        raise refuse(f"{where}, line 1", f"the column {twice[0][:40]!r} twice", "each column once")
    for number, fields in lines_of(path, where):
        if number == 1 or not fields:
            continue
        if len(fields) != len(names):
            raise refuse(f"{where}, line {number}", f"{len(fields)} fields", f"{len(names)} fields, as its first line names")
        yield CsvRow(f"{where}, line {number}", dict(zip(names, fields, strict=True)))


def lines_of(path: Path, where: str) -> Iterator[tuple[int, list[str]]]:
    """Number and fields of each row.

    Raises:
        SettingsError: a row is no text of CSV; the message says which.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            for fields in reader:
                yield reader.line_num, fields
        except csv.Error as error:
            raise refuse(f"{where}, line {reader.line_num}", f"text that is no CSV ({error})", "fields between commas") from None
        except UnicodeDecodeError as error:
            found = f"bytes that are no text ({error.reason})"
            raise refuse(f"{where}, after line {reader.line_num}", found, "text in UTF-8") from None
