"""Steps of summaries with scores: fields named after the scores of classes get names that fit any label kind."""

from __future__ import annotations

from pipeline_tasks.upgrades.json_fields import Fields

_EVALUATED = {
    "balanced_accuracy": "score",
    "balanced_accuracy_low": "score_low",
    "balanced_accuracy_high": "score_high",
    "accuracy": "image_score",
    "majority_balanced_accuracy": "baseline_score",
    "champion_balanced_accuracy": "champion_score",
}


def evaluated_scores(summary: Fields) -> Fields:
    """1 → 2 of `evaluate_model`. Balanced accuracy is the kind's score; the log loss is one of the kind's further figures."""
    log_loss = summary.get("log_loss")
    kept = {name: value for name, value in summary.items() if name != "log_loss"}
    figures = {} if log_loss is None else {"log_loss": log_loss}
    return {_EVALUATED.get(name, name): value for name, value in kept.items()} | {"figures": figures}


def compared_scores(summary: Fields) -> Fields:
    """1 → 2 of `compare_with_champion`. `majority_score` is called `baseline_score`."""
    return {"baseline_score" if name == "majority_score" else name: value for name, value in summary.items()}


def trained_score(summary: Fields) -> Fields:
    """1 → 2 of `train_model`. `val_balanced_accuracy` is called `val_score`."""
    return {"val_score" if name == "val_balanced_accuracy" else name: value for name, value in summary.items()}
