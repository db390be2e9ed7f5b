"""Publish a dataset version as a commit for `git clone && dvc pull`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.project_option import add_project_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the version and the target."""
    add_project_option(parser)
    parser.add_argument("--version", required=True, help="dataset_id, which may be shortened")
    parser.add_argument("--to", required=True, type=Path, help="the git folder; created if it does not exist")
    parser.add_argument("--canonical", action="store_true", help="oriented copies without EXIF instead of the originals")


def run(arguments: argparse.Namespace) -> Outcome:
    """Publish; publishing again writes nothing.

    Raises:
        SettingsError: no such version, or several.
        NotFoundError: an original is gone.
        CorruptObjectError: a part of the version was changed.
        StorageError: the folder is not a publication of this project.
    """
    from pipeline_tasks.commands.publish.publishing import publish

    return in_json(asdict(publish(arguments.project, arguments.version, arguments.to, is_canonical=arguments.canonical)))
