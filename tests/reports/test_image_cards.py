"""Tests of the images that cards of a report may show."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from reports.test_process import DATA

from pipeline_tasks.reports.cycle_data import no_rows
from pipeline_tasks.reports.image_cards import image_card, shown_images

VERSION = pl.DataFrame({"image_id": ["a" * 64, "b" * 64, "c" * 64], "split": ["train", "test", "test"]})


def test_shown_images__are_also_test_images_without_a_prediction() -> None:
    data = replace(
        DATA, dataset_images=VERSION, rows={DATA.kind.scoring.prediction_table: pl.DataFrame({"image_id": ["b" * 64]})}.get
    )

    assert shown_images(data) == {"b" * 64, "c" * 64}
    assert shown_images(replace(data, rows=no_rows)) == frozenset()


def test_image_card__names_the_file_of_an_image_or_says_that_it_is_not_known() -> None:
    files = {"c" * 64: "line_1:2026/11/c.jpg"}

    assert "c.jpg" in str(image_card(replace(DATA, files=files), "c" * 64))
    assert "file not known" in str(image_card(DATA, "c" * 64))
