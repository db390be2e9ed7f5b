"""Reminders of a cycle's round, kept beside its report, so that each step is told once whatever restarts."""

from __future__ import annotations

import json
from dataclasses import asdict

from pipeline_tasks.errors import NotFoundError
from pipeline_tasks.records.reading import read_record
from pipeline_tasks.records.reminder import Reminder
from pipeline_tasks.storage.blobs.report_files import read_report_file, write_report_file
from pipeline_tasks.storage.objects.object_store import ObjectStore

_FILE = "reminders.json"


def told_reminders(objects: ObjectStore, cycle_id: str) -> list[Reminder]:
    """The steps of which somebody was told, in order."""
    try:
        content = read_report_file(objects, cycle_id, _FILE)
    except NotFoundError:
        return []
    return [read_record(Reminder, one, f"reminders of cycle {cycle_id}") for one in json.loads(content)]


def note_reminder(objects: ObjectStore, cycle_id: str, reminder: Reminder) -> None:
    """Keep a step behind those that stand.

    Raises:
        ChangedMeanwhileError: another process noted one at the same moment.
    """
    told = [*told_reminders(objects, cycle_id), reminder]
    write_report_file(objects, cycle_id, _FILE, json.dumps([asdict(one) for one in told], indent=1).encode())
