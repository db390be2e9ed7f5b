"""Candidates and gains of all nights so far, for the curves of a report."""

from __future__ import annotations

from dataclasses import replace

from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary
from pipeline_tasks.records.measure_selection_gain import MeasureSelectionGainSummary
from pipeline_tasks.records.promote_model import PromoteModelSummary
from pipeline_tasks.reports.cycle_data import GainPoint, LearningPoint
from pipeline_tasks.storage.history.store import Store


def learning_points(store: Store, until: str) -> list[LearningPoint]:
    """Candidates of all cycles up to this one, in order of opening."""
    points: list[LearningPoint] = []
    scores, versions = store.summaries(EvaluateModelSummary), store.summaries(BuildDatasetVersionSummary)
    promotions = store.summaries(PromoteModelSummary)
    for cycle_id in store.state().stages:
        scored, built, promoted = scores.get(cycle_id), versions.get(cycle_id), promotions.get(cycle_id)
        if scored is not None and scored.score is not None:
            points.append(
                LearningPoint(
                    cycle_id=cycle_id,
                    labels=0 if built is None else built.images,
                    score=scored.score,
                    low=scored.score_low,
                    high=scored.score_high,
                    is_promoted=promoted is not None and promoted.is_promoted,
                )
            )
        if cycle_id == until:
            break
    return points


def gain_points(store: Store, until: str) -> list[GainPoint]:
    """Gain over the control arm in each cycle up to this one; empty if this one has not measured it."""
    points: list[GainPoint] = []
    measured = store.summaries(MeasureSelectionGainSummary)
    for cycle_id in store.state().stages:
        found = measured.get(cycle_id)
        if found is not None:
            points.append(GainPoint(cycle_id, _comparable(found)))
        if cycle_id == until:
            return points if found is not None else []
    return points


def _comparable(found: MeasureSelectionGainSummary) -> MeasureSelectionGainSummary:
    """A night's comparison, or only its cost if an older version of the stage compared something else."""
    is_another = not found.why and not found.mean_labels
    return replace(found, why="it was measured in another way that night.") if is_another else found
