"""Stages of a self-supervised pretraining, in order. Imports nothing heavy, because DAG files read it."""

from __future__ import annotations

from pipeline_tasks.process_stage import Stage

STAGES = (
    Stage(
        name="open_pretraining",
        group="pretrain",
        does="Open a self-supervised pretraining of the backbone and freeze its plan: method, epochs, seed.",
        is_nightly=False,
    ),
    Stage(
        name="choose_pretraining_images",
        group="pretrain",
        does="Choose images to train on without labels, none that judges models, and labelled ones to compare on.",
        reads=(
            *("images", "measurements", "quality_issues", "duplicate_groups", "split_groups", "splits", "sightings"),
            "dataset_images",
        ),
        writes=("pretraining_images",),
        is_nightly=False,
    ),
    Stage(
        name="train_backbone",
        group="pretrain",
        does="Pretrain the backbone on the chosen images, resumable after each epoch, and store its weights.",
        reads=("pretraining_images", "images", "originals"),
        writes=("checkpoints",),
        services=("decoder", "backbone", "teacher"),
        is_nightly=False,
    ),
    Stage(
        name="export_backbone",
        group="pretrain",
        does="Export the pretrained backbone as one ONNX file, and verify that it embeds as the trained network does.",
        reads=("pretraining_images", "images", "originals", "checkpoints"),
        writes=("models",),
        services=("decoder", "backbone"),
        is_nightly=False,
    ),
    Stage(
        name="probe_backbone",
        group="pretrain",
        does="Compare old and new embeddings of labelled images that the pretraining has not seen.",
        reads=("pretraining_images", "dataset_images", "dataset_objects", "images", "originals", "models"),
        services=("decoder", "backbone"),
        is_nightly=False,
    ),
    Stage(
        name="write_pretraining_report",
        group="pretrain",
        does="Write the page of a pretraining: what it gained, the line for the project file, and what it trained on.",
        writes=("reports",),
        ends_in_event=False,
        is_nightly=False,
    ),
)
