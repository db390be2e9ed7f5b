"""Leaves of a dataset version's manifest: division of the rows into leaves, and the reverse.

A leaf holds the images whose ids start with the same hexadecimal digits, as CSV with a header, sorted. The number of digits
depends on the number of rows. A commit writes at most one leaf for each changed row, so leaves must be small compared with
the version (with 256 leaves, 1,000 changed rows of 1,000,000 touch 251 of them; with 65,536 they touch 992, which is 1.5 %).
But each leaf costs one object, so small versions have few. A version keeps the digits of its predecessor as long as its leaves
hold 2 to 128 rows on average; a new choice gives 8 to 128, so that a version that grows or shrinks a little does not alternate
between two divisions. An image_id is a digest, so leaves of equal digits are about equally large.

CSV, because dividing 1,000,000 rows in every commit must be cheap: polars writes it several times as fast as JSON lines.
Leaves of old versions may be JSON lines; they can still be read.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline_tasks.errors import TableContractError

MAX_LEAF_ROWS, MIN_LEAF_ROWS = 128, 2
_SLAB_ROWS = 50_000
"""Rows encoded at once: enough to be fast, few enough to need little memory."""


class Leaf(NamedTuple):
    """Images whose ids start with `prefix`."""

    prefix: str
    content: bytes
    rows: int


def choose_digits(rows: int, earlier: int | None = None) -> int:
    """Number of digits for the leaves of a version with `rows` rows; `earlier` is the previous version's choice."""
    if earlier is not None and MIN_LEAF_ROWS * 16**earlier <= rows <= MAX_LEAF_ROWS * 16**earlier:
        return earlier
    digits = 0
    while rows > MAX_LEAF_ROWS * 16**digits:
        digits += 1
    return digits


def cut(rows: pl.DataFrame, digits: int) -> Iterator[Leaf]:
    """Yield the leaves of `rows` (text columns, image_id among them, sorted by it); the same rows give the same bytes.

    Raises:
        TableContractError: a text contains a line break, so that lines would not be rows.
    """
    header = (",".join(rows.columns) + "\n").encode()
    runs = rows["image_id"].str.slice(0, digits).rle().struct.unnest()
    for start, slab in _slabs(runs):
        ends = np.cumsum(slab["len"].to_numpy().astype(np.int64))
        lines, line_ends = _as_lines(rows.slice(start, int(ends[-1])))
        begin = 0
        for prefix, count, end in zip(slab["value"], slab["len"], line_ends[ends - 1].tolist(), strict=True):
            yield Leaf(prefix, header + lines[begin:end], count)
            begin = end


def parse_leaves(contents: Iterable[bytes]) -> pl.DataFrame:
    """Combine the rows of many leaves, sorted by image_id; without leaves there are no columns."""
    bodies: dict[bytes, list[bytes]] = {}
    json_lines: list[bytes] = []
    for content in contents:
        if content.startswith(b"{"):
            json_lines.append(content)
            continue
        header, _, body = content.partition(b"\n")
        bodies.setdefault(header, []).append(body)
    frames = [_parse_csv(header, lines) for header, lines in bodies.items()]
    if json_lines:
        rows = [json.loads(line) for line in b"".join(json_lines).splitlines()]
        frames.append(pl.DataFrame(rows, infer_schema_length=None))
    return pl.concat(frames, how="diagonal_relaxed").sort("image_id") if frames else pl.DataFrame()


def _slabs(runs: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    """Group adjacent leaves to about `_SLAB_ROWS` rows; yield the number of each group's first row, and its leaves."""
    ends = runs["len"].cum_sum().cast(pl.Int64)
    numbered = runs.with_columns(slab=(ends - 1) // _SLAB_ROWS, start=ends - runs["len"].cast(pl.Int64))
    for slab in numbered.partition_by("slab", maintain_order=True):
        yield int(slab["start"][0]), slab


def _as_lines(rows: pl.DataFrame) -> tuple[bytes, NDArray[np.int64]]:
    """The rows as CSV lines, and the end of each line."""
    buffer = io.BytesIO()
    rows.write_csv(buffer, include_header=False)
    lines = buffer.getvalue()
    ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == ord("\n")) + 1
    if len(ends) != rows.height:
        raise TableContractError(
            f"a dataset version's manifest: wanted one line a row, found {len(ends)} lines in {rows.height} rows"
        )
    return lines, ends


def _parse_csv(header: bytes, bodies: list[bytes]) -> pl.DataFrame:
    columns = header.decode().split(",")
    return pl.read_csv(b"".join([header, b"\n", *bodies]), schema=dict.fromkeys(columns, pl.String()))
