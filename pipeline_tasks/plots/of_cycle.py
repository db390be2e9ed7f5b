"""Data of all plots of a cycle's candidate, read from the store."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.datasets.slices import without_golden
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.plots import GridPlot, Plot, PlotMaker
from pipeline_tasks.plots.learning_curves import learning_curves
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.version_rows import version_rows
from pipeline_tasks.tables.slice_image import SliceImage
from pipeline_tasks.tables.training_epoch import TrainingEpoch


def plots_of_cycle(store: Store, cycle_id: str, kind: Kind, *, in_report: bool = False) -> list[Plot]:
    """Learning curves, and plots of the candidate on the test images that the gate uses; what is not there yet is left out.

    The report has its confusions as a table.
    """
    found: list[Plot] = []
    if store.has(TrainingEpoch, cycle_id):
        found += learning_curves(store.read(TrainingEpoch, cycle_id), kind.scoring.names)
    scored = store.find_summary(cycle_id, EvaluateModelSummary)
    if scored is not None and scored.score is not None:
        found += _of_test(store, cycle_id, kind, scored)
    return [one for one in found if not (in_report and isinstance(one, GridPlot))]


def _of_test(store: Store, cycle_id: str, kind: Kind, scored: EvaluateModelSummary) -> list[Plot]:
    scoring = kind.scoring
    if not isinstance(scoring, PlotMaker) or scored.dataset_cycle_id is None or scored.model_digest is None:
        return []
    manifest = version_rows(store, scored.dataset_cycle_id, has_sizes=True).filter(pl.col("split") == "test")
    images = scoring.with_truth(manifest).sort("image_id")
    if store.has(SliceImage, scored.dataset_cycle_id):
        images = without_golden(images, store.read(SliceImage, scored.dataset_cycle_id))
    predictions = store.read(scoring.prediction_table, cycle_id)
    return list(scoring.plots(scoring.match(predictions, images, scored.model_digest)))
