"""Tests of nights that take images from a real S3 server: what is new, overwritten, deleted, put back, or refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import given
import pytest
from small_ingest import InProcessDecoder, MeanBackbone, an_image
from storage.an_s3_server import BUCKET, READER, an_s3_server

from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.sources.s3_connection import S3Connection
from pipeline_tasks.sources.source import Source, open_sources
from pipeline_tasks.stages.ingest.list_new_images import list_new_images
from pipeline_tasks.stages.ingest.measure_images import measure_images
from pipeline_tasks.stages.ingest.record_images import record_images
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.sighting import Sighting

pytestmark = pytest.mark.services
SOURCE = {"name": "camera", "kind": "s3", "url": f"s3://{BUCKET}/in", "connection": "cam"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with an_s3_server(tmp_path_factory.mktemp("s3")) as held:
        yield held


@pytest.fixture
def bucket(client: Any) -> Any:
    """The client, of a bucket without objects."""
    for page in client.get_paginator("list_object_versions").paginate(Bucket=BUCKET):
        for one in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            client.delete_object(Bucket=BUCKET, Key=one["Key"], VersionId=one["VersionId"])
    return client


class Nights:
    """Nights of one project whose source is the bucket, opened with keys that may only read."""

    def __init__(self, client: Any, **settings: object) -> None:
        self.store, self._client, self._settings = Store(MemoryObjects()), client, settings
        self._number = 0
        self.sources: list[Source] = []

    nothing = ListNewImagesSummary(0, 0, 0, 0)

    def list(self) -> ListNewImagesSummary:
        self._number += 1
        self.cycle = given.an_open_cycle(self.store, f"2026-11-{self._number:02}", sources=[SOURCE | self._settings])
        way = S3Connection("cam", self._client.meta.endpoint_url, *READER)
        self.sources = open_sources(self.cycle.project.sources, Path("nowhere"), lambda _: way)
        return list_new_images(self.store, self.cycle, self.sources)

    def take_in(self) -> RecordImagesSummary:
        for shard in range(self.store.summary(self.cycle.cycle_id, ListNewImagesSummary).shards):
            measure_images(self.store, self.cycle, shard, self.sources, InProcessDecoder(), MeanBackbone())  # type: ignore[arg-type]
        return record_images(self.store, self.cycle)

    def run(self) -> tuple[ListNewImagesSummary, RecordImagesSummary]:
        return self.list(), self.take_in()


def put(client: Any, **files: bytes) -> None:
    for name, content in files.items():
        client.put_object(Bucket=BUCKET, Key=f"in/{name}.png", Body=content)


def test_nights__take_in_each_state_of_an_object_once(bucket: Any) -> None:
    nights = Nights(bucket)
    put(bucket, a=an_image(1), b=an_image(2))
    listed, recorded = nights.run()
    assert (listed.files_seen, listed.files_new, recorded.images_new) == (2, 2, 2)

    assert nights.run()[0].files_new == 0

    put(bucket, a=an_image(3), c=an_image(2), broken=b"junk")
    listed, recorded = nights.run()
    assert (listed.files_seen, listed.files_new) == (4, 3)
    assert (recorded.images_new, recorded.files_already_known, recorded.rejected_by_reason) == (1, 1, {"not_an_image": 1})

    assert nights.run()[0].files_new == 0, "a refused object is not read again"
    assert nights.store.history(Sighting).height == 4


def test_object_that_is_overwritten_or_deleted_meanwhile__is_taken_in_the_next_night(bucket: Any) -> None:
    nights = Nights(bucket)
    put(bucket, a=an_image(1), b=an_image(2))
    nights.list()
    put(bucket, a=an_image(3))
    bucket.delete_object(Bucket=BUCKET, Key="in/b.png")

    assert nights.take_in().rejected_by_reason == {"changed_while_reading": 1, "vanished": 1}
    put(bucket, b=an_image(2))
    assert nights.run()[1].images_new == 2


def test_objects_that_are_overwritten_deleted_renamed_or_put_back__are_said(bucket: Any) -> None:
    nights = Nights(bucket)
    put(bucket, a=an_image(1), b=an_image(2), c=an_image(3))
    nights.run()

    put(bucket, a=an_image(4))
    bucket.delete_object(Bucket=BUCKET, Key="in/b.png")
    bucket.copy_object(Bucket=BUCKET, Key="in/renamed.png", CopySource=f"{BUCKET}/in/c.png")
    bucket.delete_object(Bucket=BUCKET, Key="in/c.png")
    listed, recorded = nights.run()
    assert (listed.files_missing, listed.files_back) == (2, 0)
    assert (recorded.files_overwritten, recorded.files_renamed, recorded.images_new) == (1, 1, 1)

    # Times of a store are in whole seconds: within one, the same bytes would be the same version.
    time.sleep(1.1)
    put(bucket, b=an_image(2))
    listed, recorded = nights.run()
    assert (listed.files_missing, listed.files_back) == (0, 1)
    assert (recorded.files_written_again, recorded.images_new) == (1, 0)
    assert nights.run()[0] == replace(nights.nothing, files_seen=3)
    assert nights.store.history(Image).height == 4, "each image once, and none is lost"


def test_bucket_that_keeps_versions__gives_the_version_that_was_listed(bucket: Any) -> None:
    bucket.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    nights = Nights(bucket, lists_versions=True)
    put(bucket, a=an_image(1), b=an_image(2))
    put(bucket, a=an_image(3))
    listed = nights.list()
    put(bucket, a=an_image(4))
    bucket.delete_object(Bucket=BUCKET, Key="in/b.png")

    assert (listed.files_seen, nights.take_in().images_new) == (2, 2)
    listed, recorded = nights.run()
    assert (listed.files_seen, listed.files_new, recorded.images_new) == (1, 1, 1)


def test_object_of_another_prefix__is_out_of_reach(bucket: Any) -> None:
    nights = Nights(bucket)
    put(bucket, a=an_image(1))
    bucket.put_object(Bucket=BUCKET, Key="inner/a.png", Body=an_image(2))

    assert nights.list().files_seen == 1
    # This server refuses such a key; the refusal concerns one object, so the night goes on.
    with pytest.raises(RejectedFileError, match=r"unreadable: \.\./inner/a\.png: the store refuses to give it"):
        nights.sources[0].read("../inner/a.png", "x-1-1")
