"""Stages that have images labelled, in order. Imports nothing heavy, because DAG files read it."""

from __future__ import annotations

from pipeline_tasks.process_stage import Stage

STAGES = (
    Stage(
        name="send_to_labeling",
        group="label",
        does="Send the selection and the second looks to Label Studio as a labeling round with a deadline.",
        reads=(
            *("images", "selected_images", "second_looks", "originals", "models", "splits", "split_groups"),
            *("annotations", "annotator_scores", "sightings"),
        ),
        writes=("labeling_tasks", "pre_annotations", "pre_annotated_objects"),
        services=("label_studio", "annotator_files", "decoder"),
    ),
    Stage(
        name="wait_for_annotators",
        group="label",
        does="Check once if enough tasks are annotated or the deadline has passed.",
        reads=("imported responses",),
        services=("label_studio", "annotator_files"),
        ends_in_event=False,
    ),
    Stage(
        name="collect_annotations",
        group="label",
        does="Compare annotations and tasks in Label Studio with the recorded ones, and mend what is lost or doubled there.",
        reads=(
            *("labeling_tasks", "annotations", "lost_tasks", "foreign_tasks", "sightings", "rejected_sightings", "missing_files"),
            *("images", "erased_images", "pre_annotations", "pre_annotated_objects", "imported responses"),
        ),
        writes=("annotation log", "annotations", "annotation_objects", "lost_tasks", "foreign_tasks", "asked_changes"),
        services=("label_studio", "annotator_files"),
    ),
    Stage(
        name="resolve_labels",
        group="label",
        does="Resolve the annotations of each image into its label.",
        reads=(
            *("annotations", "annotation_objects", "labeling_tasks", "labels", "label_objects", "imported_labels"),
            *("splits", "split_groups", "embeddings"),
        ),
        writes=("labels", "label_objects", "annotator_scores"),
    ),
    Stage(
        name="find_label_errors",
        group="label",
        does="Find labels that are probably wrong, for people to look at again, and keep their verdicts on earlier ones.",
        reads=(
            *("labels", "label_objects", "split_groups", "embeddings"),
            *("labeling_tasks", "second_looks", "doubted_objects", "annotations", "annotation_objects", "label_verdicts"),
            *("images", "pre_annotations", "pre_annotated_objects", "predicted_objects"),
        ),
        writes=("label_suspects", "object_suspects", "label_verdicts"),
    ),
    Stage(
        name="import_labels",
        group="label",
        does="Make the labels of a labelled set those of its images, with their origin and their splits.",
        reads=(
            *("set_images", "set_objects", "sightings", "rejected_sightings", "images", "labels", "label_objects"),
            *("split_groups", "duplicate_groups", "splits", "set_left_outs", "imported_labels", "thumbnails"),
        ),
        writes=("labels", "label_objects", "imported_labels", "splits", "set_left_outs", "reports"),
        is_nightly=False,
    ),
)
