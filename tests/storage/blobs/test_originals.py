from __future__ import annotations

import hashlib

import pytest

from pipeline_tasks.errors import CorruptObjectError, NotFoundError, RejectedFileError
from pipeline_tasks.storage.blobs.originals import put_original, read_original
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects

BYTES = b"an image"
SHA256 = hashlib.sha256(BYTES).hexdigest()
MD5 = hashlib.md5(BYTES).hexdigest()


def test_put_original__stores_once_under_dvcs_layout() -> None:
    objects = MemoryObjects()

    assert put_original(objects, BYTES) == (SHA256, MD5)
    assert put_original(objects, BYTES) == (SHA256, MD5)

    assert list(objects.list("")) == [f"files/md5/{MD5[:2]}/{MD5[2:]}"]
    assert read_original(objects, SHA256, MD5) == BYTES


def test_read_original__refuses_damaged_bytes() -> None:
    objects = MemoryObjects()
    objects.write_new(layout.original(MD5), b"a pictur\xe5")

    with pytest.raises(CorruptObjectError, match=SHA256):
        read_original(objects, SHA256, MD5)
    with pytest.raises(NotFoundError):
        read_original(objects, SHA256, "0" * 32)


def test_put_original__distinguishes_damage_from_a_collision(monkeypatch: pytest.MonkeyPatch) -> None:
    rotten = MemoryObjects()
    rotten.write_new(layout.original(MD5), b"a pictur\xe5")
    with pytest.raises(CorruptObjectError, match="md5"):
        put_original(rotten, BYTES)

    # Two known files of one md5 (Wang and Yu, 2004), shortened to the colliding blocks.
    first, second = (bytes.fromhex(text) for text in COLLIDING)
    assert hashlib.md5(first).digest() == hashlib.md5(second).digest()
    objects = MemoryObjects()
    put_original(objects, first)
    with pytest.raises(RejectedFileError) as caught:
        put_original(objects, second)
    assert caught.value.reason == "md5_collision"


COLLIDING = (
    "d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f8955ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5b"
    "d8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70",
    "d131dd02c5e6eec4693d9a0698aff95c2fcab50712467eab4004583eb8fb7f8955ad340609f4b30283e4888325f1415a085125e8f7cdc99fd91dbd7280373c5b"
    "d8823e3156348f5bae6dacd436c919c6dd53e23487da03fd02396306d248cda0e99f33420f577ee8ce54b67080280d1ec69821bcb6a8839396f965ab6ff72a70",
)
