"""What the annotation log keeps of an answer, and the digest that names each revision of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_KEPT = ("id", "result", "was_cancelled", "lead_time", "created_at", "updated_at")
"""Of Label Studio's fields only these: others name the person or say how long ago something was."""


def revision_content(annotation: Mapping[str, Any], *, task_key: str, image_id: str, annotator_id: str) -> dict[str, Any]:
    """An answer as Label Studio holds it, the person's name and e-mail left out."""
    kept = {field: annotation.get(field) for field in _KEPT}
    return kept | {"task_key": task_key, "image_id": image_id, "annotator_id": annotator_id}


def deleted_content(annotation_id: str, last_revision: str) -> dict[str, Any]:
    """That an answer was taken back after its last revision seen."""
    return {"annotation_id": annotation_id, "deleted_after_revision": last_revision}


def revision_digest(content: Mapping[str, Any]) -> str:
    """Name a revision by everything that is kept of it."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def annotator_pseudonym(project: str, user_id: int | None, annotation_number: int) -> str:
    """The same name for the same person within a project; an answer whose account is gone is a person of its own."""
    who = f"{project}/user/{user_id}" if user_id is not None else f"{project}/annotation/{annotation_number}"
    return f"annotator-{hashlib.sha256(who.encode()).hexdigest()[:12]}"
