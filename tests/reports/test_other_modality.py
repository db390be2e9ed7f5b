"""Tests of the report's part on images that are not of the modality that their source states."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from reports.test_process import DATA

from pipeline_tasks.reports.other_modality import SAYS, part
from pipeline_tasks.tables.sighting import Sighting

MODALITIES = {"scanner": "depth", "phones": "rgb"}
SEEN = pl.DataFrame(
    {
        "source": ["scanner"] * 3 + ["phones"],
        "key": ["b.png", "a.png", "c.png", "night.jpg"],
        "other_modality": ["colours", "colours", None, "no_colours"],
    }
)


def test_part__counts_and_names_images_of_another_modality_by_source() -> None:
    said = str(part(replace(DATA, rows={Sighting: SEEN}.get, modalities=MODALITIES)))

    for cells in (
        ("scanner", "depth", SAYS["colours"], "scanner:a.png, scanner:b.png", 2),
        ("phones", "rgb", SAYS["no_colours"], "phones:night.jpg", 1),
    ):
        assert all(f">{cell}<" in said for cell in cells)
    assert "c.png" not in said


def test_part__is_absent_where_all_images_are_as_stated() -> None:
    as_stated = SEEN.with_columns(other_modality=pl.lit(None, pl.String))

    assert part(replace(DATA, rows={Sighting: as_stated}.get, modalities=MODALITIES)) is None
    assert part(DATA) is None
