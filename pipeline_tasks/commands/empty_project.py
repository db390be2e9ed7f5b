"""Delete a project's images, labels and models from its store; things outside the store keep their old names."""

from __future__ import annotations

import argparse

from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.project_option import add_project_option, open_named_store
from pipeline_tasks.errors import SettingsError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the confirmation."""
    add_project_option(parser)
    parser.add_argument("--yes", action="store_true", help="delete; without it nothing is changed")


def run(arguments: argparse.Namespace) -> Outcome:
    """Empty the project and return its new generation.

    Raises:
        SettingsError: --yes is missing; the message says how much would be lost.
    """
    from pipeline_tasks.storage.ledger.generation import empty_project

    name: str = arguments.project
    store = open_named_store(name)
    if not arguments.yes:
        objects = sum(1 for _ in store.objects.list(""))
        raise SettingsError(f"empty_project would delete all {objects} objects of project {name!r} for good; add --yes to do it")
    return in_json({"project": name, "generation": empty_project(store.objects)})
