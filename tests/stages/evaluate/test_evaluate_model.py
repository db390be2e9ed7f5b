from __future__ import annotations

from collections.abc import Mapping
from itertools import count

import polars as pl
import pytest
from given import an_open_cycle
from given_candidates import BAD, CONSTANT, GOOD, InProcessDecoder, RecordingRegistry, a_cycle_with_model
from tiny_model import tiny_model

from pipeline_tasks.errors import CorruptObjectError, MissingStageError, ModelError, ServiceUnavailableError
from pipeline_tasks.stages.deploy.promote_model import promote_model
from pipeline_tasks.stages.evaluate.compare_with_champion import compare_with_champion
from pipeline_tasks.stages.evaluate.evaluate_model import evaluate_model
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.confusion import Confusion
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.metric import Metric
from pipeline_tasks.tables.prediction import Prediction

DECODER = InProcessDecoder()


def test_evaluate_model__scores_a_model_that_is_always_right(store: Store) -> None:
    cycle = a_cycle_with_model(store, GOOD)

    summary = evaluate_model(store, cycle, DECODER, RecordingRegistry())

    assert (summary.test_images, summary.test_groups) == (12, 12)
    assert (summary.score, summary.image_score, summary.baseline_score) == (1.0, 1.0, 0.5)
    assert summary.champion_digest is None
    assert store.read(Prediction, cycle.cycle_id).height == 12 * 2
    assert store.read(Confusion, cycle.cycle_id)["images"].to_list() == [6, 6]


def test_evaluate_model__writes_every_figure_with_its_bounds(store: Store) -> None:
    cycle = a_cycle_with_model(store, CONSTANT)

    evaluate_model(store, cycle, DECODER, RecordingRegistry())

    metrics = store.read(Metric, cycle.cycle_id)
    found = {(metric, name): value for metric, name, value in metrics.select("metric", "class_name", "value").iter_rows()}
    assert found["balanced_accuracy", ""] == 0.5
    assert found["recall", "bolt"] == 1.0
    assert found["recall", "nut"] == 0.0
    assert found["precision", "bolt"] == 0.5
    assert ("precision", "nut") not in found
    assert found["log_loss", ""] == pytest.approx(0.693, abs=0.01)
    assert metrics.filter(pl.col("low") > pl.col("value")).height == 0


def test_evaluate_model__measures_the_champion_on_the_same_images(store: Store) -> None:
    _promoted(store, GOOD)
    cycle = a_cycle_with_model(store, BAD, "2026-11-22")

    summary = evaluate_model(store, cycle, DECODER, RecordingRegistry())

    assert (summary.score, summary.champion_score) == (0.0, 1.0)
    assert summary.champion_dataset_cycle_id == "2026-11-21"
    assert store.read(Prediction, cycle.cycle_id)["model_digest"].n_unique() == 2


def test_evaluate_model__scores_a_candidate_that_is_the_champion_once(store: Store) -> None:
    _promoted(store, GOOD)
    cycle = a_cycle_with_model(store, GOOD, "2026-11-22")

    assert evaluate_model(store, cycle, DECODER, RecordingRegistry()).champion_score == 1.0
    assert store.read(Prediction, cycle.cycle_id)["model_digest"].n_unique() == 1


def test_evaluate_model__is_skipped_without_a_model(store: Store) -> None:
    cycle = a_cycle_with_model(store, None)

    assert evaluate_model(store, cycle, DECODER, RecordingRegistry()).skipped == "There is nothing new to learn from."
    assert not store.has(Prediction, cycle.cycle_id)


def test_evaluate_model__says_so_when_there_are_no_test_images(store: Store) -> None:
    cycle = a_cycle_with_model(store, GOOD, test=0)

    summary = evaluate_model(store, cycle, DECODER, RecordingRegistry())

    assert summary.skipped is None
    assert summary.why == "The dataset version has no labelled test images."
    assert summary.score is None


def test_evaluate_model__gives_no_balanced_figure_over_too_few_images(store: Store) -> None:
    cycle = a_cycle_with_model(store, GOOD, test=4)

    summary = evaluate_model(store, cycle, DECODER, RecordingRegistry())

    assert summary.classes_left_out == ["bolt", "nut"]
    assert (summary.score, summary.image_score) == (None, 1.0)


def test_evaluate_model__shows_its_figures_in_the_registry_on_every_try(store: Store) -> None:
    cycle, registries = a_cycle_with_model(store, GOOD), (RecordingRegistry(), RecordingRegistry())
    for registry in registries:
        evaluate_model(store, cycle, DECODER, registry)

    assert registries[0].metrics == registries[1].metrics
    assert registries[0].metrics["test_balanced_accuracy"] == 1.0
    assert "test_champion_balanced_accuracy" not in registries[0].metrics


class RememberingPlots:
    """A W&B that keeps plots in memory."""

    def __init__(self) -> None:
        self.plots: dict[str, bytes] = {}

    def log_plots(self, name: str, cycle_key: str, plots: Mapping[str, bytes]) -> None:
        self.plots = {f"{cycle_key} {one}": png for one, png in plots.items()}


class FullDisk(RememberingPlots):
    """A W&B whose folder cannot be written."""

    def log_plots(self, name: str, cycle_key: str, plots: Mapping[str, bytes]) -> None:
        raise ServiceUnavailableError("W&B: no space left on device")


