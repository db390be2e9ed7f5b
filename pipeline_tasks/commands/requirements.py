"""Say which images a project needs and has, and write what is missing to a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline_tasks.commands.outcome import Outcome
from pipeline_tasks.commands.project_option import add_project_option, open_named_store
from pipeline_tasks.commands.versions.text_table import text_table
from pipeline_tasks.errors import SettingsError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the project, and the file."""
    add_project_option(parser)
    parser.add_argument("--to", type=Path, help="write the gap file, JSON (docs/how-to/say-which-images-are-needed.md)")


def run(arguments: argparse.Namespace) -> Outcome:
    """Print wanted against labelled images; the exit code is 1 while something is short."""
    from pipeline_tasks.datasets.requirements import compared, gap_file
    from pipeline_tasks.kinds.registry import kind_of
    from pipeline_tasks.slice_search.matching import counted_slices, standing_requests
    from pipeline_tasks.storage.history.counted_images import counted_images, shown_names
    from pipeline_tasks.wiring.projects import read_project

    project, store = read_project(arguments.project), open_named_store(arguments.project)
    found = counted_slices(store, standing_requests(store))
    if project.requirements is None and not found:
        raise SettingsError(
            f"requirements: project {arguments.project} states none; add a section `requirements` to its file, or ask for images "
            "like those of a found slice (ask_for_slice)"
        )
    if project.requirements is not None:
        found = compared(project.requirements, counted_images(store), shown_names(store, kind_of(project).changes)) + found
    if arguments.to is not None:
        _write(arguments.to, gap_file(project, found))
    rows = [(one.name, one.wanted, one.labelled, one.short, one.unlabelled) for one in found]
    text = text_table(("requirement", "wanted", "labelled", "short", "not labelled yet"), rows)
    return Outcome(text, is_fine=not any(one.short for one in found))


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise SettingsError(f"--to: wanted a file that can be written, found {path}: {error.strerror}") from error
