"""Files of cycle reports: derived from tables, so a newer file replaces the older one."""

from __future__ import annotations

from pipeline_tasks.errors import AlreadyThereError
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore

PAGE = "index.html"
SUMMARY = "summary.json"


def write_report_file(objects: ObjectStore, cycle_id: str, name: str, content: bytes) -> str:
    """Write or replace one file of a cycle's report; return its key.

    Raises:
        ChangedMeanwhileError: another try replaced it at the same moment; retrying is safe.
    """
    key = layout.report(cycle_id, name)
    try:
        with around("report.put"):
            objects.write_new(key, content)
    except AlreadyThereError:
        standing = objects.read(key)
        if standing.content != content:
            with around("report.replace"):
                objects.replace(key, content, standing.etag)
    return key


def read_report_file(objects: ObjectStore, cycle_id: str, name: str = PAGE) -> bytes:
    """Read one file of a cycle's report.

    Raises:
        NotFoundError: no report was written for this cycle.
    """
    return objects.read(layout.report(cycle_id, name)).content
