"""Tests of the metric of texts, for models of one's own."""

from __future__ import annotations

import polars as pl
import pytest

from pipeline_tasks.evaluation.gate import Rule, decide
from pipeline_tasks.intervals.bootstrap import draw_groups
from pipeline_tasks.kinds.texts.labeling import TextLabeling
from pipeline_tasks.kinds.texts.scoring import text_scoring
from pipeline_tasks.kinds.texts.text_object import Text

SCORING, MODEL = text_scoring(TextLabeling()), "m" * 64
TRUTH = {"a": [Text("abcd")], "b": [], "c": [Text("xy")]}


def images(copies: int) -> pl.DataFrame:
    rows = [
        {
            "image_id": f"{number:03}{name}",
            "split_group_id": f"{number:03}{name}",
            "objects": [vars(TextLabeling().as_columns(one)) for one in said],
        }
        for number in range(copies)
        for name, said in TRUTH.items()
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def test_score__is_1_minus_the_character_error_and_beats_reading_nothing() -> None:
    rows = images(8)
    said = [[Text("abcx", confidence=0.5)] if "a" in one else [Text("xy")] if "c" in one else [] for one in rows["image_id"]]

    found = SCORING.match(SCORING.prediction_rows(MODEL, rows["image_id"].to_list(), said), rows, MODEL)
    draws = draw_groups(found.group_count, 100, 0)
    figures = {one.metric: one for one in SCORING.figures(found, SCORING.basis(found, 5), draws, 0.95)}

    assert figures["text_likeness"].value == pytest.approx((0.75 + 1 + 1) / 3)
    assert figures["exact_texts"].value == pytest.approx(2 / 3)
    assert SCORING.score(SCORING.baseline(found), SCORING.basis(found, 5), draws).value == pytest.approx(1 / 3)
    assert decide(SCORING, found, None, Rule(0.02, 0.95, 500, 5, seed=1)).is_promoted
