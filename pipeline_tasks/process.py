"""The process: every stage once, in order, with its inputs, outputs and services. Imports nothing, because DAG files read it.

The README's table, `docs/dags.md`, the documents of Airflow's tasks, the command line, the demo's progress bars, the cycle's
report and the tests are made from this list. Tests compare it with the DAGs and with each stage's real reads and writes.
"""

from __future__ import annotations

from pipeline_tasks.process_stage import GROUPS as GROUPS
from pipeline_tasks.process_stage import Stage as Stage

PROCESS = (
    Stage(
        name="open_cycle",
        group="ingest",
        does="Freeze the settings, the run's arguments, seed and start time of a cycle.",
        reads=("labels", "label_objects", "annotations"),
        has_task_group=False,
    ),
    Stage(
        name="list_new_images",
        group="ingest",
        does="List the new files of all sources, and plan shards.",
        reads=("sightings", "rejected_sightings", "waiting_files", "missing_files", "erased_images", "set_images"),
        writes=("new_files", "waiting_files", "left_out_files", "missing_files"),
        services=("sources",),
    ),
    Stage(
        name="measure_images",
        group="ingest",
        does="Store the originals of a shard; decode, measure and embed each image once.",
        reads=("new_files", "images", "erased_images", "set_images", "shard results"),
        writes=("originals", "thumbnails", "shard results"),
        services=("sources", "decoder", "backbone"),
        ends_in_event=False,
    ),
    Stage(
        name="record_images",
        group="ingest",
        does="Combine the shards' results and add the new images to the project.",
        reads=("shard results", "images", "sightings", "missing_files", "erased_images"),
        writes=("images", "sightings", "rejected_sightings", "measurements", "embeddings"),
    ),
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
    Stage(
        name="send_to_labeling",
        group="label",
        does="Send the selection and the second looks to Label Studio as a labeling round with a deadline.",
        reads=(
            *("images", "selected_images", "second_looks", "originals", "models", "splits", "split_groups"),
            *("annotations", "annotator_scores"),
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
        name="build_dataset_version",
        group="train",
        does="Freeze labelled images, labels and splits as a dataset version.",
        reads=(
            *("labels", "label_objects", "splits", "split_groups", "selected_images", "quality_issues", "duplicate_groups"),
            *("sightings", "images", "measurements", "embeddings", "thumbnails"),
            *("label_suspects", "object_suspects", "dataset_images", "dataset_objects", "version manifests"),
        ),
        writes=("dataset_images", "dataset_objects", "slice_images", "leaks", "version manifests"),
    ),
    Stage(
        name="train_model",
        group="train",
        does="Train a candidate on the dataset version, or resume a killed training.",
        reads=("dataset_images", "dataset_objects", "images", "embeddings", "originals", "embedded views"),
        writes=("embedded views", "checkpoints"),
        services=("decoder", "backbone", "model_registry", "experiment_log"),
    ),
    Stage(
        name="export_model",
        group="train",
        does="Export the candidate as one ONNX file, check it and register it.",
        reads=("dataset_images", "images", "originals", "checkpoints"),
        writes=("models",),
        services=("decoder", "backbone", "model_registry"),
    ),
    Stage(
        name="evaluate_model",
        group="evaluate",
        does="Score candidate and champion on the test split of the candidate's version.",
        reads=("dataset_images", "dataset_objects", "slice_images", "images", "originals", "models"),
        writes=("predictions", "predicted_objects", "metrics", "confusions"),
        services=("decoder", "model_registry"),
    ),
    Stage(
        name="compare_with_champion",
        group="evaluate",
        does="Decide with the gate if the candidate may replace the champion.",
        reads=("dataset_images", "dataset_objects", "slice_images", "images", "split_groups", "predictions", "predicted_objects"),
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
            *("pre_annotations", "pre_annotated_objects", "annotator_scores"),
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
    Stage(
        name="open_import",
        group="ingest",
        does="Read a labelled set and freeze its labels, by the project's classes.",
        reads=("annotations",),
        writes=("set_images", "set_objects", "set_left_outs"),
        is_nightly=False,
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
    Stage(
        name="restore_dataset_version",
        group="tend",
        does="Use an earlier dataset version in every training until `newest` is restored.",
        reads=("version manifests",),
        is_nightly=False,
    ),
    Stage(name="pause_labeling", group="tend", does="Pause labeling: nights send no tasks, and deadlines move.", is_nightly=False),
    Stage(name="resume_labeling", group="tend", does="Resume labeling after a pause.", is_nightly=False),
    Stage(
        name="plan_collection",
        group="tend",
        does="Find unneeded objects in the project's root.",
        reads=("whole root",),
        writes=("unneeded_objects",),
        is_nightly=False,
    ),
    Stage(
        name="collect_garbage",
        group="tend",
        does="Move unneeded objects to the trash, and delete those whose time there has passed.",
        reads=("unneeded_objects", "whole root"),
        writes=("trash",),
        is_nightly=False,
    ),
    Stage(
        name="write_storage_report",
        group="tend",
        does="Write the storage report: content of the root, its cost, unneeded objects.",
        reads=("whole root",),
        writes=("reports",),
        ends_in_event=False,
        is_nightly=False,
    ),
    Stage(
        name="backfill",
        group="tend",
        does="Compute new columns for images of earlier nights, a limited number per cycle.",
        reads=("measurements", "images", "originals", "shard results"),
        writes=("measurements", "shard results"),
        services=("decoder",),
        is_nightly=False,
    ),
    Stage(
        name="erase",
        group="tend",
        does="Erase images for good, from the root and from copies outside.",
        reads=("whole root",),
        writes=("erased_images", "erasures", "annotation log", "shard results", "reports", "version manifests"),
        services=("outside_copies", "label_studio"),
        is_nightly=False,
    ),
)

STAGES = {stage.name: stage for stage in PROCESS}
NIGHTLY = tuple(stage for stage in PROCESS if stage.is_nightly)
NIGHTLY_STAGES = tuple(stage.name for stage in NIGHTLY)
TASK_GROUPS = {group: tuple(stage.name for stage in NIGHTLY if stage.has_task_group and stage.group == group) for group in GROUPS}
"""Group → its tasks, as Airflow's grid shows the nightly DAG."""


def writers_of(table_name: str) -> tuple[str, ...]:
    """Names of the stages that write a table, in order; a stage that opens a cycle of its own comes last."""
    return tuple(stage.name for stage in PROCESS if table_name in stage.writes)
