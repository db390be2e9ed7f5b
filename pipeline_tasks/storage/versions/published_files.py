"""Objects that a publication adds to a store: the folder's object, and a record of the publication.

Garbage collection keeps what a record names; an erasure uses it to find folder objects that contain the image.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

from pipeline_tasks.errors import AlreadyThereError, CorruptObjectError, NotFoundError
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.trash import ensure_there
from pipeline_tasks.upgrades import forms
from pipeline_tasks.upgrades.json_fields import marked, upgraded_fields

ORIGINALS = "originals"
"""Recipe of a publication of the originals."""
Copies = Mapping[str, tuple[str, int]]
"""image_id → md5 and size in bytes of its copy."""


@dataclass(frozen=True)
class Publication:
    """A published version: from the originals or from copies made by a recipe."""

    dataset_id: str
    recipe: str
    """`originals`, or the recipe of the copies."""
    folder_key: str
    """Key of the folder's object: for originals in this store, for copies in their remote."""
    copies: Copies
    """Empty for the originals."""


def put_folder(objects: ObjectStore, name: str, content: bytes) -> str:
    """Store a folder's object under its name `<md5>.dir`; return its key. Storing it twice changes nothing.

    Raises:
        CorruptObjectError: other bytes are stored there.
    """
    key = layout.original(name)
    try:
        with around("published_folder.put"):
            objects.write_new(key, content)
    except AlreadyThereError:
        if objects.read(key).content != content:
            raise CorruptObjectError(f"{key}: wanted the folder object of this name, found other bytes") from None
    return key


def record_publication(objects: ObjectStore, publication: Publication) -> str:
    """Record a publication, replacing an earlier record of this version and recipe; return the record's key."""
    key = layout.publication(publication.dataset_id, publication.recipe)
    _write_record(objects, key, publication)
    if publication.recipe == ORIGINALS:
        # It may have been collected since `put_folder` found it.
        ensure_there(objects, [publication.folder_key])
    return key


def _write_record(objects: ObjectStore, key: str, publication: Publication) -> None:
    content = json.dumps(marked(forms.PUBLICATION, asdict(publication)), sort_keys=True, indent=1).encode()
    try:
        standing = objects.read(key)
    except NotFoundError:
        with around("publication.put"):
            objects.write_new(key, content)
    else:
        if standing.content != content:
            with around("publication.replace"):
                objects.replace(key, content, standing.etag)


def publications(objects: ObjectStore) -> list[Publication]:
    """All published versions, each from the originals or from copies.

    Raises:
        CorruptObjectError: a record cannot be read.
    """
    found = []
    for key in objects.list(layout.PUBLICATIONS):
        try:
            found.append(Publication(**upgraded_fields(forms.PUBLICATION, json.loads(objects.read(key).content), key)))
        except (ValueError, TypeError) as error:
            raise CorruptObjectError(f"{key}: not the record of a publication: {error}") from error
    return found


def known_copies(objects: ObjectStore, recipe: str) -> dict[str, tuple[str, int]]:
    """Copies by a recipe that earlier publications recorded.

    Raises:
        CorruptObjectError: a record cannot be read.
    """
    known: dict[str, tuple[str, int]] = {}
    for key in objects.list(layout.PUBLICATIONS):
        if key.endswith(f"/{recipe}.json"):
            known |= {image_id: (str(md5), int(size)) for image_id, (md5, size) in _read(objects, key)["copies"].items()}
    return known


def published_copies(objects: ObjectStore, recipe: str, image_ids: Collection[str]) -> set[str]:
    """Keys in the remote of a recipe's copies: of these images' copies, and of every folder that names one."""
    found: set[str] = set()
    for key in objects.list(layout.PUBLICATIONS):
        if key.endswith(f"/{recipe}.json"):
            fields = _read(objects, key)
            copies = {layout.original(str(md5)) for image_id, (md5, _) in fields["copies"].items() if image_id in image_ids}
            found |= copies | ({str(fields["folder_key"])} if copies else set())
    return found


def stored_originals(objects: ObjectStore) -> set[str]:
    """Keys of all originals in a store, or of all copies in a remote, by listing only."""
    return set(objects.list(layout.ORIGINALS))


def _read(objects: ObjectStore, key: str) -> dict[str, Mapping[str, tuple[str, int]]]:
    content = objects.read(key).content
    try:
        fields: dict[str, Mapping[str, tuple[str, int]]] = upgraded_fields(forms.PUBLICATION, json.loads(content), key)
        fields["copies"].items()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptObjectError(f"{key}: not the record of a publication: {error}") from error
    return fields
