"""Score candidate and champion on the test images of the candidate's dataset version.

Both predict as the prediction server does: the exported file, on the canonical image of the original bytes, one at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from pipeline_tasks.clients.mirrors import mirroring
from pipeline_tasks.datasets.slices import members_of, without_golden
from pipeline_tasks.evaluation.found_slices.colours import colour_shift
from pipeline_tasks.evaluation.gate import Rule, decide
from pipeline_tasks.evaluation.latency import median_ms
from pipeline_tasks.evaluation.predict import predict
from pipeline_tasks.evaluation.scorecard import Scorecard, score, slice_figures
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.kinds.scoring import Matches, Scoring
from pipeline_tasks.plots.drawing import as_png
from pipeline_tasks.plots.of_cycle import plots_of_cycle
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.export_model import ExportModelSummary
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.slice_search.searching import Searched, search_of, search_slices
from pipeline_tasks.storage.history.mirrored_models import cycle_key, evaluation_metrics
from pipeline_tasks.storage.history.store import Store, Write
from pipeline_tasks.storage.versions.version_rows import version_rows
from pipeline_tasks.tables.corruption_score import CorruptionScore
from pipeline_tasks.tables.found_slice import FoundSlice, FoundSliceImage
from pipeline_tasks.tables.metric import Metric
from pipeline_tasks.tables.slice_image import SliceImage
from pipeline_tasks.tables.table import Rows, empty
from pipeline_tasks.test_runs.inputs import Inputs, inputs_of, open_model
from pipeline_tasks.test_runs.through_corruptions import measure_corruptions
from pipeline_tasks.training_data.simple_baseline import SIMPLE_BASELINE, simple_predictions

if TYPE_CHECKING:
    from pipeline_tasks.clients.mlflow_runs import TrackedRun
    from pipeline_tasks.decoding.decoder import Decoder

STAGE = "evaluate_model"
TIMED_IMAGES = 30


class MetricRegistry(Protocol):
    """Calls to the model registry."""

    def run(self, run_id: str) -> TrackedRun:
        """The training's run."""
        ...

    def log_epoch_metrics(self, run: TrackedRun, epochs: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        """Log metrics; a repeated point is not doubled."""
        ...

    def log_plots(self, run: TrackedRun, plots: Mapping[str, bytes]) -> None:
        """Put files into the run's folder; a repeated one is replaced."""
        ...


class PlotLog(Protocol):
    """Calls to W&B."""

    def log_plots(self, name: str, cycle_key: str, plots: Mapping[str, bytes]) -> None:
        """Log PNG files as images of the cycle."""
        ...


def evaluate_model(
    store: Store,
    cycle: Cycle,
    decoder: Decoder,
    model_registry: MetricRegistry,
    *,
    is_last_try: bool = False,
    clock: Callable[[], float] = time.perf_counter,
    experiment_log: PlotLog | None = None,
) -> EvaluateModelSummary:
    """Predict every labelled test image with candidate and champion, and score both, also on each slice.

    Images of the golden set count in their own slice only. `clock` times the candidate, if the gate has a rule on it.

    Raises:
        MissingStageError: the cycle has exported no model yet.
        CorruptObjectError: an original or a model was changed in the store.
        RejectedFileError: an original can no longer be decoded.
        ModelError: a model uses another resize recipe.
        ServiceUnavailableError: the registry does not respond; the figures are recorded, and a retry logs them there. The last
            try ends without; `promote_model` shows candidate and champion there, also after a run was deleted.
    """
    summary = store.finished(cycle.cycle_id, STAGE, EvaluateModelSummary) or _evaluate(store, cycle, decoder, clock)
    if summary.score is not None:
        with mirroring([], is_last_try=is_last_try):
            _mirror(store, cycle, summary, model_registry, experiment_log)
    return summary


def _evaluate(store: Store, cycle: Cycle, decoder: Decoder, clock: Callable[[], float]) -> EvaluateModelSummary:
    """Measure once, and record it."""
    exported = store.summary(cycle.cycle_id, ExportModelSummary)
    if exported.skipped:
        return store.finish(cycle.cycle_id, STAGE, EvaluateModelSummary(skipped=exported.skipped))
    summary, scoring = _what_is_compared(store, cycle, exported.model_digest), kind_of(cycle.project).scoring
    test_images = _test_images(store, summary, scoring)
    if not test_images.height:
        return store.finish(cycle.cycle_id, STAGE, replace(summary, why="The dataset version has no labelled test images."))
    predictions, colours = _predict(store, decoder, summary, test_images)
    summary = replace(summary, latency_ms=_latency_ms(store, cycle, decoder, summary, test_images, clock))
    slices, dataset_id = _slices(store, summary), summary.dataset_id or ""
    cards = {name: _score(cycle, summary, predictions, rows) for name, rows in members_of(test_images, slices).items()}
    summary = replace(summary, slices={name: slice_figures(card, summary.champion_digest) for name, card in cards.items()})
    writes: list[Write] = [(scoring.prediction_table, predictions)]
    representative = without_golden(test_images, slices)
    if representative.height:
        cards["test"] = _score(cycle, summary, predictions, representative)
        summary = _with_headline(summary, cards["test"])
        summary = _with_baseline(store, cycle, decoder, summary, cards["test"].candidate, representative)
        writes += cards["test"].details()
        searched = _search(store, cycle, cards["test"], representative["image_id"], colours)
        summary, writes = _through_corruptions(store, cycle, decoder, summary, representative, writes)
        if searched is not None:
            summary = replace(summary, slices_looked_at=searched.looked_at, found_slices=searched.words)
            writes += zip((FoundSlice, FoundSliceImage), searched.rows(), strict=True) if searched.found else []
    else:
        summary = replace(summary, why="The dataset version has no labelled test images outside its golden set.")
    metrics = pl.concat([card.metric_rows(dataset_id, name) for name, card in cards.items()])
    return store.finish(cycle.cycle_id, STAGE, summary, [*writes, (Metric, metrics)])


def _slices(store: Store, summary: EvaluateModelSummary) -> Rows[SliceImage]:
    """Slices that were frozen with the version."""
    cycle_id = summary.dataset_cycle_id or ""
    return store.read(SliceImage, cycle_id) if store.has(SliceImage, cycle_id) else empty(SliceImage)


def _what_is_compared(store: Store, cycle: Cycle, model_digest: str | None) -> EvaluateModelSummary:
    """Summary with the models to compare and their training versions."""
    version = store.summary(cycle.cycle_id, BuildDatasetVersionSummary)
    champion = store.state().champion
    trained = None if champion is None else store.find_summary(champion.cycle_id, EvaluateModelSummary)
    return EvaluateModelSummary(
        skipped=None,
        model_digest=model_digest,
        dataset_id=version.dataset_id,
        dataset_cycle_id=version.dataset_cycle_id,
        champion_digest=None if champion is None else champion.model_digest,
        champion_dataset_cycle_id=None if trained is None else trained.dataset_cycle_id,
    )


def _test_images(store: Store, summary: EvaluateModelSummary, scoring: Scoring[Any]) -> pl.DataFrame:
    """Labelled test images, in the order of their ids."""
    assert summary.dataset_cycle_id is not None
    manifest = version_rows(store, summary.dataset_cycle_id, has_sizes=True)
    return scoring.with_truth(manifest.filter(pl.col("split") == "test")).sort("image_id")


def _digests(summary: EvaluateModelSummary) -> list[str]:
    """Models to score, the candidate first; only one if it is the champion itself."""
    return list(dict.fromkeys(digest for digest in (summary.model_digest, summary.champion_digest) if digest))


def _predict(
    store: Store, decoder: Decoder, summary: EvaluateModelSummary, test_images: pl.DataFrame
) -> tuple[pl.DataFrame, dict[str, dict[str, float]]]:
    """Predictions of every model on every test image, from the original bytes; and the colour shift of each image."""
    colours: dict[str, dict[str, float]] = {}
    models = {digest: open_model(store, digest) for digest in _digests(summary)}
    read = inputs_of(store, decoder, models, test_images["image_id"])

    def images_of(image_id: str) -> Inputs:
        """The images for the models, whose colours are noted."""
        found = read(image_id)
        colours[image_id] = colour_shift(next(iter(found[0].values())))
        return found

    return predict(models, test_images["image_id"].to_list(), images_of), colours


def _through_corruptions(
    store: Store, cycle: Cycle, decoder: Decoder, summary: EvaluateModelSummary, test_images: pl.DataFrame, writes: list[Write]
) -> tuple[EvaluateModelSummary, list[Write]]:
    """Add figures on corrupted images of a sample, if the gate has a rule on them."""
    gates = cycle.project.gates
    if gates.corruption_margin is None or gates.rules.of("corruption") == "off":
        return summary, writes
    sample, models = test_images.head(gates.corruption_images), {one: open_model(store, one) for one in _digests(summary)}
    read = inputs_of(store, decoder, models, sample["image_id"])
    images = {image_id: read(image_id) for image_id in sample["image_id"]}
    found = measure_corruptions(models, images, sample, kind_of(cycle.project).scoring, _rule(cycle))
    summary = replace(
        summary,
        corruption_images=found.images,
        corruption_score=found.score,
        corruption_champion=found.champion_score,
        corruption_difference=found.difference,
        corruption_low=found.low,
        corruption_high=found.high,
    )
    return summary, [*writes, (CorruptionScore, found.rows)]


def _search(
    store: Store, cycle: Cycle, card: Scorecard, image_ids: pl.Series, colours: Mapping[str, Mapping[str, float]]
) -> Searched | None:
    """Slices on which the models err more than elsewhere; None if the project does not ask for them."""
    search = search_of(cycle.project.gates, derive_seed(cycle.seed, "found_slices"))
    if search is None:
        return None
    scores = [card.scoring.image_scores(one) for one in card.matches.values()]
    return search_slices(store, image_ids, card.candidate.groups, scores, colours, search)


def _latency_ms(
    store: Store,
    cycle: Cycle,
    decoder: Decoder,
    summary: EvaluateModelSummary,
    test_images: pl.DataFrame,
    clock: Callable[[], float],
) -> float | None:
    """Time of the candidate for an image; None unless the gate has a rule on it."""
    gates = cycle.project.gates
    if gates.max_latency_ms is None or gates.rules.of("latency") == "off":
        return None
    model, image_ids = open_model(store, _digests(summary)[0]), test_images["image_id"].head(1 + TIMED_IMAGES)
    made = list(map(inputs_of(store, decoder, {"": model}, image_ids), image_ids))
    return median_ms(lambda one: model.objects(one[0][""], one[1]), made, clock)


def _score(cycle: Cycle, summary: EvaluateModelSummary, predictions: pl.DataFrame, test_images: pl.DataFrame) -> Scorecard:
    gates, scoring = cycle.project.gates, kind_of(cycle.project).scoring
    return score(
        scoring,
        {digest: scoring.match(predictions, test_images, digest) for digest in _digests(summary)},
        min_images=gates.min_test_images_per_class,
        samples=gates.bootstrap_samples,
        confidence=gates.confidence,
        seed=derive_seed(cycle.seed, "bootstrap"),
    )


def _with_headline(summary: EvaluateModelSummary, scorecard: Scorecard) -> EvaluateModelSummary:
    """Add the main figures to the summary."""
    own, rival = scorecard.overall(summary.model_digest), scorecard.overall(summary.champion_digest)
    names = scorecard.scoring.names
    found, baseline, champion = own.get(names.metric), own.get(names.baseline_metric), rival.get(names.metric)
    return replace(
        summary,
        test_images=scorecard.candidate.images,
        test_groups=scorecard.candidate.group_count,
        classes_left_out=list(scorecard.left_out),
        score=found.value if found else None,
        score_low=found.low if found else None,
        score_high=found.high if found else None,
        image_score=own[names.image_metric].value,
        baseline_score=baseline.value if baseline else None,
        champion_score=champion.value if champion else None,
        figures={name: figure.value for name, figure in own.items() if name not in names.of_summary},
    )


def _with_baseline(
    store: Store, cycle: Cycle, decoder: Decoder, summary: EvaluateModelSummary, candidate: Matches, test_images: pl.DataFrame
) -> EvaluateModelSummary:
    """Add the comparison with a linear model that is trained on the same version, unless the gate does not ask for it."""
    gates, kind = cycle.project.gates, kind_of(cycle.project)
    if gates.rules.of("baseline") == "off":
        return summary
    version = kind.scoring.with_truth(version_rows(store, summary.dataset_cycle_id or ""))
    predictions = simple_predictions(store, kind, decoder, version.filter(pl.col("split") != "test"), test_images)
    if predictions is None:
        return summary
    simple = kind.scoring.match(predictions, test_images, SIMPLE_BASELINE)
    found = decide(kind.scoring, candidate, simple, _rule(cycle))
    return replace(
        summary,
        simple_score=found.rival_score,
        simple_difference=found.difference,
        simple_low=found.low,
        simple_high=found.high,
    )


def _mirror(
    store: Store, cycle: Cycle, summary: EvaluateModelSummary, model_registry: MetricRegistry, experiment_log: PlotLog | None
) -> None:
    """Log the main figures and the plots beside the training's own; logging them again changes nothing."""
    run_id, kind = store.summary(cycle.cycle_id, TrainModelSummary).mlflow_run_id, kind_of(cycle.project)
    plots = {f"{one.name}.png": as_png(one) for one in plots_of_cycle(store, cycle.cycle_id, kind)}
    if experiment_log is not None and plots:
        with mirroring([], is_last_try=True):
            experiment_log.log_plots(cycle.outside_name, cycle_key(cycle.outside_name, cycle.cycle_id), plots)
    if run_id is not None:
        run = model_registry.run(run_id)
        model_registry.log_epoch_metrics(run, [(0, evaluation_metrics(summary, kind.scoring.names))])
        model_registry.log_plots(run, plots)


def _rule(cycle: Cycle) -> Rule:
    """Draws of the gate, without a margin."""
    gates, seed = cycle.project.gates, derive_seed(cycle.seed, "bootstrap")
    return Rule(0.0, gates.confidence, gates.bootstrap_samples, gates.min_test_images_per_class, seed)
