"""Option `--project`, and the root that it opens."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pipeline_tasks.wiring.endpoints import endpoints_from_environment
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store

if TYPE_CHECKING:
    from pipeline_tasks.storage.history.store import Store


def add_project_option(parser: argparse.ArgumentParser) -> None:
    """Add the name of a project."""
    parser.add_argument("--project", required=True)


def open_named_store(project_name: str) -> Store:
    """The root of the project of this name.

    Raises:
        SettingsError: there is no such project, or its file is invalid.
    """
    return open_store(read_project(project_name), endpoints_from_environment(project_name).s3)
