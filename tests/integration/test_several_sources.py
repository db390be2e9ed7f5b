"""Tests of one project with four sources in the real Airflow, whose nights of three days were missed."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]
import pytest
from given_stack import RunningStack
from small_ingest import an_image, put_files
from sources.video.given_clips import a_clip
from sources.web.a_small_site import SmallSite, a_small_site

from demo.airflow import Airflow
from demo.inbox import EXAMPLE
from demo.nightly_run import why_failed
from local_stack.addresses import PostgresAddress
from pipeline_tasks.records.open_cycle import OpenCycleSummary
from pipeline_tasks.sent_images.image_note import ImageNote
from pipeline_tasks.sent_images.inbox import image_key, note_path
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store

pytestmark = pytest.mark.services

PROJECT, DAG = "several", "nightly__several"
WITHIN_S = 600
MISSED = 3


def write_project(home: Path, site: SmallSite, last_night: datetime) -> None:
    """A copy of the project file with four sources and a night a day, that sends nothing to people."""
    sources = f"""
  - {{name: clips, kind: video, path: clips, settle_s: 0}}
  - {{name: gates, kind: edge, inbox: gates}}
  - {{name: site, kind: web, url: "{site.url}/api", private_hosts: ["{site.place}"], requests_per_s: 1000}}

quality: """
    text = EXAMPLE.read_text()
    for old, new in {
        "project: parts ": f"project: {PROJECT} ",
        "path: inbox/parts": f"path: inbox/{PROJECT}",
        "budget: 240 ": "budget: 0 ",
        "schedule: null ": f'schedule: "{last_night.minute} {last_night.hour} * * *" ',
        "\nquality: ": sources,
        "split_group_keys: [] ": "split_group_keys: [clip] ",
    }.items():
        assert old in text
        text = text.replace(old, new)
    (home / "projects").mkdir(exist_ok=True)
    (home / "projects" / f"{PROJECT}.yaml").write_text(text)


def fill_sources(home: Path, site: SmallSite) -> None:
    """Two images in the folder, three seconds of a clip, one image of a device, and two on the site, of which one is gone."""
    put_files(home, {f"several/cam1/{number}.png": an_image(number) for number in range(2)})
    a_clip(home / "clips" / "gate.mkv", range(0, 3000, 40))
    sent = an_image(3)
    path = home / "gates" / image_key("gate-1", hashlib.sha256(sent).hexdigest(), "PNG")
    path.parent.mkdir(parents=True)
    path.write_bytes(sent)
    note_path(path).write_bytes(ImageNote(hashlib.sha256(sent).hexdigest(), len(sent), "gate-1", "diverse").as_bytes())
    site.has("/api", [{"url": f"{site.url}/4.png"}, {"url": f"{site.url}/gone.png"}])
    site.has("/4.png", an_image(4))


class AirflowTables:
    """The rows of the DAG in Airflow's database."""

    def __init__(self, address: PostgresAddress) -> None:
        self._dsn = address.dsn("postgresql")

    def miss_nights(self, first: datetime) -> None:
        """Leave them as a scheduler does that ended before the first missed night; reading the DAG file again undoes this."""
        self._do(
            "update dag set next_dagrun = %(at)s, next_dagrun_create_after = %(at)s, "
            "next_dagrun_data_interval_start = %(at)s, next_dagrun_data_interval_end = %(at)s where dag_id = %(dag)s",
            at=first,
        )

    def scheduled_runs(self) -> list[tuple[str, str]]:
        """Id and state of the runs by the schedule, the oldest first."""
        return self._do("select run_id, state from dag_run where dag_id = %(dag)s and run_type = 'scheduled' order by logical_date")

    def _do(self, statement: str, **values: object) -> list[tuple[str, str]]:
        with closing(psycopg2.connect(self._dsn)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement, {"dag": DAG, **values})
            return list(cursor.fetchall()) if cursor.description else []


@pytest.fixture(scope="module")
def caught_up(running_stack: RunningStack) -> Iterator[tuple[list[tuple[str, str]], Store]]:
    """The runs of the missed nights, all ended, and the root of the project."""
    home, addresses = running_stack.home, running_stack.addresses
    tables = AirflowTables(addresses.postgres["airflow"])
    last_night = datetime.now(timezone.utc).replace(second=0, microsecond=0) - timedelta(hours=12)
    airflow = Airflow(addresses.airflow_url, addresses.airflow_user, addresses.airflow_password)
    with a_small_site() as site, closing(airflow), pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHTLENS_HOME", str(home))
        fill_sources(home, site)
        write_project(home, site, last_night)
        airflow.wait_for_dag(DAG, within_s=WITHIN_S)
        until = time.monotonic() + WITHIN_S
        while not (runs := tables.scheduled_runs()):
            assert time.monotonic() < until, "the scheduler starts no missed night"
            tables.miss_nights(last_night - timedelta(days=MISSED - 1))
            time.sleep(1)
        while len(runs) < 2 or not {state for _, state in runs} <= {"success", "failed"}:
            assert time.monotonic() < until, runs
            time.sleep(1)
            runs = tables.scheduled_runs()
        assert {state for _, state in runs} == {"success"}, [why_failed(airflow, DAG, run_id) for run_id, _ in runs]
        yield runs, open_store(read_project(PROJECT))


def test_three_missed_nights__are_caught_up_by_one_cycle(caught_up: tuple[list[tuple[str, str]], Store]) -> None:
    runs, store = caught_up

    (cycle_id,) = store.state().stages
    opened = store.finished(cycle_id, "open_cycle", OpenCycleSummary)

    assert opened is not None
    assert opened.run_key == runs[-1][0], "the last missed night"


def test_night_of_several_sources__has_images_of_each(caught_up: tuple[list[tuple[str, str]], Store]) -> None:
    _, store = caught_up

    sightings = store.history(Sighting, ["image_id", "source", "key"])

    assert sightings["source"].value_counts(sort=True).sort("source").rows() == [
        ("clips", 3),
        ("gates", 1),
        ("inbox", 2),
        ("site", 1),
    ]
    assert set(store.history(Image, ["image_id"])["image_id"]) == set(sightings["image_id"])
