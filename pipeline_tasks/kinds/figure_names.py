"""Main figures of an evaluation under the names that their kind gives them, for people and trackers."""

from __future__ import annotations

from pipeline_tasks.kinds.scoring import ScoreNames
from pipeline_tasks.records.evaluate_model import EvaluateModelSummary


def named_figures(evaluated: EvaluateModelSummary, names: ScoreNames) -> dict[str, float | None]:
    """Name → figure of the whole test; None if it is not available."""
    return {
        names.metric: evaluated.score,
        f"{names.metric}_low": evaluated.score_low,
        f"{names.metric}_high": evaluated.score_high,
        names.image_metric: evaluated.image_score,
        names.baseline_metric: evaluated.baseline_score,
        f"champion_{names.metric}": evaluated.champion_score,
        **evaluated.figures,
    }
