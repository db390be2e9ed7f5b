"""Names of what stages read, write and talk to, so that mypy finds a misspelled one in `process`. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal

TableName = Literal[
    "annotation_objects",
    "annotations",
    "annotator_scores",
    "asked_changes",
    "confusions",
    "dataset_images",
    "dataset_objects",
    "duplicate_groups",
    "duplicate_pairs",
    "embeddings",
    "erased_images",
    "foreign_tasks",
    "images",
    "imported_labels",
    "label_objects",
    "label_suspects",
    "label_verdicts",
    "labeling_tasks",
    "labels",
    "leaks",
    "left_out_files",
    "lost_tasks",
    "measurements",
    "metrics",
    "missing_files",
    "new_files",
    "object_suspects",
    "pre_annotated_objects",
    "pre_annotations",
    "predicted_objects",
    "predictions",
    "quality_issues",
    "rejected_sightings",
    "second_looks",
    "selected_images",
    "selection_scores",
    "set_images",
    "set_left_outs",
    "set_objects",
    "sightings",
    "slice_images",
    "split_groups",
    "splits",
    "unneeded_objects",
    "waiting_files",
]
ObjectName = Literal[
    "annotation log",
    "checkpoints",
    "embedded views",
    "erasures",
    "imported responses",
    "models",
    "originals",
    "reports",
    "serving pointer",
    "shard results",
    "thumbnails",
    "trash",
    "version manifests",
    "whole root",
]
"""Objects of a project's root beside its tables; `whole root` stands for all of them and every table."""
ServiceName = Literal[
    "annotator_files",
    "backbone",
    "decoder",
    "experiment_log",
    "label_studio",
    "model_registry",
    "outside_copies",
    "prediction_server",
    "sources",
]
"""Attributes of `wiring.services.Services` that reach beyond the project's root."""

Thing = TableName | ObjectName
