"""List, show, compare, export, restore and verify dataset versions.

python -m pipeline_tasks versions list --project parts
python -m pipeline_tasks versions show 3f2a --project parts
python -m pipeline_tasks versions diff 3f2a 91bc --project parts --json
python -m pipeline_tasks versions export 3f2a ./3f2a --project parts
python -m pipeline_tasks versions export 3f2a --format coco --to ./3f2a-coco --project parts
python -m pipeline_tasks versions restore 3f2a --project parts          (undo: restore newest)
python -m pipeline_tasks versions verify 3f2a --project parts --full
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.project_option import add_project_option, open_named_store
from pipeline_tasks.commands.versions.comparing import as_text as diff_text
from pipeline_tasks.commands.versions.comparing import compare
from pipeline_tasks.commands.versions.describing import as_text as show_text
from pipeline_tasks.commands.versions.describing import describe
from pipeline_tasks.commands.versions.exporting import as_text as export_text
from pipeline_tasks.commands.versions.exporting import export_version
from pipeline_tasks.commands.versions.format_exporting import ExportWishes, export_to_format
from pipeline_tasks.commands.versions.format_exporting import as_text as format_text
from pipeline_tasks.commands.versions.listing import as_text as list_text
from pipeline_tasks.commands.versions.listing import list_versions
from pipeline_tasks.commands.versions.progress import progress_bar
from pipeline_tasks.commands.versions.verifying import as_text as verify_text
from pipeline_tasks.commands.versions.verifying import verify_version
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats.writing.targets import NAMES as FORMAT_NAMES
from pipeline_tasks.records.cycle import cycle_id_of_time
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.version_history import VersionRecord, dataset_versions, find_version
from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.calls import tend
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.run import open_services

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_EXPORT_PURPOSE = "write originals in class folders with a manifest, or images and labels in a format of other tools"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the `versions` commands."""
    commands = parser.add_subparsers(dest="versions_command", required=True)
    _add(commands, "list", _list, "all dataset versions of the project")
    _add(commands, "show", _show, "content of a version", "version")
    _add(commands, "diff", _diff, "differences between two versions", "version", "other")
    _add_export_arguments(_add(commands, "export", _export, _EXPORT_PURPOSE, "version"))
    restore = _add(commands, "restore", _restore, "use this version in every training until you run `restore newest`", "version")
    restore.add_argument("--cycle", help="cycle_id of the restore (default: now)")
    verify = _add(commands, "verify", _verify, "list missing and damaged objects; exit code 1 if there are any", "version")
    verify.add_argument("--full", action="store_true", help="read every original (default: check presence and size)")


def run(arguments: argparse.Namespace) -> Outcome:
    """Run one of the `versions` commands.

    Raises:
        SettingsError: no such project or version; an ambiguous short dataset_id lists those that fit.
        StorageError: the project's root failed.
    """
    outcome: Outcome = arguments.run_versions(arguments)
    return outcome


def _list(arguments: argparse.Namespace) -> Outcome:
    found = list_versions(_store(arguments))
    return _outcome(arguments, found, list_text(found))


def _show(arguments: argparse.Namespace) -> Outcome:
    store = _store(arguments)
    found = describe(store, _version(store, arguments.version))
    return _outcome(arguments, found, show_text(found))


def _diff(arguments: argparse.Namespace) -> Outcome:
    store = _store(arguments)
    found = compare(store, _version(store, arguments.version), _version(store, arguments.other))
    return _outcome(arguments, found, diff_text(found))


def _export(arguments: argparse.Namespace) -> Outcome:
    folder = _folder(arguments)
    store = _store(arguments)
    version = _version(store, arguments.version)
    with progress_bar("export", sys.stderr) as progress:
        if arguments.format is None:
            exported = export_version(store, version, folder, progress)
            return _outcome(arguments, exported, export_text(exported))
        wishes = ExportWishes(arguments.format, folder, arguments.names == "source", arguments.licence or "")
        found = export_to_format(store, version, wishes, progress)
    return _outcome(arguments, found, format_text(found))


def _folder(arguments: argparse.Namespace) -> Path:
    """The one folder that is named, as a word or as `--to`."""
    named = [one for one in (arguments.folder, arguments.to) if one]
    if len(named) != 1:
        raise SettingsError(f"versions export: wanted one folder, as `--to FOLDER`; found {' and '.join(named) or 'none'}")
    if arguments.format is None and (arguments.names != "id" or arguments.licence):
        raise SettingsError("versions export: --names and --licence are of an export with --format; found none; add it")
    return Path(named[0])


def _restore(arguments: argparse.Namespace) -> Outcome:
    project = read_project(arguments.project)
    now = datetime.now(timezone.utc)
    cycle_id = arguments.cycle or cycle_id_of_time(now, project.time_zone, is_scheduled=False)
    with open_services(arguments.project, cycle_id) as services:
        summary = tend.restore_dataset_version(services, StageArguments(dataset_id=arguments.version))
    undo = summary.previous_dataset_id or "newest"
    text = f"{summary.why}\nUndo: versions restore {undo[:12]} --project {arguments.project}"
    return _outcome(arguments, summary, text)


def _verify(arguments: argparse.Namespace) -> Outcome:
    store = _store(arguments)
    version = _version(store, arguments.version)
    with progress_bar("verify", sys.stderr) as progress:
        found = verify_version(store, version, progress, reads_bytes=arguments.full)
    return _outcome(arguments, found, verify_text(found))


def _outcome(arguments: argparse.Namespace, found: DataclassInstance, text: str) -> Outcome:
    """JSON if it was asked for, otherwise the text."""
    outcome = in_json(asdict(found))
    return outcome if arguments.json else Outcome(text, outcome.is_fine)


def _store(arguments: argparse.Namespace) -> Store:
    return open_named_store(arguments.project)


def _version(store: Store, wanted: str) -> VersionRecord:
    return find_version(dataset_versions(store), wanted)


def _add_export_arguments(export: argparse.ArgumentParser) -> None:
    export.add_argument("folder", nargs="?", help="the same as --to")
    export.add_argument("--to", metavar="FOLDER", help="a new or empty folder")
    export.add_argument("--format", choices=FORMAT_NAMES, help="format of images and labels (default: originals with a manifest)")
    export.add_argument("--names", choices=("id", "source"), default="id", help="name images by image_id, or as at their source")
    export.add_argument("--licence", help="licence of the images, for the files of the format")


def _add(
    commands: Any, name: str, run_versions: Callable[[argparse.Namespace], Outcome], purpose: str, *positional: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=purpose, description=purpose)
    for word in positional:
        parser.add_argument(word)
    add_project_option(parser)
    parser.add_argument("--json", action="store_true", help="one JSON line instead of a table")
    parser.set_defaults(run_versions=run_versions)
    return parser
