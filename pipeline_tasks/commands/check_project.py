"""Try a project's file, connections and rights before the first night."""

from __future__ import annotations

import argparse
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None but the project."""


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Check, and say what was found for each part."""
    from pipeline_tasks.commands.project_check import check_project

    return check_project(arguments.project)
