"""Test of a night that new images start in the real Airflow: its DAG processor, triggerer and scheduler."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from given_stack import RunningStack
from small_ingest import an_image, put_files

from demo.airflow import Airflow
from demo.inbox import EXAMPLE
from demo.nightly_run import why_failed

pytestmark = pytest.mark.services

DAG = "nightly__watched"
WITHIN_S = 600
SETTLES_S = 15
"""Seconds in which a second run would have begun: several looks of the watcher."""


def write_watched_project(home: Path) -> None:
    """A copy of the project file that sends nothing to people, of another source, whose new images start nights."""
    text = EXAMPLE.read_text().replace("project: parts ", "project: watched ").replace("path: inbox/parts", "path: inbox/watched")
    text = text.replace("budget: 240 ", "budget: 0 ")
    assert "budget: 0 " in text
    watched = "new_images: {min_images: 3, cool_down_s: 0, look_every_s: 1}\n"
    (home / "projects").mkdir(exist_ok=True)
    (home / "projects" / "watched.yaml").write_text(text + watched)


def wait_for_runs(airflow: Airflow, count: int) -> str:
    """Wait until this many runs were started by the asset, and the newest has ended; returns its id."""
    until = time.monotonic() + WITHIN_S
    while len(runs := airflow.runs_by_assets(DAG)) < count or airflow.run(DAG, runs[0])["state"] not in ("success", "failed"):
        assert time.monotonic() < until, f"the asset started {runs}"
        time.sleep(1)
    assert airflow.run(DAG, runs[0])["state"] == "success", why_failed(airflow, DAG, runs[0])
    return runs[0]


def test_new_images__start_one_night_each_time_there_are_enough(running_stack: RunningStack) -> None:
    home, addresses = running_stack.home, running_stack.addresses
    write_watched_project(home)
    airflow = Airflow(addresses.airflow_url, addresses.airflow_user, addresses.airflow_password)
    try:
        airflow.wait_for_dag(DAG, within_s=WITHIN_S)
        put_files(home, {f"watched/{number}.png": an_image(number) for number in range(2)})
        time.sleep(SETTLES_S)
        assert airflow.runs_by_assets(DAG) == [], "two images are not enough"

        put_files(home, {f"watched/{number}.png": an_image(number) for number in range(2, 5)})
        wait_for_runs(airflow, 1)
        put_files(home, {"watched/9.png": an_image(9)})
        time.sleep(SETTLES_S)
        assert len(airflow.runs_by_assets(DAG)) == 1, "the images of one night start no second one"
    finally:
        airflow.close()
