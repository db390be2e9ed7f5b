"""Write a labeling round as files for a labeling service, and read its results.

python -m pipeline_tasks labeling export --project parts --format mturk --images-at https://bucket.example/round --to ./round
python -m pipeline_tasks labeling import --project parts --format mturk Batch_1_batch_results.csv
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from pipeline_tasks.commands.cycle_of_stage import cycle_of_stage
from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.project_option import add_project_option, open_named_store
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.records.imported_response import SERVICES
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.run import open_services


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `labeling export` and `labeling import`."""
    commands = parser.add_subparsers(dest="labeling_command", required=True)
    export = commands.add_parser("export", help="write the open tasks of a round, with copies of their images")
    export.add_argument("--to", type=Path, required=True, help="a folder that is new or empty")
    export.add_argument("--images-at", required=True, metavar="URL", help="where you will put the folder's `images`")
    export.add_argument("--cycle", help="cycle of the round (default: the newest night)")
    export.set_defaults(run_labeling=_export)
    imported = commands.add_parser("import", help="read results: all rows or none, each response once")
    imported.add_argument("files", type=Path, nargs="+", metavar="FILE")
    imported.add_argument("--leave-out-unknown", action="store_true", help="leave out responses about tasks that are not there")
    imported.set_defaults(run_labeling=_import)
    for one in (export, imported):
        add_project_option(one)
        one.add_argument("--format", choices=SERVICES, required=True)


def run(arguments: argparse.Namespace) -> Outcome:
    """Run one of the `labeling` commands.

    Raises:
        SettingsError: an argument, or a row of a file, is not valid.
    """
    outcome: Outcome = arguments.run_labeling(arguments)
    return outcome


def _export(arguments: argparse.Namespace) -> Outcome:
    from pipeline_tasks.labeling_services.asking import asked_of
    from pipeline_tasks.labeling_services.services import service_of

    cycle_id = cycle_of_stage("send_to_labeling", arguments.project, arguments.cycle)
    with open_services(arguments.project, cycle_id) as services:
        service = service_of(arguments.format, services.cycle.project.label_kind)
        asked, image_ids = asked_of(services.store, services.cycle, arguments.images_at)
        if not asked.images:
            raise SettingsError(f"cycle {cycle_id}: every task of its round is annotated; there is nothing to ask")
        files = service.files(asked)
        _new_folder(arguments.to)
        for key, image_id in image_ids.items():
            _write(arguments.to / "images" / f"{key}.jpg", services.annotator_files.read(image_id))
    for name, content in files.items():
        _write(arguments.to / name, content)
    return in_json(
        {
            "round_id": asked.round_id,
            "images": len(asked.images),
            "tasks": sum(len(one.task_keys) for one in asked.images),
            "files": sorted(files),
            "images_at": arguments.images_at,
        }
    )


def _import(arguments: argparse.Namespace) -> Outcome:
    from pipeline_tasks.labeling_services.importing import import_responses

    files = {str(path): _read(path) for path in arguments.files}
    store, project = open_named_store(arguments.project), read_project(arguments.project)
    done = import_responses(store, project, arguments.format, files, leaves_out_unknown=arguments.leave_out_unknown)
    return in_json(asdict(done))


def _new_folder(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError(f"--to: wanted a folder that is new or empty, found {folder}")


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise SettingsError(f"--to: {path} cannot be written: {error.strerror}") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: wanted text in UTF-8, found {error.reason} at byte {error.start}") from error
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
