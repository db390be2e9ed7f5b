"""Delete a project's images, labels and models from its store; what lies outside keeps its old name."""

from __future__ import annotations

import argparse
from typing import Any

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.wiring.endpoints import endpoints_from_environment
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A word that one is sure."""
    parser.add_argument("--yes", action="store_true", help="really do it")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Empty it; return the generation that begins.

    Raises:
        SettingsError: without --yes; says how much would be lost.
    """
    from pipeline_tasks.storage.ledger.generation import empty_project

    name: str = arguments.project
    store = open_store(read_project(name), endpoints_from_environment(name).s3)
    if not arguments.yes:
        objects = sum(1 for _ in store.objects.list(""))
        raise SettingsError(f"empty_project would delete all {objects} objects of project {name!r} for good; add --yes to do it")
    return {"project": name, "generation": empty_project(store.objects)}
