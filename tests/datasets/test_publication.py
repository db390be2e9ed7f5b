"""Paths, labels and page of a published version."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timezone
from typing import Any

import polars as pl
import pytest
from given import image_id

from pipeline_tasks.datasets.publication import Described, folder_name, image_paths, labels_csv, read_me


def a_row(one: str, class_name: str | None = "bolt", **more: Any) -> dict[str, Any]:
    about = {"label_kind": "class", "label_digest": "d" * 64, "labels_version": "2026-11-21", "votes": 2, "agreement_ratio": 1.0}
    size = {"width_px": 3, "height_px": 4, "orientation": 6, "annotators": ["p1", "p2"], "file_format": "JPEG"}
    return {"image_id": one, "split": "train", "class_name": class_name, **about, **size, **more}


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, infer_schema_length=None)


def test_image_paths__are_split_class_and_the_beginning_of_the_id() -> None:
    one = image_id(1)

    assert image_paths(frame(a_row(one))) == {one: f"train/bolt/{one[:16]}.jpg"}
    assert image_paths(frame(a_row(one, None, file_format="TIFF", split="test"))) == {one: f"test/{one[:16]}.tif"}


def test_image_paths__never_give_two_images_one_name() -> None:
    one, other = "a" * 16 + "b" * 48, "a" * 16 + "c" * 48

    assert image_paths(frame(a_row(one), a_row(other))) == {one: f"train/bolt/{one}.jpg", other: f"train/bolt/{other}.jpg"}


@pytest.mark.parametrize(
    ("class_name", "wanted"),
    [
        ("bolt M6 (long)", "bolt M6 (long)"),
        ("Größe", "Größe"),
        ("../up", "%2E.%2Fup"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("50%", "50%25"),
        ("a/b\\c:d*", "a%2Fb%5Cc%3Ad%2A"),
        ("end.", "end%2E"),
        ("end ", "end%20"),
        ("new\nline", "new%0Aline"),
    ],
)
def test_folder_name__is_safe_on_any_system(class_name: str, wanted: str) -> None:
    assert folder_name(class_name) == wanted


def test_labels_csv__is_one_line_an_image_sorted_by_path() -> None:
    rows = frame(a_row(image_id(1), 'a "nut", big'), a_row(image_id(2), "bolt", annotators=None, votes=None))

    text = labels_csv(rows, image_paths(rows))

    read = list(csv.DictReader(io.StringIO(text)))
    assert [one["image_id"] for one in read] == [image_id(1), image_id(2)]
    assert read[0]["path"] == f"train/a %22nut%22, big/{image_id(1)[:16]}.jpg"
    assert (read[0]["class_name"], read[0]["annotators"], read[0]["votes"]) == ('a "nut", big', "p1;p2", "2")
    assert (read[1]["annotators"], read[1]["votes"], read[1]["orientation"]) == ("", "", "6")
    assert text.count("\n") == 3


@pytest.mark.parametrize(("is_canonical", "wanted"), [(False, "byte for byte"), (True, "already oriented, without EXIF")])
def test_read_me__counts_and_says_which_images_these_are(is_canonical: bool, wanted: str) -> None:
    described = Described(
        "parts",
        "9" * 64,
        "class",
        ("bolt", "nut"),
        datetime(2026, 11, 21, tzinfo=timezone.utc),
        is_canonical,
        "the share of them that agree with the label",
    )

    page = read_me(described, frame(a_row(image_id(1)), a_row(image_id(2), split="test")))

    assert "| train | 1 |" in page
    assert "| bolt | 2 |" in page
    assert "| nut |" not in page
    assert wanted in page
    assert "`agreement_ratio` is the share of them that agree with the label.\n" in page
