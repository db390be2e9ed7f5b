"""Restore a backup into a root without cycles."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from pipeline_tasks.commands.object_bar import object_bar
from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.project_option import add_project_option, open_named_store
from pipeline_tasks.records.cycle import cycle_id_of_time
from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.calls import tend
from pipeline_tasks.wiring.endpoints import endpoints_from_environment
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_objects, open_store
from pipeline_tasks.wiring.run import open_services


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the place of the backup."""
    add_project_option(parser)
    parser.add_argument("--place", required=True, help="place of the backup: a folder or s3://bucket/prefix")
    parser.add_argument("--erasures-from", help="a root or copy of the project with later erasures, which are repeated")


def run(arguments: argparse.Namespace) -> Outcome:
    """Restore the backup; safe to run again after an interruption.

    Raises:
        StorageError: the root holds cycles that are not in the backup, or the backup holds none.
    """
    from pipeline_tasks.storage.care.backup import restore_backup

    s3 = endpoints_from_environment(arguments.project).s3
    root = open_named_store(arguments.project).objects
    with object_bar("restore_backup") as tell:
        summary = restore_backup(open_objects(arguments.place, s3), root, tell)
    again = _erase_again(arguments) if arguments.erasures_from else {}
    told = {"project": arguments.project, "place": arguments.place, "erased_again": again.get("images", 0)}
    told |= {"erased_in": again.get("cycle_id"), "left_outside": again.get("left_outside", [])}
    return in_json(told | {**asdict(summary), "is_fine": summary.is_fine and not told["left_outside"]})


def _erase_again(arguments: argparse.Namespace) -> dict[str, Any]:
    """Repeat erasures that another root recorded after the backup; return them by cycle."""
    from pipeline_tasks.storage.erasure.erasures import images_erased_in

    project, s3 = read_project(arguments.project), endpoints_from_environment(arguments.project).s3
    image_ids = images_erased_in(open_store(project, s3), open_objects(arguments.erasures_from, s3))
    if not image_ids:
        return {}
    cycle_id = cycle_id_of_time(datetime.now(timezone.utc), project.time_zone, is_scheduled=False)
    with open_services(arguments.project, cycle_id) as services:
        return {"cycle_id": cycle_id} | asdict(tend.erase(services, StageArguments(image_ids=tuple(image_ids))))
