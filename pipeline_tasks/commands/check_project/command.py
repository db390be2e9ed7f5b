"""Check a project's file, connections and permissions before the first night."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import datetime, timezone

from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.project_option import add_project_option
from pipeline_tasks.errors import SettingsError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the project, and a source to lint."""
    add_project_option(parser)
    parser.add_argument("--source", help="say which files of this source would be skipped and why, in place of the other checks")
    parser.add_argument("--read", type=int, default=100, help="with --source: files to decode, spread over all (default 100)")


def run(arguments: argparse.Namespace) -> Outcome:
    """Run all checks and report each result, or lint one source."""
    from pipeline_tasks.commands.check_project.checks import check_project

    if arguments.source is None:
        return in_json(asdict(check_project(arguments.project)))
    return _lint(arguments.project, arguments.source, arguments.read)


def _lint(project_name: str, source_name: str, most_read: int) -> Outcome:
    from pipeline_tasks.commands.check_project.linting import lint_source
    from pipeline_tasks.commands.check_project.source_text import source_text
    from pipeline_tasks.decoding.pool import DecodingPool
    from pipeline_tasks.sources.source import open_source
    from pipeline_tasks.wiring.endpoints import endpoints_from_environment
    from pipeline_tasks.wiring.projects import home_folder, read_project

    project = read_project(project_name)
    settings = next((one for one in project.sources if one.name == source_name), None)
    if settings is None:
        known = ", ".join(one.name for one in project.sources)
        raise SettingsError(f"--source: project {project_name} has no source {source_name!r}; it has {known}")
    if most_read < 0:
        raise SettingsError(f"--read: wanted 0 or more files, found {most_read}")
    endpoints = endpoints_from_environment(project_name)
    source = open_source(settings, home_folder(), endpoints.connect, endpoints.web_key)
    with DecodingPool() as decoder:
        now = datetime.now(timezone.utc)
        report = lint_source(source, settings, project.splits.golden, decoder, now, most_read)
    return Outcome(source_text(report), report.is_fine)
