"""Convert a pipeline of imgaug into entries of `training.augmentation`; the file is read, not run."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline_tasks.commands.outcome import Outcome
from pipeline_tasks.errors import SettingsError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the form and the file."""
    parser.add_argument("form", choices=["from-imgaug"])
    parser.add_argument("file", type=Path, help="Python file with the pipeline")


def run(arguments: argparse.Namespace) -> Outcome:
    """Print the entries, and by line what no entry does; the exit code is 1 while something is not converted.

    Raises:
        SettingsError: the file cannot be read, is no Python, or has no augmenter.
    """
    from pipeline_tasks.augmentations.imgaug.converting import converted

    try:
        found = converted(arguments.file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{arguments.file}: wanted a Python file, found one that cannot be read: {error}") from error
    except SyntaxError as error:
        raise SettingsError(f"{arguments.file}, line {error.lineno}: wanted Python, found {error.msg}") from error
    if not found.entries and not found.lost and not found.differs:
        raise SettingsError(
            f"{arguments.file}: wanted a pipeline of imgaug, found no call of an augmenter; it must import them, as in "
            "`import imgaug.augmenters as iaa`"
        )
    return Outcome(found.as_yaml, is_fine=not found.lost)
