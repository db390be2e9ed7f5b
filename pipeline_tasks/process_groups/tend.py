"""Stages outside the nights, in order. Imports nothing heavy, because DAG files read it."""

from __future__ import annotations

from pipeline_tasks.process_stage import Stage

STAGES = (
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
        name="ask_for_slice",
        group="tend",
        does="Ask for more labelled images like those of a found slice.",
        reads=(
            *("found_slices", "found_slice_images", "dataset_images", "labels"),
            *("images", "sightings", "measurements", "embeddings"),
        ),
        is_nightly=False,
    ),
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
