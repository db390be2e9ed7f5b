"""Whole nights with source and root on a real S3 server, while objects of the source change between them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from given_night import Night, a_night
from storage.an_s3_server import BUCKET, READER, an_s3_server

from pipeline_tasks.sources.s3_connection import S3Connection
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.s3_objects import S3Objects
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.sighting import Sighting

pytestmark = pytest.mark.services


@dataclass
class NightInABucket(Night):
    """A project whose images lie below `in/`, read with keys that may only read, and whose root lies below `root`."""

    client: ClassVar[Any]

    def __post_init__(self) -> None:
        super().__post_init__()
        self.store = Store(S3Objects(self.client, BUCKET, "root"))
        self.uploaded: set[str] = set()

    def connect(self, connection_id: str | None) -> S3Connection:
        return S3Connection(connection_id, self.client.meta.endpoint_url, *READER)

    def bring(self, numbers: range) -> None:
        """Put the images of these numbers into the bucket, with a copy of the first and a file that is no image."""
        super().bring(numbers)
        for path in sorted((self.folder / "inbox").iterdir()):
            if path.name not in self.uploaded:
                self.put(path.name, path.read_bytes())
                self.uploaded.add(path.name)

    def put(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=f"in/{name}", Body=content)

    def delete(self, name: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=f"in/{name}")

    def content(self, name: str) -> bytes:
        return (self.folder / "inbox" / name).read_bytes()

    def report(self, cycle_id: str) -> str:
        return self.store.objects.read(layout.report(cycle_id, "index.html")).content.decode()

    def images(self) -> list[str]:
        return self.store.current(Image)["image_id"].to_list()


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NightInABucket]:
    """The project after a first night on 25 objects."""
    with an_s3_server(tmp_path_factory.mktemp("s3")) as client:
        NightInABucket.client = client
        source = {"name": "camera", "kind": "s3", "url": f"s3://{BUCKET}/in", "connection": "cam"}
        made = a_night(tmp_path_factory.mktemp("night"), NightInABucket, sources=[source])
        made.bring(range(12))
        told = made.cycle("2026-11-21")
        assert (told["list_new_images"]["files_new"], told["record_images"]["images_new"]) == (26, 24)
        yield made


def test_nights__say_what_became_of_known_objects_and_lose_or_double_no_image(night: NightInABucket) -> None:
    before = set(night.images())
    night.put("bolt0.png", a_new := changed(night, 90))
    night.delete("nut1.png")
    night.put("renamed.png", night.content("bolt2.png"))
    night.delete("bolt2.png")
    time.sleep(1.1)
    night.put("nut3.png", night.content("nut3.png"))

    told = night.cycle("2026-11-22")

    listed, recorded = told["list_new_images"], told["record_images"]
    assert (listed["files_missing"], recorded["files_overwritten"]) == (2, 1)
    assert (recorded["files_renamed"], recorded["files_written_again"], recorded["images_new"]) == (1, 1, 1)
    report = night.report("2026-11-22")
    for said in ("no longer there: deleted", "renamed: the same image under another name", "overwritten with another image"):
        assert said in report
    assert "camera:nut1.png" in report
    assert "camera:bolt2.png → camera:renamed.png" in report
    assert set(night.images()) == before | {digest(a_new)}, "no image is lost, and one is new"
    assert len(night.images()) == len(before) + 1, "none is doubled"

    night.put("nut1.png", night.content("nut1.png"))
    told = night.cycle("2026-11-23")

    assert (told["list_new_images"]["files_back"], told["record_images"]["images_new"]) == (1, 0)
    assert "back again" in night.report("2026-11-23")
    assert len(night.images()) == len(before) + 1


def test_missed_nights__are_caught_up_by_one_that_takes_in_all_images(night: NightInABucket) -> None:
    before = len(night.images())
    for first in (100, 110, 120):  # The days on which no night ran.
        night.bring(range(first, first + 3))

    told = night.cycle("2026-11-27")
    after = night.cycle("2026-11-28")

    assert (told["list_new_images"]["files_new"], told["record_images"]["images_new"]) == (24, 18)
    assert len(night.images()) == before + 18
    assert after["list_new_images"]["files_new"] == 0
    files = night.store.history(Sighting).select("key", "object_version")
    assert files.height == files.unique().height, "each state of an object was seen once"


def changed(night: NightInABucket, number: int) -> bytes:
    """Another image of a bolt."""
    Night.bring(night, range(number, number + 1))
    for name in (f"nut{number}.png", f"copy{number}.png", f"torn{number}.png", f"bolt{number}.png"):
        night.uploaded.add(name)
    return night.content(f"bolt{number}.png")


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
