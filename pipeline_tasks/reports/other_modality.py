"""Part of the report on images that are not of the modality that their source states."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, paragraph, table, together
from pipeline_tasks.reports.source_files import named
from pipeline_tasks.tables.sighting import Sighting

SAYS = {
    "colours": "have colours, as a photograph or a map in false colours; their levels are no values",
    "no_colours": "have no colours",
}
"""Value of `sightings.other_modality` → words for people."""


def part(data: CycleData) -> Html | None:
    """Number and names of these images, by source; they were taken in all the same."""
    sightings = data.rows(Sighting)
    if sightings is None:
        return None
    others = sightings.filter(pl.col("other_modality").is_not_null()).sort("source", "other_modality", "key")
    rows = [
        (str(source), data.modalities.get(str(source), ""), SAYS[str(found)], named(files), files.height)
        for (source, found), files in others.group_by(["source", "other_modality"], maintain_order=True)
    ]
    if not rows:
        return None
    note = paragraph("Images that were taken in and are not of the modality that their source's settings state:")
    return together([note, table(("source", "states", "these images", "for example", "count"), rows, numbers_from=4)])
