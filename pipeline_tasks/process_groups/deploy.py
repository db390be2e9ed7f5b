"""Stages that bring a champion to the prediction server, and report. Imports nothing heavy, because DAG files read it."""

from __future__ import annotations

from pipeline_tasks.process_stage import Stage

STAGES = (
    Stage(
        name="sign_off",
        group="deploy",
        does="Ask a person before the candidate becomes the champion, if the project wants that.",
        reads=("reports",),
        writes=("reports",),
    ),
    Stage(
        name="promote_model",
        group="deploy",
        does="Make the candidate the champion if it passed the gate.",
        services=("model_registry",),
    ),
    Stage(
        name="roll_out",
        group="deploy",
        does="Point the prediction server to the champion.",
        reads=("models", "serving pointer"),
        writes=("serving pointer",),
        services=("prediction_server",),
    ),
    Stage(
        name="measure_selection_gain",
        group="deploy",
        does="Compare selected labels with labels drawn at random.",
        reads=("annotations", "selected_images", "pre_annotations", "dataset_images", "dataset_objects", "embeddings", "models"),
    ),
    Stage(
        name="write_cycle_report",
        group="deploy",
        does="Write the cycle's report, also if earlier stages failed.",
        reads=(
            *("rejected_sightings", "waiting_files", "left_out_files", "missing_files", "sightings", "quality_issues"),
            *("duplicate_groups", "duplicate_pairs", "selected_images", "selection_scores", "annotations", "annotation_objects"),
            *("labeling_tasks", "dataset_images", "predictions", "metrics"),
            *("dataset_objects", "predicted_objects", "confusions", "images", "thumbnails", "reports"),
            *("labels", "label_objects", "measurements", "lost_tasks"),
            *("foreign_tasks", "asked_changes", "label_suspects", "object_suspects", "label_verdicts"),
            *("pre_annotations", "pre_annotated_objects", "annotator_scores", "found_slices", "found_slice_images"),
            *("corruption_scores", "training_epochs", "slice_images"),
        ),
        writes=("reports",),
        ends_in_event=False,
        has_task_group=False,
    ),
    Stage(
        name="roll_back",
        group="deploy",
        does="Restore an earlier champion.",
        reads=("models", "serving pointer"),
        writes=("serving pointer",),
        services=("model_registry",),
        is_nightly=False,
    ),
)
