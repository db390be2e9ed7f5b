"""Bring a backup into a root that holds no cycle yet."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from pipeline_tasks import wiring
from pipeline_tasks.commands.back_up import object_bar


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the backup lies."""
    parser.add_argument("--place", required=True, help="where the backup lies: a folder or s3://bucket/prefix")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Copy it back; broken off, it goes on where it was.

    Raises:
        StorageError: the root holds cycles that the backup does not know, or the backup holds none.
    """
    from pipeline_tasks.storage.backup import restore_backup

    s3 = wiring.endpoints_from_environment(arguments.project).s3
    root = wiring.open_store(wiring.read_project(arguments.project), s3).objects
    with object_bar("restore_backup") as tell:
        summary = restore_backup(wiring.open_objects(arguments.place, s3), root, tell)
    return {"project": arguments.project, "place": arguments.place, "is_fine": summary.is_fine, **asdict(summary)}
