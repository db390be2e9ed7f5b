"""Take a labelled set of another tool into a project: its images as a night's are, its labels with their origin."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

import polars as pl

from pipeline_tasks.commands.cycle_of_stage import cycle_of_stage
from pipeline_tasks.commands.labelled_set_options import add_set_options, labelled_set_of
from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.commands.project_option import add_project_option, open_named_store
from pipeline_tasks.json_values import Json
from pipeline_tasks.records.by_stage import CycleRecords
from pipeline_tasks.records.import_labels import ImportLabelsSummary
from pipeline_tasks.records.open_import import OpenImportSummary
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.storage.blobs.report_files import PAGE
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.tables.set_left_out import SetLeftOut
from pipeline_tasks.wiring.arguments import StageArguments
from pipeline_tasks.wiring.run import run_import


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the project, the set, and the cycle to continue."""
    add_project_option(parser)
    add_set_options(parser)
    parser.add_argument("--cycle", help="cycle_id of the import (default: now); name it to continue an interrupted one")
    parser.add_argument("--run-key", default="command line", help="name of the run that owns the cycle")


def run(arguments: argparse.Namespace) -> Outcome:
    """Import the set; the same call with `--cycle` continues after a kill, and a second import of the same set adds nothing.

    Raises:
        SettingsError: the set or one of its classes cannot be meant; nothing was recorded.
        NightlensError: any error of a stage.
    """
    wanted = labelled_set_of(arguments)
    cycle_id = cycle_of_stage("open_import", arguments.project, arguments.cycle)
    done = run_import(arguments.project, cycle_id, StageArguments(run_key=arguments.run_key, labelled_set=wanted))
    return in_json(_told(CycleRecords(tuple(done.values())), open_named_store(arguments.project)))


def _told(records: CycleRecords, store: Store) -> dict[str, Json]:
    """The outcome of all stages, for people and scripts."""
    opened, taken, labels = records.get(OpenImportSummary), records.get(RecordImagesSummary), records.get(ImportLabelsSummary)
    return {
        "cycle_id": opened.cycle_id,
        "set_name": opened.set_name,
        "format": opened.format_name,
        "licence": opened.licence or "not stated",
        "licence_from": opened.licence_from,
        "classes": dict(opened.classes),
        "dropped": dict(opened.dropped),
        "notes": list(opened.notes),
        "images_with_a_label": opened.images,
        "images_new": taken.images_new,
        "images_already_known": taken.images_already_known,
        "images_refused": dict(taken.rejected_by_reason),
        "labels_new": labels.labels_new,
        "labels_changed": labels.labels_changed,
        "labels_unchanged": labels.labels_unchanged,
        "kept_of_people": labels.kept_of_people,
        "objects_by_class": dict(labels.images_by_class),
        "own_splits": dict(opened.own_splits),
        "splits": dict(labels.splits),
        "splits_standing": labels.splits_standing,
        "groups_in_two_splits": labels.groups_in_two_splits,
        "left_out": _with_places({**opened.left_out, **labels.left_out}, store, opened.cycle_id),
        "changed": dict(opened.changed),
        "report": layout.report(opened.cycle_id, PAGE),
    }


def _with_places(counts: Mapping[str, int], store: Store, cycle_id: str) -> dict[str, Json]:
    """Reason → number and first place; the other places are in the table `set_left_outs`."""
    first = store.read(SetLeftOut, cycle_id).filter(pl.col("number") == 0)
    places = dict(first.select("reason", "place").iter_rows())
    return {reason: {"count": count, "first": places.get(reason)} for reason, count in counts.items()}
