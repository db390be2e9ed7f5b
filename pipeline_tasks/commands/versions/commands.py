"""`python -m pipeline_tasks versions …`: what a person types, and which room answers.

python -m pipeline_tasks versions list --project parts
python -m pipeline_tasks versions show 3f2a --project parts
python -m pipeline_tasks versions diff 3f2a 91bc --project parts --json
python -m pipeline_tasks versions export 3f2a ./3f2a --project parts
python -m pipeline_tasks versions restore 3f2a --project parts          (and back: restore newest)
python -m pipeline_tasks versions verify 3f2a --project parts --full
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pipeline_tasks.commands.versions.comparing import as_text as diff_text
from pipeline_tasks.commands.versions.comparing import compare
from pipeline_tasks.commands.versions.describing import as_text as show_text
from pipeline_tasks.commands.versions.describing import describe
from pipeline_tasks.commands.versions.exporting import as_text as export_text
from pipeline_tasks.commands.versions.exporting import export_version
from pipeline_tasks.commands.versions.listing import as_text as list_text
from pipeline_tasks.commands.versions.listing import list_versions
from pipeline_tasks.commands.versions.progress import progress_bar
from pipeline_tasks.commands.versions.verifying import as_text as verify_text
from pipeline_tasks.commands.versions.verifying import verify_version
from pipeline_tasks.records.cycle import cycle_id_of_time
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.version_history import VersionRecord, dataset_versions, find_version
from pipeline_tasks.wiring import stages
from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.endpoints import endpoints_from_environment
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store
from pipeline_tasks.wiring.run import open_services


@dataclass(frozen=True)
class Answer:
    """What a command found: for machines and for people."""

    fields: dict[str, Any]
    text: str
    is_fine: bool = True


def answer_command(words: Sequence[str]) -> tuple[str, bool]:
    """Answer one command: what to print, and whether all is fine.

    Raises:
        SettingsError: no such project or version; an ambiguous short dataset_id lists those that fit.
        StorageError: the project's root did not do what it must.
    """
    arguments = _parser().parse_args(words)
    answer = _COMMANDS[arguments.command](arguments)
    return (json.dumps(answer.fields, sort_keys=True) if arguments.json else answer.text), answer.is_fine


def _list(arguments: argparse.Namespace) -> Answer:
    fields = list_versions(_store(arguments))
    return Answer(fields, list_text(fields))


def _show(arguments: argparse.Namespace) -> Answer:
    store = _store(arguments)
    fields = describe(store, _version(store, arguments.version))
    return Answer(fields, show_text(fields))


def _diff(arguments: argparse.Namespace) -> Answer:
    store = _store(arguments)
    fields = compare(store, _version(store, arguments.version), _version(store, arguments.other))
    return Answer(fields, diff_text(fields))


def _export(arguments: argparse.Namespace) -> Answer:
    store = _store(arguments)
    version = _version(store, arguments.version)
    with progress_bar("export", sys.stderr) as progress:
        fields = export_version(store, version, Path(arguments.folder), progress)
    return Answer(fields, export_text(fields))


def _restore(arguments: argparse.Namespace) -> Answer:
    project = read_project(arguments.project)
    now = datetime.now(timezone.utc)
    cycle_id = arguments.cycle or cycle_id_of_time(now, project.time_zone, is_scheduled=False)
    with open_services(arguments.project, cycle_id) as services:
        summary = stages.restore_dataset_version(services, StageArguments(dataset_id=arguments.version))
    undo = summary.previous_dataset_id or "newest"
    return Answer(asdict(summary), f"{summary.why}\nUndo: versions restore {undo[:12]} --project {arguments.project}")


def _verify(arguments: argparse.Namespace) -> Answer:
    store = _store(arguments)
    version = _version(store, arguments.version)
    with progress_bar("verify", sys.stderr) as progress:
        fields = verify_version(store, version, progress, reads_bytes=arguments.full)
    return Answer(fields, verify_text(fields), is_fine=fields["is_fine"])


def _store(arguments: argparse.Namespace) -> Store:
    project = read_project(arguments.project)
    return open_store(project, endpoints_from_environment(arguments.project).s3)


def _version(store: Store, wanted: str) -> VersionRecord:
    return find_version(dataset_versions(store), wanted)


_COMMANDS: dict[str, Callable[[argparse.Namespace], Answer]] = {
    "list": _list,
    "show": _show,
    "diff": _diff,
    "export": _export,
    "restore": _restore,
    "verify": _verify,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipeline_tasks versions", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    _add(commands, "list", "all dataset versions of the project")
    _add(commands, "show", "what is in a version", "version")
    _add(commands, "diff", "what makes the second version of the first one", "version", "other")
    _add(commands, "export", "originals in class folders and a manifest, into an empty folder", "version", "folder")
    restore = _add(commands, "restore", "train on exactly this version again; `newest`: on the current labels", "version")
    restore.add_argument("--cycle", help="the restore's own cycle_id; default: now")
    verify = _add(commands, "verify", "name what is missing or rotted; exit 1 if anything is", "version")
    verify.add_argument("--full", action="store_true", help="read every original; default: presence and size")
    return parser


def _add(commands: Any, name: str, purpose: str, *positional: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=purpose, description=purpose)
    for word in positional:
        parser.add_argument(word)
    parser.add_argument("--project", required=True)
    parser.add_argument("--json", action="store_true", help="one JSON line instead of a table")
    return parser
