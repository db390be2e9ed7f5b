"""Rows of a list of addresses: a CSV file with a header, or JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from pipeline_tasks.errors import ServiceRefusedError
from pipeline_tasks.json_values import Json

LONGEST_LINE = 1_000_000
"""Bytes of one line."""
CSV, JSON_LINES = (".csv", ".tsv"), (".jsonl", ".ndjson")


def rows_of(file: BinaryIO, name: str, columns: Collection[str]) -> Iterator[tuple[str, Json]]:
    """Yield where a row is (`line 17`), and the row; None for a line that is no JSON. A CSV file must have these columns.

    `name` ends with the file's name; messages begin with it.

    Raises:
        ServiceRefusedError: the file is of no known kind, a line is too long or no text, or a column is missing.
    """
    ending = PurePosixPath(name.partition("?")[0]).suffix.lower()
    if ending in JSON_LINES:
        return _json_lines(file, name)
    if ending in CSV:
        return _csv_rows(file, name, columns, "\t" if ending == ".tsv" else ",")
    raise ServiceRefusedError(f"{name}: wanted a file of {', '.join((*CSV, *JSON_LINES))}, found {ending or 'no ending'}")


def _json_lines(file: BinaryIO, name: str) -> Iterator[tuple[str, Json]]:
    for number, line in enumerate(_lines(file, name), 1):
        if line.strip():
            yield f"line {number}", _parsed(line)


def _parsed(line: str) -> Json:
    try:
        found: Json = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found


def _csv_rows(file: BinaryIO, name: str, columns: Collection[str], delimiter: str) -> Iterator[tuple[str, Json]]:
    reader = csv.DictReader(_lines(file, name), delimiter=delimiter, strict=True)
    try:
        header = reader.fieldnames or ()
        missing = sorted(set(columns) - set(header))
        if missing:
            known = ", ".join(header) or "no header"
            raise ServiceRefusedError(f"{name}: has no column {missing[0]!r} that `fields` name; it has {known}")
        for row in reader:
            yield f"line {reader.line_num}", {column: row.get(column) for column in columns}
    except csv.Error as error:
        raise ServiceRefusedError(f"{name}: after line {reader.line_num}: no CSV: {error}") from error


def _lines(file: BinaryIO, name: str) -> Iterator[str]:
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise ServiceRefusedError(f"{name}: line {number} has more than {LONGEST_LINE} bytes")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise ServiceRefusedError(f"{name}: line {number} is no UTF-8: {error}") from error
