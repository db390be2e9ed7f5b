"""Recognition of erased images without keeping their names: by digests under a random key that only this root holds.

With the root and an image one can tell if it was erased here; with only the root one cannot tell which images were.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Sequence

from pipeline_tasks.errors import AlreadyThereError, CorruptObjectError, NotFoundError
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.seal import sealed, unsealed
from pipeline_tasks.storage.tables.table_files import TableFile, read_table
from pipeline_tasks.tables.erased_image import ErasedImage
from pipeline_tasks.upgrades import forms
from pipeline_tasks.upgrades.json_fields import marked, upgraded_fields

IsErased = Callable[[str], bool]
"""Predicate: the image with this image_id or this md5 was erased."""
_KEY_BYTES = 32


def is_erased_in(store: Store) -> IsErased:
    """Predicate for the erased images of a project.

    Raises:
        CorruptObjectError: images were erased and the key is missing or damaged.
    """
    return is_erased_by(store.objects, store.files(ErasedImage))


def is_erased_by(objects: ObjectStore, files: Sequence[TableFile]) -> IsErased:
    """The same, from the given files of `erased_images`; raises as `is_erased_in` does."""
    rows = [read_table(objects, ErasedImage, file) for file in files]
    erased = {digest for one in rows for digest in (*one["keyed_image_id"], *one["keyed_md5"])}
    key = _read_key(objects) if erased else b""
    if key is None:
        raise CorruptObjectError(
            f"{layout.ERASURE_KEY}: wanted the key that recognises erased images, found none; restore it from a backup"
        )
    return lambda name: keyed(key, name) in erased


def project_key(objects: ObjectStore) -> bytes:
    """The project's key; created when the first image is erased."""
    key = _read_key(objects)
    if key is not None:
        return key
    try:
        with around("erasure.key"):
            objects.write_new(layout.ERASURE_KEY, _key_file(fresh_key()))
    except AlreadyThereError:
        pass  # Another writer was faster.
    return project_key(objects)


def fresh_key() -> bytes:
    """A random key."""
    return os.urandom(_KEY_BYTES)


def keyed(key: bytes, name: str) -> str:
    """The HMAC-SHA256 (RFC 2104) of an image_id or md5, as hexadecimal digits."""
    return hmac.new(key, name.encode(), hashlib.sha256).hexdigest()


def _key_file(key: bytes) -> bytes:
    """A key in its stored form."""
    return json.dumps(sealed(marked(forms.ERASURE_KEY, {"key": key.hex()}))).encode()


def _read_key(objects: ObjectStore) -> bytes | None:
    try:
        content = objects.read(layout.ERASURE_KEY).content
    except NotFoundError:
        return None
    try:
        fields = unsealed(json.loads(content), layout.ERASURE_KEY)
        return bytes.fromhex(upgraded_fields(forms.ERASURE_KEY, fields, layout.ERASURE_KEY)["key"])
    except (ValueError, TypeError, KeyError) as error:
        raise CorruptObjectError(f"{layout.ERASURE_KEY}: not the key of erased images: {error}") from error
