"""Tests of candidate and champion on slices of test: twelve test images, some of them golden, some recent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import polars as pl
import pytest
from given import an_open_cycle
from given_candidates import BAD, CONSTANT, GOOD, OF_FEW, InProcessDecoder, RecordingRegistry, a_dataset, an_exported_model
from given_deploying import BETTER, a_night_of

from pipeline_tasks.records.compare_with_champion import CompareWithChampionSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.stages.evaluate.compare_with_champion import compare_with_champion
from pipeline_tasks.stages.evaluate.evaluate_model import evaluate_model
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.metric import Metric
from pipeline_tasks.tables.slice_image import SliceImage

FIRST, SECOND = "2026-11-21", "2026-11-22"


def a_sliced_cycle(
    store: Store, content: bytes, cycle_id: str, golden: Sequence[int], recent: Sequence[int] = (), test: int = 12, **settings: Any
) -> Cycle:
    """A cycle with a model whose version has these of its test images sliced; they count by class (bolts first), then id."""
    cycle = an_open_cycle(store, cycle_id, **({"gates": OF_FEW} | settings))
    a_dataset(store, cycle, test)
    rows = store.read(DatasetImage, cycle_id).filter(split="test").sort("class_name", "image_id")["image_id"]
    named = [("golden", rows[one]) for one in golden] + [("recent", rows[one]) for one in recent]
    slices = pl.DataFrame(named, schema=["slice", "image_id"], orient="row")
    store.finish(cycle_id, "given", PromoteModelSummary(None), [(SliceImage, slices)])
    an_exported_model(store, cycle, content)
    return cycle


def outcome(store: Store, cycle: Cycle) -> tuple[EvaluateModelSummary, CompareWithChampionSummary]:
    return evaluate_model(store, cycle, InProcessDecoder(), RecordingRegistry()), compare_with_champion(store, cycle)


def test_evaluate_model__scores_golden_images_by_themselves_only(store: Store) -> None:
    cycle = a_sliced_cycle(store, GOOD, FIRST, golden=[0, 6], recent=[1, 2, 7])
    registry = RecordingRegistry()
    summary = evaluate_model(store, cycle, InProcessDecoder(), registry)
    assert (summary.test_images, summary.image_score) == (10, 1.0)
    assert {name: found["images"] for name, found in summary.slices.items()} == {"golden": 2, "recent": 3}
    assert (summary.slices["golden"]["accuracy"], summary.slices["golden"]["champion_accuracy"]) == (1.0, None)
    wilson = 2 / (2 + 1.96**2)  # the lower end of Wilson's interval of 2 right of 2
    assert summary.slices["golden"]["accuracy_low"] == pytest.approx(wilson, abs=1e-4)
    assert summary.slices["golden"]["balanced_accuracy"] is None
    images = dict(store.read(Metric, FIRST).filter(metric="accuracy").select("split", "images").iter_rows())
    assert images == {"test": 10, "golden": 2, "recent": 3}
    assert registry.metrics["golden_accuracy"] == 1.0
    assert asdict(evaluate_model(store, cycle, InProcessDecoder(), registry)) == asdict(summary)


def test_evaluate_model__scores_a_golden_set_of_one_class(store: Store) -> None:
    summary, compared = outcome(store, a_sliced_cycle(store, BAD, FIRST, golden=[0, 1, 2, 3, 4, 5], test=24))
    assert summary.slices["golden"]["accuracy"] == 0.0
    assert summary.slices["golden"]["balanced_accuracy"] == 0.0
    assert compared.slices["golden"]["candidate"] == 0.0


def test_evaluate_model__says_that_no_image_decides_if_all_test_images_are_golden(store: Store) -> None:
    summary, compared = outcome(store, a_sliced_cycle(store, GOOD, FIRST, golden=range(12)))
    assert summary.why == "The dataset version has no labelled test images outside its golden set."
    assert (summary.slices["golden"]["accuracy"], summary.score) == (1.0, None)
    assert (compared.decision, compared.test_images) == ("keep", 0)


def test_compare_with_champion__reports_the_golden_set_and_stops_nothing_by_default(store: Store) -> None:
    a_night_of(store, BETTER, FIRST, "1", RecordingRegistry())
    _, compared = outcome(store, a_sliced_cycle(store, GOOD, SECOND, golden=[0, 6], recent=[1]))
    assert compared.decision == "promote"
    assert compared.slices["golden"] == {
        "images": 2, "candidate": 1.0, "champion": 1.0, "difference": 0.0, "low": 0.0, "high": 0.0
    }  # fmt: skip
    assert (compared.slices["recent"]["images"], compared.golden_margin) == (1, None)


@pytest.mark.parametrize(("golden", "decision"), [([0, 6], "promote"), ([], "keep")])
def test_compare_with_champion__with_a_golden_margin_promotes_only_what_was_measured(
    store: Store, golden: list[int], decision: str
) -> None:
    a_night_of(store, BETTER, FIRST, "1", RecordingRegistry())
    gates = OF_FEW | {"golden_margin": 0.05}
    _, compared = outcome(store, a_sliced_cycle(store, GOOD, SECOND, golden=golden, recent=[1], gates=gates))
    assert (compared.decision, compared.golden_margin) == (decision, 0.05)


@pytest.mark.parametrize(("golden_margin", "decision"), [(None, "promote"), (0.05, "keep")])
def test_compare_with_champion__keeps_a_champion_that_is_better_on_the_golden_set(
    store: Store, golden_margin: float | None, decision: str
) -> None:
    """The candidate always predicts bolt, and the golden images are nuts; the margin on the rest of test allows that."""
    a_night_of(store, GOOD, FIRST, "1", RecordingRegistry())
    gates = {"margin": 1.0, "golden_margin": golden_margin}
    _, compared = outcome(store, a_sliced_cycle(store, CONSTANT, SECOND, golden=[6], gates=gates))
    assert compared.slices["golden"]["difference"] == -1.0
    assert compared.decision == decision
