"""Update a backup of a project's root, also while cycles run."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from pipeline_tasks.commands.object_bar import object_bar
from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.project_option import add_project_option, open_named_store
from pipeline_tasks.wiring.endpoints import endpoints_from_environment
from pipeline_tasks.wiring.roots import open_objects


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the place of the copy."""
    add_project_option(parser)
    parser.add_argument("--place", required=True, help="place of the copy: a folder or s3://bucket/prefix")


def run(arguments: argparse.Namespace) -> Outcome:
    """Copy new objects; `is_fine` is False if an object in the root is damaged.

    Raises:
        StorageError: the place holds the copy of another history.
    """
    from pipeline_tasks.storage.care.backup import back_up

    s3 = endpoints_from_environment(arguments.project).s3
    root = open_named_store(arguments.project).objects
    with object_bar("back_up") as tell:
        summary = back_up(root, open_objects(arguments.place, s3), tell)
    return in_json({"project": arguments.project, "place": arguments.place, "is_fine": summary.is_fine, **asdict(summary)})
