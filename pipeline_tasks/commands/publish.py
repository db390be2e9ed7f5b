"""Publish a dataset version as a commit that anybody can `git clone && dvc pull`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which version, and where to."""
    parser.add_argument("--version", required=True, help="the beginning of a dataset_id")
    parser.add_argument("--to", required=True, type=Path, help="the git folder, made if missing")
    parser.add_argument("--canonical", action="store_true", help="oriented copies without EXIF instead of the originals")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Publish; publishing again writes nothing.

    Raises:
        SettingsError: no such version, or several.
        NotFoundError: an original is gone.
        CorruptObjectError: a part of the version was changed.
        StorageError: the folder is somebody else's.
    """
    from pipeline_tasks.commands.publishing import publish

    return asdict(publish(arguments.project, arguments.version, arguments.to, is_canonical=arguments.canonical))
