"""Options that say what a labelled set becomes in a project."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.labelled_sets.set_names import name_of_place
from pipeline_tasks.records.labelled_set import FORMAT_KEYS, KEEP, SPLITTING, TEST_RATIO, LabelledSet


def add_set_options(parser: argparse.ArgumentParser) -> None:
    """Add the place of the set, its name, its classes, splits and licence."""
    parser.add_argument(
        "--set", required=True, type=Path, metavar="PLACE", help="folder of the set, its archive, or one annotation file in it"
    )
    parser.add_argument("--format", choices=FORMAT_KEYS, help="format of the set (default: the only one that it holds)")
    parser.add_argument("--name", help="name of the set in the project (default: its folder's)")
    parser.add_argument("--map", action="append", default=[], metavar="THEIRS=OURS", help="class of the set as one of the project")
    parser.add_argument("--drop", action="append", default=[], metavar="CLASS", help="class of the set that is left out")
    ways = "; ".join(f"{name}: {says}" for name, says in SPLITTING.items())
    parser.add_argument("--splits", choices=list(SPLITTING), default=KEEP, help=f"{ways} (default: {KEEP})".replace("%", "%%"))
    parser.add_argument("--test-ratio", type=float, default=TEST_RATIO, help=f"share of images to test (default: {TEST_RATIO})")
    parser.add_argument("--licence", help="licence of the set (default: as its LICENSE file says)")
    parser.add_argument(
        "--synthetic", action="store_true", help="rendered or generated images: all go to train, none to val or test"
    )
    parser.add_argument("--bit-depth", type=int, help="bits that the camera gives in 16-bit files whose tags do not say it")


def labelled_set_of(arguments: argparse.Namespace) -> LabelledSet:
    """The set that the options describe.

    Raises:
        SettingsError: `--map` has no `=`, or names a class twice.
    """
    place: Path = arguments.set.resolve()
    return LabelledSet(
        name=arguments.name or name_of_place(place),
        place=str(place),
        format_key=arguments.format,
        classes=_classes(arguments.map),
        dropped=tuple(arguments.drop),
        splitting=arguments.splits,
        test_ratio=arguments.test_ratio,
        licence=arguments.licence,
        bit_depth=arguments.bit_depth,
        is_synthetic=arguments.synthetic,
    )


def _classes(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        theirs, separator, ours = line.rpartition("=")
        if not separator or not theirs or not ours:
            raise SettingsError(f"--map: wanted THEIRS=OURS, such as Platelets=platelet, found {line!r}")
        if theirs in found:
            raise SettingsError(f"--map: {theirs!r} is mapped twice, to {found[theirs]!r} and {ours!r}; take one of them away")
        found[theirs] = ours
    return found
