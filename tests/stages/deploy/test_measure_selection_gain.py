"""Tests of selection gain and cost of labels, from the tables of all nights."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from given import an_open_cycle, image_id
from given_heads import a_head
from given_images import BACKBONE, AnImage, record
from given_version import a_label

from pipeline_tasks.errors import MissingStageError, SettingsError
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.measure_selection_gain import MeasureSelectionGainSummary
from pipeline_tasks.records.select_images import SelectImagesSummary
from pipeline_tasks.settings import LabelingSettings
from pipeline_tasks.stages.deploy.measure_selection_gain import measure_selection_gain
from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version
from pipeline_tasks.storage.blobs.model_files import put_model
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.pre_annotation import PreAnnotation
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup

pytestmark = pytest.mark.slow


def a_labelled_night(
    store: Store, control: int = 30, chosen: int = 60, champion: bytes | None = None, *, is_twice: bool = False, **settings: Any
) -> Cycle:
    """Bolts at even numbers lie to the right, nuts at odd ones up; control images come first and go to the test split.

    Twice: people were asked for what was chosen on a night before.
    """
    different = dict.fromkeys(("min_hash_cosine", "min_embedding_cosine", "min_centred_cosine", "certain_cosine"), 1.0)
    cycle = an_open_cycle(store, duplicates=different | {"max_hash_distance": 0}, **settings)
    names = [f"image {number}" for number in range(control + chosen)]
    ids = [image_id(name) for name in names]
    generator = np.random.default_rng(0)
    vectors = [np.eye(8)[number % 2] + 0.2 * generator.normal(size=8) for number in range(len(names))]
    record(store, cycle.cycle_id, [AnImage(name, vector) for name, vector in zip(names, vectors, strict=True)])
    arms = ["control" if number < control else "strategy" for number in range(len(names))]
    picks = pl.DataFrame({"image_id": ids, "arm": arms})
    picks = picks.with_columns(rank=pl.int_range(pl.len()).over("arm") if is_twice else pl.int_range(pl.len())).with_columns(
        strategy=pl.lit("random"), score=0.0, reason=pl.lit("drawn")
    )
    splits = pl.DataFrame({"split_group_id": ids, "split": ["test" if arm == "control" else "train" for arm in arms]})
    digest = None if champion is None else put_model(store.objects, champion)
    summary = SelectImagesSummary(len(ids), {}, len(ids), len(ids), control, {}, {}, True, digest, "")
    groups = pl.DataFrame({"image_id": ids, "split_group_id": ids})
    writes = [(SelectedImage, picks), (SplitGroup, groups), (Split, splits.with_columns(policy=pl.lit("rest")))]
    if is_twice:
        earlier = an_open_cycle(store, "2026-11-20", **settings)
        store.finish(earlier.cycle_id, "select_images", summary, [(SelectedImage, picks.filter(arm="strategy"))])
        writes[0] = (SelectedImage, picks.filter(arm="control"))
    store.finish(cycle.cycle_id, "select_images", summary, writes)
    labels = a_label(ids, ["bolt" if number % 2 == 0 else "nut" for number in range(len(ids))], cycle.cycle_id) if ids else []
    store.finish(cycle.cycle_id, "resolve_labels", summary, labels)
    build_dataset_version(store, cycle)
    return cycle


def test_measure_selection_gain__compares_the_arms_and_counts_the_cost(store: Store) -> None:
    cycle = a_labelled_night(store, is_twice=True, labeling={"deadline_s": 60, "cost_per_hour": 36.0, "currency": "EUR"})
    found = measure_selection_gain(store, cycle)
    assert (found.why, found.labelled_drawn, found.labelled_chosen, found.test_images) == ("", 30, 60, 30)
    assert found.difference[1] <= 0 <= found.difference[2]
    assert found.chosen[0] > 0.9
    assert (found.labels, found.mean_chosen) == (24, 15.0)
    assert (found.hours, found.money, found.currency) == (pytest.approx(90 / 3600), pytest.approx(0.9), "EUR")


def test_measure_selection_gain__says_what_is_missing_and_still_counts_the_cost(store: Store) -> None:
    found = measure_selection_gain(store, a_labelled_night(store, control=4))
    assert found.why == "4 labelled images were drawn at random so far; at least 20 are needed."
    assert (found.hours, found.money) == (pytest.approx(64 / 3600), None)


def test_measure_selection_gain__before_the_first_label_says_so(store: Store) -> None:
    assert measure_selection_gain(store, a_labelled_night(store, 0, 0)).why == "No image is labelled yet."


def test_measure_selection_gain__counts_how_often_the_champion_was_wrong(store: Store) -> None:
    """A champion that always predicts bolt is wrong about the nuts, every second image."""
    champion = a_head(("bolt", "nut"), BACKBONE, np.zeros((2, 8)), np.array([1.0, 0.0]))
    found = measure_selection_gain(store, a_labelled_night(store, champion=champion))
    assert found.champion_wrong == {"strategy": [60, 30], "control": [30, 15]}


def test_measure_selection_gain__leaves_out_labels_of_people_who_saw_the_prediction(store: Store) -> None:
    """They are more likely to agree with it; here the champion's prediction of 20 nuts and 10 bolts was seen."""
    champion = a_head(("bolt", "nut"), BACKBONE, np.zeros((2, 8)), np.array([1.0, 0.0]))
    cycle = a_labelled_night(store, champion=champion)
    seen = [image_id(f"image {number}") for number in [*range(31, 71, 2), *range(30, 50, 2)]]
    rows = pl.DataFrame({"image_id": seen, "confidence": 0.9}).with_columns(round_id=pl.lit("r"), model_digest=pl.lit("c" * 64))
    store.finish(cycle.cycle_id, "given", cycle.arguments, [(PreAnnotation, rows.with_columns(arm=pl.lit("shown")))])

    assert measure_selection_gain(store, cycle).champion_wrong == {"strategy": [30, 10], "control": [30, 15]}


def test_measure_selection_gain__twice_gives_the_same_and_one_event(store: Store) -> None:
    cycle = a_labelled_night(store)
    first = measure_selection_gain(store, cycle)
    sequence = store.state().sequence
    assert (
        measure_selection_gain(store, cycle)
        == first
        == store.finished(cycle.cycle_id, "measure_selection_gain", MeasureSelectionGainSummary)
    )
    assert store.state().sequence == sequence


def test_measure_selection_gain__requires_the_dataset_version(store: Store) -> None:
    with pytest.raises(MissingStageError):
        measure_selection_gain(store, an_open_cycle(store))


def test_labeling_settings__require_a_currency_with_a_cost(store: Store) -> None:
    with pytest.raises(SettingsError, match="cost_per_hour and currency must be set together, or neither"):
        an_open_cycle(store, labeling={"deadline_s": 60, "cost_per_hour": 36.0})
    assert LabelingSettings(deadline_s=60).cost_per_hour is None
