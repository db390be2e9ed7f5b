"""Tests of the stages of ingest with a source of kind `web`: what a night takes in, and what the next one asks for again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import given
import pytest
from small_ingest import an_image, ingest, sources_of
from sources.web.a_small_site import SmallSite, a_small_site

from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.stages.ingest.list_new_images import list_new_images
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.left_out_file import LeftOutFile
from pipeline_tasks.tables.rejected_sighting import RejectedSighting
from pipeline_tasks.tables.sighting import Sighting


@pytest.fixture
def site() -> Iterator[SmallSite]:
    with a_small_site() as held:
        yield held


def a_cycle(store: Store, site: SmallSite, cycle_id: str, **settings: Any) -> Cycle:
    source = {
        "name": "web",
        "kind": "web",
        "url": f"{site.url}/api",
        "private_hosts": [site.place],
        "requests_per_s": 1000,
        **settings,
    }
    fields = {"id": "id", "url": "url", "device": "cam", "licence": "licence", "author": "by", "captured_at": "at", "page": "page"}
    return given.an_open_cycle(store, cycle_id=cycle_id, sources=[{"fields": fields, **source}])


def images(site: SmallSite, *numbers: int, sign: str = "1") -> list[dict[str, Any]]:
    for number in numbers:
        site.has(f"/{number}.png?sign={sign}", an_image(number))
    return [{"id": number, "url": f"{site.url}/{number}.png?sign={sign}", "cam": f"k{number}"} for number in numbers]


def test_item__is_read_once_also_under_a_new_address(site: SmallSite, tmp_path: Path) -> None:
    store = Store(MemoryObjects())
    site.has("/api", images(site, 1, 2))
    first = a_cycle(store, site, "2026-11-21")
    assert ingest(store, first, tmp_path).images_new == 2
    assert sorted(store.read(Sighting, first.cycle_id)["device"]) == ["k1", "k2"]
    site.asked.clear()
    site.has("/api", images(site, 2, 3, sign="2"))
    second = a_cycle(store, site, "2026-11-22")

    summary = ingest(store, second, tmp_path)

    assert (summary.images_new, summary.files_overwritten) == (1, 0)
    assert site.asked == ["/api", "/robots.txt", "/3.png?sign=2"]
    listed = store.summary(second.cycle_id, ListNewImagesSummary)
    assert (listed.files_seen, listed.files_new, listed.files_missing) == (2, 1, 0), "a search may lack what is still there"


def test_rights_and_time__of_an_item_are_kept_with_its_sighting(site: SmallSite, tmp_path: Path) -> None:
    store = Store(MemoryObjects())
    (row,) = images(site, 1)
    stated = {"licence": "4", "by": "Ada", "at": "2026-11-20T10:00:00+01:00", "page": "https://photos.example/1"}
    site.has("/api", [row | stated, *images(site, 2)])
    ruled = [{"key_pattern": "^2$", "licence": "CC0", "author": None, "origin_url": None}]
    allowed = {"allow_licences": ["CC BY 2.0", "CC0"], "licences": ruled, "licence_names": {"4": "CC BY 2.0"}}
    cycle = a_cycle(store, site, "2026-11-21", **allowed)

    ingest(store, cycle, tmp_path)

    one, two = store.read(Sighting, cycle.cycle_id).sort("key").to_dicts()
    assert (one["licence"], one["author"], one["origin_url"]) == ("CC BY 2.0", "Ada", "https://photos.example/1")
    assert (one["captured_at"], one["captured_from"]) == (datetime(2026, 11, 20, 9, tzinfo=timezone.utc), "source")
    assert (two["licence"], two["captured_at"]) == ("CC0", None)


def test_complete_listing__says_which_images_are_gone(site: SmallSite, tmp_path: Path) -> None:
    store = Store(MemoryObjects())
    for number, items in enumerate([images(site, 1, 2), images(site, 2)], 1):
        site.has("/api", items)
        cycle = a_cycle(store, site, f"2026-11-2{number}", is_complete=True)
        ingest(store, cycle, tmp_path)

    assert store.summary(cycle.cycle_id, ListNewImagesSummary).files_missing == 1


def test_cycle_that_does_not_end__leaves_its_items_to_the_next(site: SmallSite, tmp_path: Path) -> None:
    """The items are known only when `record_images` has written its event."""
    store = Store(MemoryObjects())
    site.has("/api", images(site, 1))
    broken = a_cycle(store, site, "2026-11-21")
    assert list_new_images(store, broken, sources_of(broken, tmp_path)).files_new == 1

    assert ingest(store, a_cycle(store, site, "2026-11-22"), tmp_path).images_new == 1


def test_bad_items__are_counted_and_the_passing_ones_are_read_the_next_night(site: SmallSite, tmp_path: Path) -> None:
    store = Store(MemoryObjects())
    rows = images(site, 1, 2)
    site.has("/2.png?sign=1", b"closed", status=403)
    site.has("/3", b"<html>no image</html>")
    elsewhere = [{"id": 4, "url": "https://elsewhere.example/4.png"}, {"id": 5}]
    site.has("/api", [*rows, {"id": 3, "url": f"{site.url}/3"}, *elsewhere])
    first = a_cycle(store, site, "2026-11-21")

    assert ingest(store, first, tmp_path).rejected_by_reason == {"not_an_image": 1, "unreadable": 1}
    assert sorted(store.read(RejectedSighting, first.cycle_id)["key"]) == ["2", "3"]
    assert sorted(store.read(LeftOutFile, first.cycle_id)["reason"].cast(str)) == ["no_address", "other_host"]
    site.asked.clear()
    site.has("/2.png?sign=1", an_image(2))
    assert ingest(store, a_cycle(store, site, "2026-11-22"), tmp_path).images_new == 1
    assert site.asked == ["/api", "/robots.txt", "/2.png?sign=1"]


@pytest.mark.parametrize("knows_head", [True, False])
@pytest.mark.parametrize("header", ["ETag", "Last-Modified"])
def test_known_address__is_read_again_only_when_its_host_states_another_version(
    site: SmallSite, tmp_path: Path, header: str, knows_head: bool
) -> None:
    store, site.knows_head = Store(MemoryObjects()), knows_head
    site.has("/api", images(site, 1, 2, 3))
    site.has("/1.png?sign=1", an_image(1), **{header: '"first"'})
    site.has("/2.png?sign=1", an_image(2), **{header: 'W/"same"'})
    first = ingest(store, a_cycle(store, site, "2026-11-21", look_again=True), tmp_path)
    assert (first.images_new, first.rejected_by_reason) == (3, {})
    site.asked.clear()
    site.has("/1.png?sign=1", an_image(9), **{header: '"second"'})
    second = a_cycle(store, site, "2026-11-22", look_again=True, is_complete=True)

    summary = ingest(store, second, tmp_path)

    listed = store.summary(second.cycle_id, ListNewImagesSummary)
    assert (listed.files_seen, listed.files_new, listed.files_missing) == (3, 1, 0)
    assert (summary.images_new, summary.files_overwritten) == (1, 1)
    asked = [f"HEAD /{number}.png?sign=1" for number in (1, 2, 3)]
    assert [one for one in site.asked if one.startswith("HEAD")] == asked
    assert site.asked[-1] == "/1.png?sign=1"
    assert knows_head == (site.asked.count("/2.png?sign=1") == 0)


def test_known_address__that_is_gone_is_said_and_its_image_stays(site: SmallSite, tmp_path: Path) -> None:
    store = Store(MemoryObjects())
    site.has("/api", images(site, 1))
    site.has("/1.png?sign=1", an_image(1), ETag='"first"')
    ingest(store, a_cycle(store, site, "2026-11-21", look_again=True), tmp_path)
    site.has("/1.png?sign=1", b"", status=404)

    again = ingest(store, a_cycle(store, site, "2026-11-22", look_again=True), tmp_path)

    assert (again.images_new, again.rejected_by_reason) == (0, {"vanished": 1})
    site.has("/1.png?sign=1", an_image(1), ETag='"first"')
    assert ingest(store, a_cycle(store, site, "2026-11-23", look_again=True), tmp_path).images_new == 0
