"""Publish a dataset version as a commit that anybody can `git clone && dvc pull`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.project_option import add_project_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the version and the target."""
    add_project_option(parser)
    parser.add_argument("--version", required=True, help="the beginning of a dataset_id")
    parser.add_argument("--to", required=True, type=Path, help="the git folder, made if missing")
    parser.add_argument("--canonical", action="store_true", help="oriented copies without EXIF instead of the originals")


def run(arguments: argparse.Namespace) -> Outcome:
    """Publish; publishing again writes nothing.

    Raises:
        SettingsError: no such version, or several.
        NotFoundError: an original is gone.
        CorruptObjectError: a part of the version was changed.
        StorageError: the folder is somebody else's.
    """
    from pipeline_tasks.commands.publish.publishing import publish

    return in_json(asdict(publish(arguments.project, arguments.version, arguments.to, is_canonical=arguments.canonical)))
