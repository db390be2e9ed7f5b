"""Erase images for good, by image or by person; reports what would be erased, and erases only with --do."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

import polars as pl

from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.project_option import add_project_option
from pipeline_tasks.json_values import Json
from pipeline_tasks.records.cycle import cycle_id_of_time
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.calls import tend
from pipeline_tasks.wiring.endpoints import endpoints_from_environment
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store
from pipeline_tasks.wiring.run import open_services


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the choice of images, and `--do`."""
    add_project_option(parser)
    parser.add_argument("--image", nargs="+", default=[], metavar="ID", help="ids, which may be shortened, or image files")
    parser.add_argument(
        "--person", nargs="+", default=[], metavar="TAG", help="images seen under this device, clip, site or folder name"
    )
    parser.add_argument("--do", action="store_true", help="erase; without it nothing is changed")
    parser.add_argument("--cycle", help="cycle_id of the erasure (default: now); name it to continue an interrupted one")
    parser.add_argument("--run-key", default="command line", help="name of the run that owns the cycle")


def run(arguments: argparse.Namespace) -> Outcome:
    """Erase, or report what would be erased; `is_fine` is False if a copy outside could not be reached.

    Raises:
        SettingsError: no image, or several, have this id; no image has this tag.
        CorruptObjectError: a damaged object may hold the images.
    """
    from pipeline_tasks.stages.tend.erase import erasure_of, find_images, images_of_person

    project = read_project(arguments.project)
    endpoints = endpoints_from_environment(arguments.project)
    store = open_store(project, endpoints.s3)
    now = datetime.now(timezone.utc)
    cycle_id = arguments.cycle or cycle_id_of_time(now, project.time_zone, is_scheduled=False)
    # After its event nothing names the images any more; the stage then only completes the remaining steps.
    is_recorded = store.event(cycle_id, "erase") is not None
    people = () if is_recorded else arguments.person
    wanted = [*map(_image_id, arguments.image), *(one for tag in people for one in images_of_person(store, tag))]
    stays = {} if is_recorded else _what_stays(store, find_images(store, wanted))
    if arguments.do:
        with open_services(arguments.project, cycle_id) as services:
            done = tend.erase(services, StageArguments(image_ids=tuple(wanted), run_key=arguments.run_key))
        return in_json({"cycle_id": cycle_id, "is_done": True, "is_fine": not done.left_outside, **asdict(done), **stays})
    reached = asdict(erasure_of(store, find_images(store, wanted)))
    shown = {name: value for name, value in reached.items() if name != "tombstones"}
    return in_json({"is_done": False, "to_do_it": "add --do", **shown, **stays})


def _image_id(word: str) -> str:
    """An image_id as it is, and that of a file's content."""
    return hashlib.sha256(Path(word).read_bytes()).hexdigest() if Path(word).is_file() else word


def _what_stays(store: Store, image_ids: Sequence[str]) -> dict[str, Json]:
    """The files of the images in their sources, which are only read: a person deletes them there."""
    seen = store.every_row(Sighting).filter(pl.col("image_id").is_in(list(image_ids)))
    files = seen.select(pl.format("{}:{}", "source", "key")).to_series().unique().sort().to_list()
    return {"stays_in_sources": files, "stays": "Files in the sources stay: delete them there. They are not taken in again."}
