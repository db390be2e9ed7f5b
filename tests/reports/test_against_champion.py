"""Tests of the gallery of test images on which candidate and champion differ."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from kinds.boxes.boxes_by_hand import predicted_rows, version_rows
from reports.test_process import DATA

from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.box_kind import BoxKind
from pipeline_tasks.kinds.classes.class_kind import ClassKind
from pipeline_tasks.kinds.multi_label.multi_label_kind import MultiLabelKind
from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.reports import against_champion
from pipeline_tasks.reports.against_champion import broken, fixed, section, still_wrong, two_predictions
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.page import render
from pipeline_tasks.tables.table import Table

RECORDS = CycleRecords((EvaluateModelSummary(skipped=None, model_digest="new", champion_digest="old"),))


def of_classes(images: dict[str, tuple[str, float, float]], split: str = "test") -> CycleData:
    """Image → its class, and the nut that the champion and the candidate see in it; the rest is a bolt."""
    rows = [
        {"model_digest": model, "image_id": image_id, "class_name": name, "probability": nut if name == "nut" else 1 - nut}
        for image_id, (_, old, new) in images.items()
        for model, nut in (("new", new), ("old", old))
        for name in ("bolt", "nut")
    ]
    manifest = {"image_id": list(images), "class_name": [one[0] for one in images.values()], "split": [split] * len(images)}
    return of_kind(ClassKind(("bolt", "nut")), pl.DataFrame(manifest | {"split_group_id": list(images)}), pl.DataFrame(rows))


def of_kind(kind: BoxKind | ClassKind | MultiLabelKind, images: pl.DataFrame, predictions: pl.DataFrame) -> CycleData:
    """An evaluated cycle with these predictions of `old` and `new`."""

    def rows(table: type[Table]) -> pl.DataFrame | None:
        """Only predictions."""
        return predictions if table is kind.scoring.prediction_table else None

    return replace(DATA, kind=kind, dataset_images=images, rows=rows, records=RECORDS)


SIX = of_classes(
    {
        "both right": ("nut", 0.9, 0.9),
        "broken by little": ("nut", 0.9, 0.4),
        "broken surely": ("nut", 0.9, 0.1),
        "fixed": ("nut", 0.2, 0.8),
        "fixed from a sure error": ("bolt", 0.99, 0.3),
        "still wrong": ("bolt", 0.6, 0.7),
    }
)


def test_two_predictions__are_fixed_broken_or_still_wrong_with_the_surest_errors_first() -> None:
    images = two_predictions(SIX)

    assert [one.image_id for one in fixed(images)] == ["fixed from a sure error", "fixed"]
    assert [one.image_id for one in broken(images)] == ["broken surely", "broken by little"]
    assert [one.image_id for one in still_wrong(images)] == ["still wrong"]


def test_section__shows_the_truth_and_both_models_with_their_confidences() -> None:
    text = str(section(SIX))

    assert "Of 6 test images the candidate fixes 2 and breaks 2; 1 are still wrong." in text
    assert "champion: nut 99.0 %, bolt 1.0 %" in text
    assert "candidate: bolt 70.0 %" in text
    assert text.count('class="card right"') == 2
    assert text.count('class="card wrong"') == 3


def test_section__shows_a_bounded_number_and_says_how_many_more() -> None:
    many = of_classes({f"{number:02d}": ("nut", 0.9, 0.1) for number in range(against_champion.MOST_CARDS + 3)})

    text = str(section(many))

    assert text.count("<figure") == against_champion.MOST_CARDS
    assert "and 3 more images" in text


def test_section__shows_no_image_of_another_split() -> None:
    assert section(of_classes({"seen in training": ("nut", 0.9, 0.1)}, split="train")) is None


def test_section__shows_an_image_of_a_class_that_no_model_knows_as_still_wrong() -> None:
    images = two_predictions(of_classes({"a": ("washer", 0.9, 0.8), "b": ("nut", 0.9, 0.8)}))

    assert [(one.image_id, one.candidate.says) for one in still_wrong(images)] == [("a", "nut 80.0 %")]


def test_report__of_a_first_night_has_no_such_section_and_does_not_miss_it() -> None:
    first = CycleRecords((EvaluateModelSummary(skipped=None, model_digest="new"),))

    page = render(replace(SIX, records=first))

    assert "against_champion" not in page.sections
    assert "against_champion" not in page.missing


def test_section__draws_labels_and_both_detectors_where_they_differ_most() -> None:
    gear = Box("gear", 100, 100, 200, 100)
    said = {"old": [[replace(gear, confidence=0.9)], []], "new": [[replace(gear, x_min_px=110, confidence=0.8)], [gear]]}
    said["new"][1] = [replace(gear, confidence=0.7)]
    predictions = pl.concat([predicted_rows(of).with_columns(model_digest=pl.lit(model)) for model, of in said.items()])
    images = version_rows([[gear], [gear]]).with_columns(split=pl.lit("test"))

    data = of_kind(BoxKind(("gear",)), images, predictions)

    first, second = images["image_id"]
    found = two_predictions(data)
    assert [one.image_id for one in fixed(found)] == [second]
    assert [one.image_id for one in broken(found)] == [first]
    assert {one.image_id: one.candidate.truth for one in found} == {first: "1 × gear", second: "1 × gear"}
    text = str(section(data))
    assert [text.count(f'class="shape {one}') for one in ("label", "prediction", "champion")] == [2, 2, 1]
    assert "champion: 1 missed (0.00)" in text
    assert "the candidate is better than the champion on 1 and worse on 1; on 0 both score less than one half." in text
    assert "blue and dotted" in text


def test_section__reads_several_classes_with_what_is_missed() -> None:
    objects = pl.Series([[{"class_name": "nut"}, {"class_name": "bolt"}]], dtype=pl.List(pl.Struct({"class_name": pl.String})))
    images = pl.DataFrame({"image_id": ["a"], "split": ["test"], "split_group_id": ["a"], "class_name": [None], "objects": objects})
    said = {"old": {"bolt": 0.9, "nut": 0.8}, "new": {"bolt": 0.9, "nut": 0.3}}
    rows = [
        {"model_digest": model, "image_id": "a", "class_name": name, "probability": value}
        for model, of in said.items()
        for name, value in of.items()
    ]

    (one,) = broken(two_predictions(of_kind(MultiLabelKind(("bolt", "nut")), images, pl.DataFrame(rows))))

    assert one.candidate.truth == "bolt, nut"
    assert one.candidate.says == "bolt with 90.0 %; missed nut with 30.0 %"
    assert one.candidate.confidence == 0.7
    assert (one.candidate_score, one.champion_score) == (0.5, 1.0)
