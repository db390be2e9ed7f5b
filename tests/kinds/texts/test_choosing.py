"""Tests of the names that stand for the texts of an image."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.kinds.shown_names import shown_names
from pipeline_tasks.kinds.texts.text_kind import TextKind


def test_shown_names__tell_images_with_a_text_from_those_without() -> None:
    objects = [[{"class_name": None, "text": "AB-1"}, {"class_name": None, "text": "AB-2"}], []]
    shown = shown_names(TextKind(), pl.DataFrame({"split": ["train", "test"], "objects": objects}))

    assert shown.rows() == [("train", "text"), ("test", "nothing written")]
