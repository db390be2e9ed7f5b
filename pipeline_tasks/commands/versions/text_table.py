"""Aligned columns for a terminal."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from itertools import zip_longest


def text_table(headers: Sequence[str], rows: Sequence[Sequence[object]], width: int | None = None) -> str:
    """Format columns under their headers, numbers aligned right; a missing value is a dash.

    Cells of several words continue on the next line where the table would be wider than `width` or, by default, the terminal. No
    word is broken, so that ids and keys can be copied; what goes to a file or a pipe is not wrapped.
    """
    shown = [[_shown(value) for value in row] for row in rows]
    most = _terminal_width() if width is None else width
    columns = [[line[number] for line in [list(headers), *shown]] for number in range(len(headers))]
    widths = _fitting(columns, most)
    is_number = [bool(rows) and all(isinstance(row[number], int | None) for row in rows) for number in range(len(headers))]
    lines = [list(headers), ["-" * width for width in widths], *shown]
    return "\n".join(
        "  ".join(
            text.rjust(width) if right else text.ljust(width) for text, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()
        for cells in lines
        for line in zip_longest(*(_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)), fillvalue="")
    )


def _terminal_width() -> int:
    """Columns of the terminal; 0, which limits nothing, where the output is none."""
    return shutil.get_terminal_size((0, 0)).columns if sys.stdout.isatty() else 0


def _fitting(columns: Sequence[Sequence[str]], most: int) -> list[int]:
    """Widths of columns, the widest narrowed until all fit or each is as narrow as its longest word."""
    fitted = [max(len(cell) for cell in column) for column in columns]
    least = [max(len(word) for cell in column for word in cell.split() or [""]) for column in columns]
    while most and sum(fitted) + 2 * (len(fitted) - 1) > most and fitted != least:
        widest = max((width, number) for number, width in enumerate(fitted) if width > least[number])[1]
        fitted[widest] -= 1
    return fitted


def _wrapped(cell: str, width: int) -> list[str]:
    return textwrap.wrap(cell, width, break_long_words=False, break_on_hyphens=False) or [""]


def cross_table(counts: Mapping[str, Mapping[str, int]], corner: str) -> str:
    """Row → column → count as a table with a total at the end of each row."""
    columns = list(dict.fromkeys(column for row in counts.values() for column in row))
    rows = [[name, *(row.get(column, 0) for column in columns), sum(row.values())] for name, row in counts.items()]
    return text_table([corner, *columns, "all"], rows)


def one_line(counts: Mapping[str, int]) -> str:
    """`bolt 3, nut 4`, or `none`."""
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"


def _shown(value: object) -> str:
    return "-" if value is None else str(value)
