"""Aligned columns for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def text_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Format columns under their headers, numbers aligned right; a missing value is a dash."""
    shown = [[_shown(value) for value in row] for row in rows]
    widths = [max(len(line[number]) for line in [list(headers), *shown]) for number in range(len(headers))]
    is_number = [bool(rows) and all(isinstance(row[number], int | None) for row in rows) for number in range(len(headers))]
    lines = [list(headers), ["-" * width for width in widths], *shown]
    return "\n".join(
        "  ".join(
            text.rjust(width) if right else text.ljust(width) for text, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()
        for line in lines
    )


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
