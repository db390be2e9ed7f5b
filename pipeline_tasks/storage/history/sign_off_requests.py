"""Request for a sign-off of a cycle, kept beside its report, so that its deadline is fixed and people are told once."""

from __future__ import annotations

import json
from dataclasses import asdict

from pipeline_tasks.errors import NotFoundError
from pipeline_tasks.records.reading import read_record
from pipeline_tasks.records.sign_off import SignOffRequest
from pipeline_tasks.storage.blobs.report_files import read_report_file, write_report_file
from pipeline_tasks.storage.objects.object_store import ObjectStore

_FILE = "sign_off.json"


def standing_request(objects: ObjectStore, cycle_id: str) -> SignOffRequest | None:
    """The request that was made; None if there is none yet."""
    try:
        content = read_report_file(objects, cycle_id, _FILE)
    except NotFoundError:
        return None
    return read_record(SignOffRequest, json.loads(content), f"request for a sign-off of cycle {cycle_id}")


def note_request(objects: ObjectStore, cycle_id: str, request: SignOffRequest) -> SignOffRequest:
    """Keep the request in place of the one that stands.

    Raises:
        ChangedMeanwhileError: another process noted one at the same moment.
    """
    write_report_file(objects, cycle_id, _FILE, json.dumps(asdict(request), indent=1).encode())
    return request
