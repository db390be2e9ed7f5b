"""Tests of the baseline for images of several classes, of its cap, and of kinds that have none."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from given_candidates import InProcessDecoder, a_cycle_with_model

from pipeline_tasks.kinds.boxes.box_kind import BoxKind
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.multi_label.modelling import best_limit
from pipeline_tasks.kinds.multi_label.multi_label_kind import MultiLabelKind
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.training_data import simple_baseline
from pipeline_tasks.training_data.simple_baseline import SIMPLE_BASELINE, simple_predictions

DECODER: Any = InProcessDecoder()


def the_version(store: Store) -> tuple[Kind, pl.DataFrame, pl.DataFrame]:
    """Four training images and twelve test images, red bolts and green nuts."""
    cycle = a_cycle_with_model(store, None)
    rows = store.read(DatasetImage, cycle.cycle_id)
    return kind_of(cycle.project), rows.filter(pl.col("split") != "test"), rows.filter(pl.col("split") == "test")


def test_simple_predictions__of_several_classes_an_image_name_what_is_there(store: Store) -> None:
    _, training, test = the_version(store)
    both = [rows.with_columns(objects=pl.concat_list(pl.struct("class_name"))) for rows in (training, test)]
    kind = MultiLabelKind(("bolt", "nut"))

    found = simple_predictions(store, kind, DECODER, *both)

    assert found is not None
    assert kind.scoring.image_scores(kind.scoring.match(found, both[1], SIMPLE_BASELINE)).tolist() == [1.0] * 12


def test_simple_predictions__are_the_same_each_time(store: Store) -> None:
    first, second = (simple_predictions(store, *_given(the)) for the in [the_version(store)] * 2)

    assert first is not None
    assert second is not None
    assert first.equals(second)


def test_simple_predictions__learn_at_most_so_many_images(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, training, test = the_version(store)
    monkeypatch.setattr(simple_baseline, "MAX_IMAGES", 1)

    assert simple_predictions(store, kind, DECODER, training, test) is None, "one image has one class"


def test_simple_predictions__are_none_for_a_kind_without_a_linear_model_and_for_a_version_of_one_class(store: Store) -> None:
    kind, training, test = the_version(store)

    assert simple_predictions(store, BoxKind(("bolt", "nut")), DECODER, training, test) is None
    assert simple_predictions(store, kind, DECODER, training.filter(class_name="bolt"), test) is None
    assert simple_predictions(store, kind, DECODER, training.clear(), test) is None


def test_best_limit__is_where_f1_is_best() -> None:
    # Naming the first three finds both of two with one too many: F1 0.8; naming only the first: 2/3.
    assert best_limit(np.array([0.9, 0.5, 0.4, 0.1]), np.array([True, False, True, False])) == 0.4
    assert best_limit(np.array([0.9, 0.5]), np.array([False, False])) > 0.9


def _given(the: tuple[Kind, pl.DataFrame, pl.DataFrame]) -> tuple[Kind, Any, pl.DataFrame, pl.DataFrame]:
    return the[0], DECODER, the[1], the[2]
