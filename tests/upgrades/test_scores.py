"""Tests that summaries with the old names of scores are read as scores of any kind."""

from __future__ import annotations

from pipeline_tasks.upgrades.scores import compared_scores, evaluated_scores, trained_score


def test_evaluated_scores__renames_the_scores_and_keeps_the_log_loss_as_a_figure() -> None:
    old = {"skipped": None, "balanced_accuracy": 0.8, "accuracy": 0.9, "log_loss": 0.3, "majority_balanced_accuracy": 0.5}

    found = evaluated_scores(old)

    assert found == {"skipped": None, "score": 0.8, "image_score": 0.9, "baseline_score": 0.5, "figures": {"log_loss": 0.3}}


def test_evaluated_scores__of_a_night_without_any_has_no_figures() -> None:
    assert evaluated_scores({"skipped": "nothing new", "log_loss": None}) == {"skipped": "nothing new", "figures": {}}


def test_compared_scores_and_trained_score__keep_what_they_do_not_rename() -> None:
    assert compared_scores({"majority_score": 0.5, "margin": 0.05}) == {"baseline_score": 0.5, "margin": 0.05}
    assert trained_score({"val_balanced_accuracy": 1.0, "epochs": 3}) == {"val_score": 1.0, "epochs": 3}
