"""Generation of a project: the number of times it was emptied, recorded so that an interrupted emptying is detected."""

from __future__ import annotations

import json

from pipeline_tasks.errors import NotFoundError, StorageError
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.upgrades import forms
from pipeline_tasks.upgrades.json_fields import marked, upgraded_fields


def read_generation(objects: ObjectStore) -> int:
    """The project's generation; 1 if it was never emptied.

    Raises:
        StorageError: an emptying was interrupted; run it again to finish it.
    """
    generation, is_emptying = _read(objects)
    if is_emptying:
        raise StorageError("emptying this project was interrupted: run `python -m pipeline_tasks empty_project` again")
    return generation


def empty_project(objects: ObjectStore) -> int:
    """Delete everything in the project and return its next generation. Safe to run again after an interruption."""
    generation, is_emptying = _read(objects)
    following = generation if is_emptying else generation + 1
    _write(objects, following, is_emptying=True)
    # Objects that name others are deleted first, so that no object names a deleted one.
    for prefix in (layout.SERVING_POINTER, layout.LEDGER, layout.SNAPSHOTS, ""):
        for key in sorted(objects.list(prefix), key=lambda key: (not key.endswith("/index.json"), key)):
            if key != layout.GENERATION:
                with around("generation.empty"):
                    objects.delete(key)
    _write(objects, following, is_emptying=False)
    return following


def _read(objects: ObjectStore) -> tuple[int, bool]:
    try:
        content = json.loads(objects.read(layout.GENERATION).content)
    except NotFoundError:
        return 1, False
    fields = upgraded_fields(forms.GENERATION, content, layout.GENERATION)
    return int(fields["generation"]), bool(fields["is_emptying"])


def _write(objects: ObjectStore, generation: int, *, is_emptying: bool) -> None:
    fields = {"generation": generation, "is_emptying": is_emptying}
    content = json.dumps(marked(forms.GENERATION, fields)).encode()
    try:
        standing = objects.read(layout.GENERATION)
    except NotFoundError:
        with around("generation.put"):
            objects.write_new(layout.GENERATION, content)
    else:
        with around("generation.replace"):
            objects.replace(layout.GENERATION, content, standing.etag)
