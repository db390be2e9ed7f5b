"""Stages of a search over training settings, in order. Imports nothing heavy, because DAG files read it."""

from __future__ import annotations

from pipeline_tasks.process_stage import Stage

STAGES = (
    Stage(
        name="open_search",
        group="search",
        does="Open a search over training settings and freeze its plan: trials, seed, space.",
        reads=("annotations",),
        is_nightly=False,
    ),
    Stage(
        name="run_trial",
        group="search",
        does="Fit heads with one trial's settings by cross-validation, and record their losses.",
        reads=("dataset_images", "dataset_objects", "images", "embeddings", "originals", "embedded views", "shard results"),
        writes=("embedded views", "shard results"),
        services=("decoder", "backbone"),
        ends_in_event=False,
        is_nightly=False,
    ),
    Stage(
        name="choose_settings",
        group="search",
        does="Choose the best trial, if it proves better than the project's own settings.",
        reads=("dataset_images", "dataset_objects", "images", "embeddings", "originals", "embedded views", "shard results"),
        writes=("trials",),
        services=("decoder", "backbone"),
        is_nightly=False,
    ),
    Stage(
        name="write_search_report",
        group="search",
        does="Write the page of a search: trials, the winner's lines for the project file, the gate's decision.",
        reads=("trials",),
        writes=("reports",),
        ends_in_event=False,
        is_nightly=False,
    ),
)
