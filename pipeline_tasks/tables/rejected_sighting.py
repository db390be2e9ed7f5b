"""Files that are not usable images, with the reason."""

from __future__ import annotations

import dataframely as dy

from pipeline_tasks.tables.table import Table
from pipeline_tasks.upgrades.form import Change

REASONS = (
    "empty",
    "not_an_image",
    "unsupported_format",
    "truncated",
    "corrupt",
    "too_many_pixels",
    "too_many_bytes",
    "took_too_long",
    "took_too_much_memory",
    "decoder_crashed",
    "md5_collision",
    "erased",
    "vanished",
    "unreadable",
    "changed_while_reading",
    "unclear_bit_depth",
)
"""Closed list of reasons. `vanished`, `unreadable` and `changed_while_reading` concern the source, the others the bytes.
`erased`: the image was erased and is not taken in again. `unclear_bit_depth`: read again when the source's `bit_depth` is set."""


class RejectedSighting(Table):
    """One refused file. It stays in the source and is not read again until it changes."""

    table_name = "rejected_sightings"
    changes = (Change("0.2.0"),)

    source = dy.String(primary_key=True)
    key = dy.String(primary_key=True)
    object_version = dy.String(primary_key=True)
    size_bytes = dy.Int64()
    reason = dy.Enum(REASONS)
    #: Sentence for people: what was found and what was wanted.
    detail = dy.String()