def test_evaluate_model__gives_its_plots_to_both_trackers_on_every_try(store: Store) -> None:
    cycle, tries = a_cycle_with_model(store, GOOD), [(RecordingRegistry(), RememberingPlots()) for _ in range(2)]
    for registry, log in tries:
        evaluate_model(store, cycle, DECODER, registry, experiment_log=log)

    names = ["calibration.png", "confusion.png", "precision_recall.png"]
    for registry, log in tries:
        assert sorted(registry.plots) == names
        assert sorted(log.plots) == [f"parts/{cycle.cycle_id} {one}" for one in names]
        assert registry.plots == tries[0][0].plots, "the same bytes at each try"


def test_evaluate_model__tells_mlflow_though_wandb_cannot_be_written(store: Store) -> None:
    registry = RecordingRegistry()

    evaluate_model(store, a_cycle_with_model(store, GOOD), DECODER, registry, experiment_log=FullDisk())

    assert registry.plots
    assert registry.metrics


def test_evaluate_model__changes_nothing_when_it_runs_again(store: Store) -> None:
    cycle = a_cycle_with_model(store, GOOD)
    first = evaluate_model(store, cycle, DECODER, RecordingRegistry())
    sequence = store.state().sequence

    assert evaluate_model(store, cycle, DECODER, RecordingRegistry()) == first
    assert store.state().sequence == sequence


def test_evaluate_model__writes_the_same_bytes_from_the_same_start() -> None:
    keys = []
    for _ in range(2):
        store = Store(MemoryObjects())
        evaluate_model(store, a_cycle_with_model(store, GOOD), DECODER, RecordingRegistry())
        keys.append([file.key for table in (Prediction, Metric, Confusion) for file in store.files(table)])
    assert keys[0] == keys[1]


def test_evaluate_model__refuses_a_model_made_for_other_images(store: Store) -> None:
    cycle = a_cycle_with_model(store, tiny_model(recipe="c" * 64))

    with pytest.raises(ModelError, match="recipe"):
        evaluate_model(store, cycle, DECODER, RecordingRegistry())


def test_evaluate_model__refuses_an_original_that_changed(store: Store) -> None:
    cycle = a_cycle_with_model(store, GOOD)
    key = layout.original(store.history(Image)["md5"][0])
    store.objects.replace(key, b"rotten", store.objects.read(key).etag)

    with pytest.raises(CorruptObjectError):
        evaluate_model(store, cycle, DECODER, RecordingRegistry())


def test_evaluate_model__needs_an_exported_model(store: Store) -> None:
    with pytest.raises(MissingStageError, match="export_model"):
        evaluate_model(store, an_open_cycle(store), DECODER, RecordingRegistry())


def _promoted(store: Store, content: bytes) -> None:
    cycle = a_cycle_with_model(store, content)
    evaluate_model(store, cycle, DECODER, RecordingRegistry())
    compare_with_champion(store, cycle)
    assert promote_model(store, cycle, RecordingRegistry()).is_promoted


def test_evaluate_model__times_the_candidate_only_if_the_gate_has_a_rule_on_it(store: Store) -> None:
    ticks = count()
    timed = a_cycle_with_model(store, GOOD, gates={"margin": 0.05, "max_latency_ms": 20})

    with_rule = evaluate_model(store, timed, InProcessDecoder(), RecordingRegistry(), clock=lambda: next(ticks) / 100)
    untimed = a_cycle_with_model(store, GOOD, "2026-11-22")
    without = evaluate_model(store, untimed, InProcessDecoder(), RecordingRegistry(), clock=ticks.__next__)

    assert with_rule.latency_ms == pytest.approx(10)
    assert next(ticks) == 24, "twelve images, two looks at the clock each"
    assert without.latency_ms is None


def test_evaluate_model__compares_with_a_linear_model_on_colours_that_it_trains_itself(store: Store) -> None:
    # Red bolts and green nuts: their colours suffice, so a candidate that is always right is no better.
    right = evaluate_model(store, a_cycle_with_model(store, GOOD), DECODER, RecordingRegistry())
    wrong = evaluate_model(store, a_cycle_with_model(store, BAD, "2026-11-22"), DECODER, RecordingRegistry())

    # Its lower bound is that of models which agree on a dozen images: 1.96² / 12.
    assert (right.simple_score, right.simple_difference, right.simple_low) == (1.0, 0.0, pytest.approx(-0.32, abs=0.01))
    assert (wrong.simple_score, wrong.simple_difference) == (1.0, -1.0)


def test_evaluate_model__trains_no_linear_model_where_the_gate_does_not_ask(store: Store) -> None:
    cycle = a_cycle_with_model(store, GOOD, gates={"margin": 0.05, "rules": {"baseline": "off"}})

    assert evaluate_model(store, cycle, DECODER, RecordingRegistry()).simple_score is None


def test_compare_with_champion__says_that_a_candidate_is_no_better_than_colours_and_promotes_it(store: Store) -> None:
    cycle = a_cycle_with_model(store, GOOD)
    evaluate_model(store, cycle, DECODER, RecordingRegistry())

    compared = compare_with_champion(store, cycle)

    assert compared.decision == "promote"
    assert "Warning: not shown to be better than a simple baseline: a linear model on edges, colours" in compared.why
