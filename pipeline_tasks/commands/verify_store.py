"""Read the whole store and list damaged objects; with a second copy, repair them."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from pipeline_tasks.commands.object_bar import object_bar
from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.project_option import add_project_option, open_named_store
from pipeline_tasks.json_values import Json
from pipeline_tasks.wiring.endpoints import endpoints_from_environment
from pipeline_tasks.wiring.roots import open_objects


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the place of a second copy."""
    add_project_option(parser)
    parser.add_argument("--mend-from", help="root of a second copy: a folder or s3://bucket/prefix")


def run(arguments: argparse.Namespace) -> Outcome:
    """Verify and repair; `is_fine` is False while something is damaged."""
    from pipeline_tasks.storage.care.mending import verify_and_mend

    s3 = endpoints_from_environment(arguments.project).s3
    copy = None if arguments.mend_from is None else open_objects(arguments.mend_from, s3)
    root = open_named_store(arguments.project).objects
    with object_bar("verify_store") as tell:
        mending = verify_and_mend(root, copy, tell)
    found = asdict(mending.verification)
    mended: dict[str, Json] = {"mended": mending.mended, "not_mended": mending.not_mended}
    return in_json({"project": arguments.project, "is_fine": not found["damaged"], **found, **mended})
