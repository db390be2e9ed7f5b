"""Aligned columns for a terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping, Sequence
from itertools import zip_longest

NARROWEST = 8
"""Width of a column that is not narrowed further."""


def text_table(headers: Sequence[str], rows: Sequence[Sequence[object]], width: int | None = None) -> str:
    """Format columns under their headers, numbers aligned right; a missing value is a dash.

    Long cells continue on the next line where the table would be wider than `width` or, by default, the terminal.
    """
    shown = [[_shown(value) for value in row] for row in rows]
    most = shutil.get_terminal_size((0, 0)).columns if width is None else width
    widths = _fitting([max(len(line[number]) for line in [list(headers), *shown]) for number in range(len(headers))], most)
    is_number = [bool(rows) and all(isinstance(row[number], int | None) for row in rows) for number in range(len(headers))]
    lines = [list(headers), ["-" * width for width in widths], *shown]
    return "\n".join(
        "  ".join(
            text.rjust(width) if right else text.ljust(width) for text, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()
        for cells in lines
        for line in zip_longest(*(_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)), fillvalue="")
    )


def _fitting(widths: list[int], most: int) -> list[int]:
    """Narrow the widest columns until all fit; 0 means that nothing limits them."""
    fitted = list(widths)
    while most and sum(fitted) + 2 * (len(fitted) - 1) > most and max(fitted) > NARROWEST:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def _wrapped(cell: str, width: int) -> list[str]:
    return textwrap.wrap(cell, width) or [""]


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
