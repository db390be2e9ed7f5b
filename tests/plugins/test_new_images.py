"""Tests of the watcher that starts nights from new images: the real trigger, on a folder, a bucket and stand-in looks."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import given
import pytest
from airflow.sdk import Asset, AssetOrTimeSchedule, CronTriggerTimetable
from nightlens_airflow.dag_settings import new_images_asset, schedule_of
from nightlens_airflow.new_images_trigger import NewImagesTrigger, SourcesLook, kept_of, remembered_of
from small_ingest import an_image, ingest, put_files
from sources.a_small_bucket import a_small_bucket
from structlog.testing import capture_logs

from pipeline_tasks.errors import ServiceUnavailableError
from pipeline_tasks.settings.new_images import NewImagesSettings
from pipeline_tasks.sources.start_of_a_night import NewImages, Remembered
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store

pytestmark = pytest.mark.airflow

QUICK = NewImagesSettings(min_images=2, cool_down_s=0, look_every_s=0.001)


def a_trigger(*looks: NewImages | Exception) -> NewImagesTrigger:
    """A trigger that gets these looks one after the other, and is cancelled after the last."""
    trigger, coming = NewImagesTrigger(project="belt"), iter(looks)

    async def look(project: str) -> tuple[NewImagesSettings, NewImages]:
        seen = next(coming, None)
        if seen is None:
            raise asyncio.CancelledError
        if isinstance(seen, Exception):
            raise seen
        return QUICK, seen

    trigger.look = look
    return trigger


def fire(trigger: NewImagesTrigger) -> list[dict[str, Any]]:
    """The events until the trigger is cancelled, as Airflow does when the DAG is paused."""

    async def events() -> list[dict[str, Any]]:
        found = []
        try:
            async for event in trigger.run():
                found.append(event.payload)
        except asyncio.CancelledError:
            pass
        return found

    return asyncio.run(asyncio.wait_for(events(), timeout=60))


def test_trigger__fires_once_for_the_images_of_one_night() -> None:
    few, enough, taking_in = NewImages(1), NewImages(2), NewImages(0, "1/b", is_taking_in=True)
    events = fire(a_trigger(few, enough, enough, taking_in, NewImages(1, "1/b"), NewImages(2, "1/b")))

    assert events == [{"project": "belt", "why": "at least 2 new images"}] * 2


def test_trigger__goes_on_when_a_source_or_the_root_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightlens_airflow.new_images_trigger.AFTER_AN_ERROR_S", 0.001)
    away = NewImages(0, away={"cam": "source cam: does not answer"})

    with capture_logs() as logs:
        events = fire(a_trigger(ServiceUnavailableError("the root is away"), ValueError("a bug"), away, away, NewImages(2)))

    assert len(events) == 1
    said = [one["event"] % tuple(one.get("positional_args", ())) for one in logs if one["event"].startswith("project")]
    assert said == [
        "project belt: cannot look for new images: ServiceUnavailableError: the root is away",
        "project belt: cannot look for new images: ValueError: a bug",
        "project belt: no new images; source cam: does not answer",
        "project belt: at least 2 new images",
    ], "said once each time it changes"


def test_trigger__takes_a_twentieth_of_a_core_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []

    async def sleep(seconds: float) -> None:
        paused.append(seconds)

    monkeypatch.setattr("nightlens_airflow.new_images_trigger.asyncio.sleep", sleep)
    fire(a_trigger(NewImages(0), NewImages(0, took_s=10.0)))

    assert paused == [0.001, pytest.approx(190)]


def test_trigger__keeps_its_memory_in_the_store_of_the_asset() -> None:
    kept: dict[str, Any] = {}

    class StateStore:
        async def aget(self, key: str) -> Any:
            return kept.get(key)

        async def aset(self, key: str, value: Any) -> None:
            kept[key] = json.loads(json.dumps(value))

    first, second = a_trigger(NewImages(2, "1/a")), a_trigger(NewImages(2, "1/a"))
    first.asset_state_store = second.asset_state_store = StateStore()  # type: ignore[assignment]

    assert len(fire(first)) == 1
    assert fire(second) == [], "another triggerer asks for no second night"
    assert remembered_of(kept_of(remembered_of(kept["new_images"]))) == remembered_of(kept["new_images"])
    assert remembered_of({}) == Remembered()


def test_trigger__is_made_again_from_the_name_of_its_project() -> None:
    path, arguments = NewImagesTrigger(project="belt").serialize()

    assert path == "nightlens_airflow.new_images_trigger.NewImagesTrigger"
    assert arguments == {"project": "belt"}
    assert NewImagesTrigger(**arguments).serialize() == (path, arguments)


def test_schedule__of_a_project_is_its_cron_expression_its_new_images_or_either() -> None:
    cron, watched = {"schedule": "0 22 * * *"}, {"new_images": {"min_images": 9}}

    assert schedule_of(given.a_project()) is None
    assert isinstance(schedule_of(given.a_project(**cron)), CronTriggerTimetable)
    assert schedule_of(given.a_project(**watched)) == [new_images_asset(given.a_project())]
    both = schedule_of(given.a_project(**cron, **watched))
    assert isinstance(both, AssetOrTimeSchedule)
    assert isinstance(both.timetable, CronTriggerTimetable)
    (watcher,) = new_images_asset(given.a_project()).watchers
    assert isinstance(watcher.trigger, NewImagesTrigger)
    assert new_images_asset(given.a_project(project="tiles")) != new_images_asset(given.a_project()) != Asset("parts")


PROJECT = """\
project: belt
classes: [bolt, nut]
selection: {{budget: 4}}
labeling: {{deadline_s: 3600}}
gates: {{margin: 0.05}}
new_images: {{min_images: 2, cool_down_s: 0}}
sources: [{source}]
"""


def a_home(folder: Path, patch: pytest.MonkeyPatch, source: str) -> Store:
    """A home with the project `belt` of this source; returns its root."""
    patch.setenv("NIGHTLENS_HOME", str(folder))
    patch.setenv("NIGHTLENS_PROJECTS", str(folder / "shipped"))
    (folder / "shipped").mkdir(exist_ok=True)
    (folder / "shipped/belt.yaml").write_text(PROJECT.format(source=source))
    return open_store(read_project("belt"))


def look() -> NewImages:
    return asyncio.run(SourcesLook()("belt"))[1]


def test_look__counts_what_no_night_of_the_project_has_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = a_home(tmp_path, monkeypatch, "{name: inbox, path: inbox, settle_s: 0}")
    put_files(tmp_path, {"a.png": an_image(1)})
    assert look() == NewImages(1), "the cost of the first look, with its imports, is left out"
    put_files(tmp_path, {"b.png": an_image(2), "c.png": b"no image"})
    assert look().files == 2, "no more than are enough"

    sources = [{"name": "inbox", "path": "inbox", "settle_s": 0}]
    night = given.an_open_cycle(store, "2026-11-21", sources=sources)
    monkeypatch.setattr("pipeline_tasks.wiring.new_images.TAKES_IN_AT_MOST", timedelta(days=10_000))
    assert look().is_taking_in
    ingest(store, night, tmp_path)
    put_files(tmp_path, {"d.png": an_image(4)})

    seen = look()
    assert (seen.files, seen.night, seen.began_at, seen.is_taking_in) == (1, "1/2026-11-21", given.STARTED_AT, False)


def test_look__at_a_bucket_uses_its_connection_and_names_one_that_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_small_bucket(objects={"in/a.png": b"1", "in/b.png": b"2", "in/Thumbs.db": b"3"}) as bucket:
        told = {"conn_type": "aws", "login": "key", "password": "a secret", "extra": {"endpoint_url": bucket.url}}
        monkeypatch.setenv("AIRFLOW_CONN_CAM", json.dumps(told))
        source = "{name: gone, path: nowhere}, {name: cam, kind: s3, url: s3://bucket/in, connection: cam}"
        a_home(tmp_path, monkeypatch, source)

        seen = look()

    assert (seen.files, list(seen.away)) == (2, ["gone"])
