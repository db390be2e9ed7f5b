"""Append-only folder of annotations: each revision is a file named by its content, and an index tells which stand."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from airflow.sdk import ObjectStoragePath

from nightlens_airflow.numbered_index import keep_index, newest_index
from pipeline_tasks.json_values import JsonObject

if TYPE_CHECKING:
    from pipeline_tasks.clients.label_studio import LabelStudio

_OVERLAP = timedelta(minutes=10)
"""A change may be stamped well before it becomes visible."""
_KEPT = ("id", "result", "was_cancelled", "lead_time", "created_at", "updated_at", "completed_by", "ground_truth", "import_id")


@dataclass(frozen=True)
class Pulled:
    """Counts of one pull."""

    new: int
    edited: int
    deleted: int
    standing: int
    """Annotations that stand now."""


@dataclass
class AnnotationFolder:
    """`annotations/<number>/<digest>.json` and `index-<n>.json`, the newest of which counts.

    Revisions are written first and the index last, so that a pull that was killed is repeated and loses nothing.
    """

    folder: ObjectStoragePath

    def pull(self, client: LabelStudio, project_id: int, *, compares_all: bool = False) -> Pulled:
        """Fetch, log and index.

        Raises:
            ServiceUnavailableError: Label Studio does not respond; the next try continues.
        """
        sequence, index = newest_index(self.folder)
        known: dict[str, list[str]] = index.get("standing", {})
        moment = None if compares_all else index.get("newest")
        tasks = client.changed_since(project_id, None if moment is None else _earlier(moment))
        standing, counts = self._take(tasks, known, is_whole=moment is None)
        if moment is not None and client.count_annotations(project_id) != len(standing):
            tasks = client.changed_since(project_id, None)
            standing, counts = self._take(tasks, known, is_whole=True)
        newest = max([task["updated_at"] for task in tasks] + ([index["newest"]] if index.get("newest") else []), default=None)
        keep_index(self.folder, sequence + 1, {"standing": standing, "newest": newest})
        return Pulled(*counts, len(standing))

    def _take(
        self, tasks: list[JsonObject], known: dict[str, list[str]], *, is_whole: bool
    ) -> tuple[dict[str, list[str]], tuple[int, int, int]]:
        """Log the revisions of these tasks; the standing ones (number → task and digest), and new, edited, deleted."""
        seen = {str(one["id"]): (str(task["id"]), one) for task in tasks for one in task["annotations"]}
        listed = {str(task["id"]) for task in tasks}
        standing, new, edited = dict(known), 0, 0
        for number, (task_id, annotation) in sorted(seen.items()):
            digest = self._log(number, {field: annotation.get(field) for field in _KEPT} | {"task": int(task_id)})
            new, edited = new + (number not in known), edited + (number in known and known[number][1] != digest)
            standing[number] = [task_id, digest]
        deleted = [number for number, (task, _) in known.items() if number not in seen and (is_whole or task in listed)]
        for number in deleted:
            self._log(number, {"id": int(number), "deleted_after": standing.pop(number)[1]})
        return standing, (new, edited, len(deleted))

    def _log(self, number: str, content: JsonObject) -> str:
        text = json.dumps(content, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        file = self.folder / "annotations" / number / f"{digest}.json"
        if not file.exists() or file.read_text() != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return digest


def _earlier(moment: str) -> str:
    then = datetime.fromisoformat(moment).astimezone(timezone.utc) - _OVERLAP
    return then.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
