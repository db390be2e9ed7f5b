"""Restore a backup into a root that holds no cycle yet."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from pipeline_tasks import wiring
from pipeline_tasks.commands.back_up import object_bar
from pipeline_tasks.records.cycle import cycle_id_of_time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the backup lies."""
    parser.add_argument("--place", required=True, help="where the backup lies: a folder or s3://bucket/prefix")
    parser.add_argument("--erasures-from", help="a root or copy of the project that knows later erasures: they are done again")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Copy it back; broken off, it goes on where it was.

    Raises:
        StorageError: the root holds cycles that are not in the backup, or the backup holds none.
    """
    from pipeline_tasks.storage.care.backup import restore_backup

    s3 = wiring.endpoints_from_environment(arguments.project).s3
    root = wiring.open_store(wiring.read_project(arguments.project), s3).objects
    with object_bar("restore_backup") as tell:
        summary = restore_backup(wiring.open_objects(arguments.place, s3), root, tell)
    again = _erase_again(arguments) if arguments.erasures_from else {}
    told = {"project": arguments.project, "place": arguments.place, "erased_again": again.get("images", 0)}
    told |= {"erased_in": again.get("cycle_id"), "left_outside": again.get("left_outside", [])}
    return told | {**asdict(summary), "is_fine": summary.is_fine and not told["left_outside"]}


def _erase_again(arguments: argparse.Namespace) -> dict[str, Any]:
    """Erase what a root that knows more has erased since the backup was made; what was done, and in which cycle."""
    from pipeline_tasks.storage.erasure.erasures import images_erased_in

    project, s3 = wiring.read_project(arguments.project), wiring.endpoints_from_environment(arguments.project).s3
    image_ids = images_erased_in(wiring.open_store(project, s3), wiring.open_objects(arguments.erasures_from, s3))
    if not image_ids:
        return {}
    cycle_id = cycle_id_of_time(datetime.now(timezone.utc), project.time_zone, is_scheduled=False)
    return {"cycle_id": cycle_id} | wiring.run_stage("erase", arguments.project, cycle_id, image_ids=image_ids)
