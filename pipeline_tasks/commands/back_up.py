"""Bring a copy of a project's root up to date, while cycles run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from tqdm import tqdm

from pipeline_tasks.wiring.endpoints import endpoints_from_environment
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_objects, open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the copy lies."""
    parser.add_argument("--place", required=True, help="where the copy lies: a folder or s3://bucket/prefix")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Copy what is new; `is_fine` is false if something in the root has rotted.

    Raises:
        StorageError: at that place lies the copy of another history.
    """
    from pipeline_tasks.storage.care.backup import back_up

    s3 = endpoints_from_environment(arguments.project).s3
    root = open_store(read_project(arguments.project), s3).objects
    with object_bar("back_up") as tell:
        summary = back_up(root, open_objects(arguments.place, s3), tell)
    return {"project": arguments.project, "place": arguments.place, "is_fine": summary.is_fine, **asdict(summary)}


@contextmanager
def object_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar that is told how many objects of how many are done; silent where nobody looks."""
    with tqdm(unit=" objects", desc=title, file=sys.stderr, disable=None) as bar:

        def tell(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        yield tell
