"""Tests of the published form of labels with several objects."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timezone

import polars as pl
from datasets.test_objects_in_versions import BOLT, NUT, TURNED, a_kind, inputs
from given import image_id

from pipeline_tasks.datasets.manifest import freeze
from pipeline_tasks.datasets.publication import Described, image_paths, objects_csv, read_me

MANIFEST = freeze(inputs({"a": [BOLT, TURNED], "b": [], "c": [NUT]}), a_kind("bolt", "nut"))
ROWS = MANIFEST.rows.with_columns(file_format=pl.lit("JPEG"))
PATHS = image_paths(ROWS, by_name=False)


def test_paths__of_labels_that_are_more_than_a_name_have_no_folder_of_it() -> None:
    assert sorted(PATHS.values()) == sorted(f"train/{image_id(name)[:16]}.jpg" for name in "abc")
    assert any("/bolt/" in path for path in image_paths(ROWS).values())


def test_objects_csv__holds_each_object_of_the_version_by_path() -> None:
    lines = list(csv.DictReader(io.StringIO(objects_csv(MANIFEST.objects, PATHS))))

    assert [one["path"] for one in lines] == sorted(one["path"] for one in lines)
    assert sorted(one["class_name"] for one in lines) == ["bolt", "nut", "nut"]
    of_a = [one for one in lines if one["image_id"] == image_id("a")]
    assert [float(of_a[0][side]) for side in ("x_min_px", "width_px")] == [BOLT.x_min_px, BOLT.width_px]
    assert (of_a[0]["points_px"], json.loads(of_a[1]["points_px"]), of_a[1]["mask_rle"]) == ("", list(TURNED.corners_px), "")


def test_objects_csv__leaves_out_images_that_are_not_published() -> None:
    left = {name: path for name, path in PATHS.items() if name != image_id("a")}

    assert objects_csv(MANIFEST.objects, left).count("\n") == 2


def test_read_me__counts_an_image_for_each_class_that_it_has() -> None:
    described = Described(
        "parts",
        MANIFEST.dataset_id,
        "box",
        ("bolt", "nut"),
        datetime(2026, 11, 21, tzinfo=timezone.utc),
        False,
        "the share of them that agree with the label",
    )

    text = read_me(described, ROWS, MANIFEST.objects)

    assert "3 objects are in `objects.csv`" in text
    assert "| bolt | 1 |\n| nut | 2 |\n" in text
