"""Append-only folder of annotations from CVAT: each revision of an image's objects is a file named by its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from airflow.sdk import ObjectStoragePath

from nightlens_airflow.cvat.server import CvatServer, Job
from nightlens_airflow.numbered_index import keep_index, newest_index
from pipeline_tasks.json_values import JsonObject


@dataclass(frozen=True)
class PulledJobs:
    """Counts of one pull, of images."""

    new: int
    edited: int
    standing: int
    """Images in completed jobs."""


@dataclass
class JobFolder:
    """`annotations/<task>-<frame>/<digest>.json`, and `index-<n>.json`, the newest of which says what stands.

    Revisions are written first and the index last, so that a pull that was killed is repeated and loses nothing.
    """

    folder: ObjectStoragePath

    def pull(self, server: CvatServer, task_id: int) -> PulledJobs:
        """Fetch the completed jobs that changed since the last pull.

        A job is fetched again whenever its time of change is another, whatever the clock says.
        """
        number, index = newest_index(self.folder)
        seen, standing = dict(index.get("jobs", {})), dict(index.get("standing", {}))
        completed = [job for job in server.jobs(task_id) if job.state == "completed"]
        changed = [job for job in completed if seen.get(str(job.job_id)) != job.updated_at]
        new = edited = 0
        names, images = (server.names(task_id), server.image_names(task_id)) if changed else ({}, [])
        for job in changed:
            for key, digest in self._log(server, task_id, job, names, images).items():
                new, edited = new + (key not in standing), edited + (key in standing and standing[key] != digest)
                standing[key] = digest
            seen[str(job.job_id)] = job.updated_at
        if changed:
            keep_index(self.folder, number + 1, {"jobs": seen, "standing": standing})
        return PulledJobs(new, edited, len(standing))

    def _log(self, server: CvatServer, task_id: int, job: Job, names: Mapping[int, str], images: list[str]) -> dict[str, str]:
        """Write each frame of a job; frames without objects say that nothing is there."""
        records, found = server.annotations(job.job_id, names), {}
        for frame in job.frames:
            content: JsonObject = {"task": task_id, "job": job.job_id, "frame": frame, "image": images[frame]}
            content |= {"objects": records.get(frame, [])}
            digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
            key = f"{task_id}-{frame}"
            self._write(f"annotations/{key}/{digest}.json", content)
            found[key] = digest
        return found

    def _write(self, name: str, content: JsonObject) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content, sort_keys=True))
