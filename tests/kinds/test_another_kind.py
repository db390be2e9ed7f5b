"""Tests that another label kind works in all packages without an edit to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import given
import numpy as np
import polars as pl
import pytest
from kinds.a_text_kind import Text, TextMatches
from reports.test_process import DATA

from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.annotations.parsing import AnnotationRevision, TaskContext, annotation_rows, object_rows, read_annotation
from pipeline_tasks.annotations.resolving import LabelsVersion, meanings, resolve
from pipeline_tasks.datasets.manifest import ManifestInputs, freeze
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.evaluation.gate import Rule, decide
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.reports.kind_sections import drawn, kind_sections

PROJECT = given.a_project(label_kind="kinds.a_text_kind:TextKind", classes=[], labels={"longest": 20})
KIND = kind_of(PROJECT)
IMAGE = given.image_id(1)


def typed(person: int, text: str) -> AnnotationRevision:
    fields: dict[str, Any] = {"id": person, "completed_by": person, "updated_at": given.STARTED_AT.isoformat()}
    fields |= {"result": [{"type": "textarea", "value": {"text": [text]}}]}
    return read_annotation(fields, TaskContext("parts", KIND.labeling, 7, "e" * 64, "parts-1", IMAGE))


def test_another_kind__is_asked_answered_and_agreed_on_without_equal_answers() -> None:
    annotations = [typed(1, "AB-1234"), typed(2, "AB-1284"), typed(3, "AB-1239")]
    rows = annotation_rows(annotations), object_rows(annotations, KIND.labeling)
    labels, objects = resolve([IMAGE], *rows, KIND.labeling, LabelsVersion("2026-11-21", "d" * 64))

    assert "<TextArea" in label_form(KIND, "What is printed on it?").xml
    assert labels["state"].to_list() == ["labelled"]
    assert objects.select("label_kind", "text", "class_name").rows() == [("text", "AB-1234", None)]
    assert meanings(labels, objects, KIND.labeling) == {IMAGE: ("labelled", (Text("AB-1234"),))}


def test_another_kind__is_frozen_into_a_version_of_its_own_name() -> None:
    objects = object_rows([typed(1, "AB-1234")], KIND.labeling).drop("annotation_id", "revision")
    groups = pl.DataFrame({"image_id": [IMAGE], "split_group_id": [given.image_id("g")]})
    inputs = ManifestInputs(
        labels=pl.DataFrame({"image_id": [IMAGE], "state": ["labelled"]}),
        label_objects=objects.with_columns(image_id=pl.lit(IMAGE)),
        split_groups=groups,
        splits=groups.select("split_group_id", split=pl.lit("train")),
    )

    manifest = freeze(inputs, KIND)

    assert manifest.rows.select("label_kind", "class_name").rows() == [("text", None)]
    assert manifest.left_out == {}


def test_another_kind__is_judged_by_its_own_score_with_the_same_gate() -> None:
    groups = np.arange(40)
    better, worse = TextMatches(np.full(40, 0.9), groups), TextMatches(np.linspace(0.3, 0.7, 40), groups)

    decision = decide(KIND.scoring, better, worse, Rule(0.02, 0.95, 500, 5, seed=1))

    assert decision.why.startswith(
        "Promoted: not worse than the champion by more than 2 points. Likeness 90.0 % against 50.0 %, a difference of +40.0 points"
    )
    first = decide(KIND.scoring, worse, None, Rule(0.02, 0.95, 500, 5, seed=1))
    assert first.why.startswith("Promoted: better than an empty text.")


def test_another_kind__has_its_own_sections_in_the_report() -> None:
    data = replace(DATA, kind=KIND)
    (section,) = kind_sections(data)

    assert (section.anchor, section.title) == ("misread", "Misread")
    assert "Nothing was misread." in str(drawn(section, data))


def test_unknown_kind__is_refused_with_the_known_ones() -> None:
    with pytest.raises((SettingsError, ValueError), match="unknown label kind 'boxes'"):
        given.a_project(label_kind="boxes")
