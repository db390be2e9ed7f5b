"""Stages that take images in, in order. Imports nothing heavy, because DAG files read it."""

from __future__ import annotations

from pipeline_tasks.process_stage import Stage

STAGES = (
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
        does="Store the originals of a shard; decode, measure and embed each image once, and again by another backbone.",
        reads=("new_files", "images", "embeddings", "originals", "erased_images", "set_images", "shard results"),
        writes=("originals", "thumbnails", "shard results"),
        services=("sources", "decoder", "backbone"),
        ends_in_event=False,
    ),
    Stage(
        name="record_images",
        group="ingest",
        does="Combine the shards' results and add the new images to the project.",
        reads=("shard results", "images", "embeddings", "sightings", "missing_files", "erased_images"),
        writes=("images", "sightings", "rejected_sightings", "measurements", "embeddings"),
    ),
    Stage(
        name="open_import",
        group="ingest",
        does="Read a labelled set and freeze its labels, by the project's classes.",
        reads=("annotations",),
        writes=("set_images", "set_objects", "set_left_outs"),
        is_nightly=False,
    ),
)
