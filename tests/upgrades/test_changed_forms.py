"""Tests that old roots still open after an added column, a new table version, a removed settings key or a renamed summary field."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import dataframely as dy
import polars as pl
import pytest
from given import STARTED_AT, a_project, an_open_cycle
from old_roots.an_old_root import RELEASES, OldRoot, an_old_root

from pipeline_tasks.errors import CorruptObjectError, NewerFormError, TableContractError
from pipeline_tasks.records.cycle import Cycle, CycleArguments
from pipeline_tasks.settings import Project, QualitySettings
from pipeline_tasks.storage.history.cycles import read_cycle, record_opening
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.table import DEFAULT
from pipeline_tasks.upgrades import forms
from pipeline_tasks.upgrades.form import Change, Form
from pipeline_tasks.upgrades.json_fields import Fields

pytestmark = pytest.mark.slow

CYCLE = "2026-11-21"


@pytest.fixture(params=RELEASES)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> OldRoot:
    return an_old_root(request.param, tmp_path)


class WiderMeasurement(Measurement):
    """With columns that no file of an older release has."""

    noise = dy.Float64(nullable=True)
    sensor = dy.String(metadata={DEFAULT: "unknown"})


class MeasurementOfGradients(Measurement):
    """Version 2 tells the deviation of luma by another name."""

    changes = (Change("0.2.0", lambda rows: rows.with_columns(luma_deviation=pl.col("luma_contrast"))),)
    luma_deviation = dy.Float64(min=0)


class MeasurementWithoutDefault(Measurement):
    """A column without a value for older rows."""

    noise = dy.Float64()


@dataclass(frozen=True)
class Renamed:
    """The record of `record_images` with a field renamed, one dropped and one added."""

    stage: ClassVar[str] = "record_images"
    images_first_seen: int
    sightings: int
    images_of_video: int = 0


def renamed(fields: Fields) -> Fields:
    """1 → 2."""
    return {("images_first_seen" if name == "images_new" else name): value for name, value in fields.items()}


def test_column_added__is_null_or_its_default_in_old_files(old: OldRoot) -> None:
    rows, before = old.store.history(WiderMeasurement), old.store.history(Measurement)

    assert rows.height == before.height > 0
    assert rows["noise"].is_null().all()
    assert rows["sensor"].unique().to_list() == ["unknown"]
    assert rows.select(before.columns).equals(before)


def test_column_added__without_default_says_what_to_do(old: OldRoot) -> None:
    with pytest.raises(TableContractError, match=r"measurements has no column noise: give a new column a default .*upgrades"):
        old.store.history(MeasurementWithoutDefault)


def test_table_version_raised__reads_old_files_through_the_step(old: OldRoot) -> None:
    rows = old.store.history(MeasurementOfGradients)

    assert rows["luma_deviation"].equals(rows["luma_contrast"])


def test_summary_field_renamed__is_read_through_the_step(old: OldRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    was = old.store.event(CYCLE, "record_images")
    assert was is not None
    with pytest.raises(CorruptObjectError, match="images_first_seen is missing"):
        was.read(Renamed)

    form: Form[Fields] = Form("summary of record_images", (Change("0.2.0", renamed),))
    monkeypatch.setitem(forms.SUMMARIES, "record_images", form)
    event = old.store.event(CYCLE, "record_images")

    assert event is not None
    assert event.read(Renamed) == Renamed(was.summary["images_new"], was.summary["sightings"])


class OlderQuality(QualitySettings):
    """With a limit that no longer exists."""

    max_noise: float = 3.0


class OlderProject(Project):
    """As an earlier, or a later, release froze it: a key and a section more than today."""

    quality: OlderQuality = OlderQuality()
    weather: dict[str, str] = {"tonight": "rain"}


def opened_by(code_version: str) -> Store:
    """A store whose cycle was opened with keys that are not known here."""
    store = Store(MemoryObjects())
    project = OlderProject.model_validate(a_project(quality={"min_side_px": 40}).model_dump())
    cycle = Cycle(CYCLE, "nightly", project, CycleArguments(), 1, 0, STARTED_AT, code_version)
    record_opening(store, cycle, "test")
    return store


@pytest.mark.parametrize("code_version", ["0.1.0", "a1b2c3d"])
def test_settings_key_removed__is_dropped_from_frozen_settings(code_version: str) -> None:
    cycle = read_cycle(opened_by(code_version), CYCLE)

    assert cycle.project == a_project(quality={"min_side_px": 40})


def test_settings_key__of_a_later_release_is_refused() -> None:
    wanted = r"settings quality\.max_noise, weather were written by Nightlens 0\.99\.0; this is Nightlens .*: upgrade Nightlens"

    with pytest.raises(NewerFormError, match=wanted):
        read_cycle(opened_by("0.99.0"), CYCLE)


def test_argument_and_cycle_field__of_another_release_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    step: Change[Fields] = Change("0.2.0", lambda fields: fields | {"moon": "full", "arguments": fields["arguments"] | {"pace": 2}})
    store = Store(MemoryObjects())
    opened = an_open_cycle(store)

    monkeypatch.setattr(forms, "FROZEN_SETTINGS", replace(forms.FROZEN_SETTINGS, changes=(step,)))

    assert read_cycle(store, CYCLE) == opened
