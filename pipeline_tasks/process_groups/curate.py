"""Stages that look for faults and duplicates, and select images, in order. Imports nothing heavy, because DAG files read it."""

from __future__ import annotations

from pipeline_tasks.process_stage import Stage

STAGES = (
    Stage(
        name="find_quality_issues",
        group="curate",
        does="Compare measurements with the quality limits, and quarantine images.",
        reads=("images", "measurements"),
        writes=("quality_issues",),
    ),
    Stage(
        name="find_duplicates",
        group="curate",
        does="Group near-duplicates, and build split groups from them.",
        reads=(
            *("images", "sightings", "measurements", "embeddings", "quality_issues", "thumbnails"),
            *("duplicate_groups", "split_groups", "splits", "dataset_images"),
        ),
        writes=("duplicate_pairs", "duplicate_groups", "split_groups", "splits"),
    ),
    Stage(
        name="select_images",
        group="curate",
        does="Select the images most worth labeling, each with a reason.",
        reads=(
            *("images", "sightings", "measurements", "embeddings", "quality_issues"),
            *("duplicate_groups", "split_groups", "splits", "selected_images", "labels", "label_objects", "models"),
            *("labeling_tasks", "annotations", "lost_tasks", "originals", "label_suspects", "second_looks", "label_verdicts"),
            *("annotator_scores", "object_suspects", "doubted_objects"),
            *("pre_annotations", "pre_annotated_objects", "predicted_objects"),
        ),
        writes=("selected_images", "selection_scores", "splits", "second_looks", "doubted_objects"),
        services=("decoder",),
    ),
)
