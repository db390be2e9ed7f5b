"""Stages that score a candidate, in order. Imports nothing heavy, because DAG files read it."""

from __future__ import annotations

from pipeline_tasks.process_stage import Stage

STAGES = (
    Stage(
        name="evaluate_model",
        group="evaluate",
        does="Score candidate and champion on the test split of the candidate's version.",
        reads=(
            *("dataset_images", "dataset_objects", "slice_images", "images", "originals", "models"),
            *("sightings", "measurements", "embeddings", "training_epochs", "predictions", "predicted_objects"),
        ),
        writes=(
            *("predictions", "predicted_objects", "metrics", "confusions", "found_slices", "found_slice_images"),
            "corruption_scores",
        ),
        services=("decoder", "model_registry", "experiment_log"),
    ),
    Stage(
        name="compare_with_champion",
        group="evaluate",
        does="Decide with the gate if the candidate may replace the champion.",
        reads=(
            *("dataset_images", "dataset_objects", "slice_images", "images", "split_groups", "predictions", "predicted_objects"),
            "found_slice_images",
        ),
    ),
)
