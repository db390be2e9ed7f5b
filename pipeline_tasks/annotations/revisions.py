"""Revisions of annotations in the annotation log: their content and digest."""

from __future__ import annotations

import hashlib
import json

from pipeline_tasks.json_values import JsonObject

_KEPT = ("id", "result", "was_cancelled", "lead_time", "created_at", "updated_at")
"""Fields of Label Studio that are stored; others identify the person or contain relative times."""


def revision_content(annotation: JsonObject, *, task_key: str, image_id: str, annotator_id: str) -> JsonObject:
    """Content of an annotation from Label Studio, without the person's name and e-mail address."""
    kept = {field: annotation.get(field) for field in _KEPT}
    # Only where it is set: revisions of earlier releases, which did not know the star, keep their digest.
    kept |= {"ground_truth": True} if annotation.get("ground_truth") else {}
    return kept | {"task_key": task_key, "image_id": image_id, "annotator_id": annotator_id}


def deleted_content(annotation_id: str, last_revision: str) -> JsonObject:
    """Content that records the deletion of an annotation after its last known revision."""
    return {"annotation_id": annotation_id, "deleted_after_revision": last_revision}


def revision_digest(content: JsonObject) -> str:
    """Digest of a revision's stored content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def annotator_pseudonym(project: str, user_id: int | str | None) -> str:
    """Pseudonym of a person, stable within a project; all accounts that were deleted before a first look are one."""
    who = f"{project}/user/{'deleted' if user_id is None else user_id}"
    return f"annotator-{hashlib.sha256(who.encode()).hexdigest()[:12]}"
