"""Tests of the gate on the quality of labels, with agreements that can be averaged by hand."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from pipeline_tasks.datasets.label_quality import QualityRule, label_quality, why_gold_does_not_suffice
from pipeline_tasks.kinds.agreement import AgreementMeasure

RULE = QualityRule(None, confidence=0.95, samples=500, seed=7)
IOU = AgreementMeasure("mean IoU")
NO_GROUPS = pl.DataFrame(schema={"image_id": pl.String, "split_group_id": pl.String})


def labels(*rows: tuple[str, str, int, float]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["image_id", "state", "votes", "agreement_ratio"], orient="row")


SHARED = labels(
    ("a", "labelled", 3, 0.9),
    ("b", "empty", 2, 1.0),
    ("c", "unsure", 3, 0.5),
    ("d", "labelled", 1, 1.0),
    ("e", "unmatched", 0, 0.0),
)


def test_label_quality__is_the_mean_over_images_with_several_votes_and_counts_unsure_ones() -> None:
    found = label_quality(SHARED, NO_GROUPS, IOU, RULE)

    assert (found.images, found.agreement, found.is_kept) == (3, pytest.approx(0.8), None)
    assert found.low is not None
    assert found.high is not None
    assert 0.5 <= found.low < 0.8 < found.high <= 1
    assert found.says == (
        f"Labels of 3 images that several people annotated: mean IoU with the label 0.80 ({found.low:.2f} to {found.high:.2f}); "
        "gates.min_agreement is not set, so this is only stated."
    )


def test_label_quality__is_judged_by_the_lower_end_of_its_interval() -> None:
    many = labels(*((str(number), "labelled", 2, 0.7 + 0.2 * (number % 2)) for number in range(100)))

    kept, held = (label_quality(many, NO_GROUPS, IOU, replace(RULE, min_agreement=limit)) for limit in (0.77, 0.8))

    assert (kept.is_kept, held.is_kept) == (True, False)
    assert kept.says.endswith("; at least 0.77, as gates.min_agreement asks.")
    assert "; not shown to be at least 0.8 (gates.min_agreement). Correct the annotations that differ in Label Studio" in held.says


def test_label_quality__of_one_group_of_like_images_is_less_sure() -> None:
    many = labels(*((str(number), "labelled", 2, 0.7 + 0.2 * (number % 10 < 5)) for number in range(100)))
    groups = many.select("image_id", split_group_id=pl.col("image_id").str.slice(-1))

    alone, together = label_quality(many, NO_GROUPS, IOU, RULE), label_quality(many, groups, IOU, RULE)

    assert alone.low is not None
    assert together.low is not None
    assert together.low < alone.low


def test_label_quality__of_full_agreement_on_few_images_is_not_certain() -> None:
    found = label_quality(labels(("a", "labelled", 2, 1.0), ("b", "empty", 2, 1.0)), NO_GROUPS, AgreementMeasure(), RULE)

    assert (found.agreement, found.high) == (1, 1)
    assert found.low is not None
    assert found.low < 0.5
    assert "100 % agree (" in found.says


def test_label_quality__without_images_of_several_people_holds_if_a_limit_is_set() -> None:
    alone = labels(("d", "labelled", 1, 1.0))

    assert label_quality(alone, NO_GROUPS, IOU, RULE).is_kept is None
    held = label_quality(alone, NO_GROUPS, IOU, replace(RULE, min_agreement=0.6))
    assert (held.is_kept, held.agreement) == (False, None)
    assert "gates.min_agreement 0.6 needs some (labeling.overlap_ratio)" in held.says


def test_gold__holds_training_below_its_limit_and_says_what_to_do() -> None:
    assert (
        why_gold_does_not_suffice(9, 10, None)
        == why_gold_does_not_suffice(8, 10, 0.9)
        == why_gold_does_not_suffice(2, 3, 0.9)
        == why_gold_does_not_suffice(0, 0, 0.9)
        == ""
    )
    said = why_gold_does_not_suffice(6, 10, 0.9)
    assert said.startswith("the gate on label quality holds. 6 of 10 annotations of gold images in this round are right")
    assert "gates.min_gold_accuracy 0.9" in said
    assert "correct this round's annotations in Label Studio" in said
