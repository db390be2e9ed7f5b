"""Stages that freeze a dataset version and train a candidate, in order. Imports nothing heavy, because DAG files read it."""

from __future__ import annotations

from pipeline_tasks.process_stage import Stage

STAGES = (
    Stage(
        name="build_dataset_version",
        group="train",
        does="Freeze labelled images, labels and splits as a dataset version.",
        reads=(
            *("labels", "label_objects", "splits", "split_groups", "selected_images", "quality_issues", "duplicate_groups"),
            *("sightings", "images", "measurements", "embeddings", "thumbnails"),
            *("label_suspects", "object_suspects", "dataset_images", "dataset_objects", "slice_images", "version manifests"),
        ),
        writes=("dataset_images", "dataset_objects", "slice_images", "leaks", "version manifests"),
    ),
    Stage(
        name="train_model",
        group="train",
        does="Train a candidate on the dataset version, or resume a killed training.",
        reads=("dataset_images", "dataset_objects", "images", "embeddings", "originals", "embedded views"),
        writes=("training_epochs", "embedded views", "checkpoints"),
        services=("decoder", "backbone", "model_registry", "experiment_log", "event_files"),
    ),
    Stage(
        name="export_model",
        group="train",
        does="Export the candidate as one ONNX file, check it and register it.",
        reads=("dataset_images", "images", "originals", "checkpoints"),
        writes=("models",),
        services=("decoder", "backbone", "model_registry"),
    ),
)
