"""Check a project's file, connections and permissions before the first night."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.project_option import add_project_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the project."""
    add_project_option(parser)


def run(arguments: argparse.Namespace) -> Outcome:
    """Run all checks and report each result."""
    from pipeline_tasks.commands.check_project.checks import check_project

    return in_json(asdict(check_project(arguments.project)))
