"""Plan of an erasure, written before it begins, so that a killed one can continue, and deleted last.

While the plan exists the root still names the images, here and in objects not deleted yet. Backups never copy it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from pipeline_tasks.errors import AlreadyThereError, CorruptObjectError, NotFoundError
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.seal import sealed, unsealed
from pipeline_tasks.upgrades import forms
from pipeline_tasks.upgrades.json_fields import marked, upgraded_fields

_HEXADECIMAL = re.compile(r"[0-9a-f]{32,}")
_FOLDER = re.compile(re.escape(layout.ORIGINALS) + r"([0-9a-f]{2})/")


@dataclass(frozen=True)
class ErasurePlan:
    """Images to erase, with the data needed outside the tables once their rows are gone."""

    tombstones: dict[str, str]
    """image_id → its tombstone, the name that replaces it."""
    md5s: dict[str, str]
    """image_id → md5."""
    annotation_ids: tuple[str, ...]
    files: tuple[tuple[str, str, str], ...]
    """Source, key and object version of each sighting."""
    labeling_tasks: tuple[int, ...]
    """Task ids in Label Studio."""

    @cached_property
    def names(self) -> frozenset[str]:
        """All texts that name one of the images."""
        return frozenset((*self.tombstones, *self.md5s.values()))

    def is_named_in(self, text: str) -> bool:
        """Return True if a key or a text names one of the images; originals are in folders named by the first md5 digits."""
        return not self.names.isdisjoint(_HEXADECIMAL.findall(_FOLDER.sub(r"\1", text)))


def tombstones_of(image_ids: Sequence[str], seed: int, cycle_id: str) -> dict[str, str]:
    """Random name for each image, the same in a second try: derived from seed, cycle and position in the list."""
    return {
        image_id: hashlib.sha256(f"tombstone/{seed}/{cycle_id}/{number}".encode()).hexdigest()
        for number, image_id in enumerate(sorted(image_ids))
    }


def read_plan(objects: ObjectStore, cycle_id: str) -> ErasurePlan | None:
    """Plan of an unfinished erasure; None if there is none.

    Raises:
        CorruptObjectError: the plan is damaged.
    """
    key = layout.erasure_plan(cycle_id)
    try:
        content = objects.read(key).content
    except NotFoundError:
        return None
    try:
        fields = upgraded_fields(forms.ERASURE_PLAN, unsealed(json.loads(content), key), key)
        return ErasurePlan(
            fields["tombstones"],
            fields["md5s"],
            tuple(fields["annotation_ids"]),
            tuple((source, name, version) for source, name, version in fields["files"]),
            tuple(fields["labeling_tasks"]),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise CorruptObjectError(f"{key}: not the plan of an erasure: {error}") from error


def keep_plan(objects: ObjectStore, cycle_id: str, plan: ErasurePlan) -> None:
    """Write the plan; an existing one is kept."""
    fields = marked(forms.ERASURE_PLAN, asdict(plan))
    try:
        with around("erasure.plan"):
            objects.write_new(layout.erasure_plan(cycle_id), json.dumps(sealed(fields), sort_keys=True).encode())
    except AlreadyThereError:
        return


def drop_plan(objects: ObjectStore, cycle_id: str) -> None:
    """Delete the plan of a finished erasure."""
    with around("erasure.plan_drop"):
        objects.delete(layout.erasure_plan(cycle_id))
