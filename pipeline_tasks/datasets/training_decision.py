"""Decision whether to train on a dataset version, with the reason as a sentence."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class TrainingDecision:
    """Decision to train or not, and the reason as a sentence for people."""

    should_train: bool
    why: str


def decide_training(
    rows: pl.DataFrame, trained_labels: pl.DataFrame | None, wish: str, min_new_labels: int, why_not: str, why_at_once: str = ""
) -> TrainingDecision:
    """Decide for a version's `rows` (image_id, split, label_digest); `why_not` is the kind's reason not to, or empty.

    `why_at_once` is a reason to train however few labels are new, or empty.

    `trained_labels` holds the same columns of the last version that was trained on (None: no model was trained yet);
    `wish` is `auto`, `force` or `skip`, as chosen when the cycle was started.
    """
    if wish == "skip":
        return TrainingDecision(False, "Not trained: this cycle was started with training `skip`.")
    if why_not:
        return TrainingDecision(False, f"Not trained: {why_not}.")
    if wish == "force":
        return TrainingDecision(True, "Trained: this cycle was started with training `force`.")
    if trained_labels is None:
        return TrainingDecision(True, f"Trained: the first model of this project, on {rows.height} labelled images.")
    if why_at_once:
        return TrainingDecision(True, f"Trained: {why_at_once}.")
    return _decide_by_what_is_new(rows, trained_labels, min_new_labels)


def decide_training_again(
    rows: pl.DataFrame, wish: str, restored_in: str, why_not: str, *, is_trained_on: bool
) -> TrainingDecision:
    """Decide for a version that a person restored in the cycle `restored_in`, independent of the number of new labels."""
    decision = decide_training(rows, None, wish, 0, why_not)
    if not decision.should_train or wish == "force":
        return decision
    if is_trained_on:
        return TrainingDecision(
            False, f"Not trained: the newest model was trained on this version, restored in cycle {restored_in}."
        )
    return TrainingDecision(True, f"Trained: a person restored this dataset version in cycle {restored_in}.")


def new_labels(rows: pl.DataFrame, earlier: pl.DataFrame | None) -> int:
    """Number of labels that are not in an earlier version: of new images, or changed."""
    if earlier is None:
        return rows.height
    return rows.join(earlier, on=["image_id", "label_digest"], how="anti").height


def _decide_by_what_is_new(rows: pl.DataFrame, trained_labels: pl.DataFrame, min_new_labels: int) -> TrainingDecision:
    columns = ["image_id", "split", "label_digest"]
    if rows.select(columns).sort("image_id").equals(trained_labels.select(columns).sort("image_id")):
        return TrainingDecision(False, "Not trained: the newest model was trained on exactly these labels.")
    found = new_labels(rows, trained_labels)
    if found < min_new_labels:
        return TrainingDecision(
            False, f"Not trained: {found} new labels since the newest model, training.min_new_labels asks for {min_new_labels}."
        )
    return TrainingDecision(True, f"Trained: {found} new labels since the newest model.")
