"""Tests of forms of later releases: they are refused with the release's name, except caches, which are ignored."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from given import a_project, an_open_cycle, image_id

from pipeline_tasks.errors import NewerFormError
from pipeline_tasks.kinds.classes.class_kind import ClassKind
from pipeline_tasks.kinds.logged_prediction import LoggedPrediction
from pipeline_tasks.models.exported import ModelMarks, parse_marks
from pipeline_tasks.records.dataset_version import VersionAbout
from pipeline_tasks.records.imported_response import ImportedResponse
from pipeline_tasks.records.project_state import Champion
from pipeline_tasks.serving.logged_predictions import logged_predictions
from pipeline_tasks.serving.prediction_log import PredictionLog
from pipeline_tasks.storage.blobs.response_files import put_responses, read_responses
from pipeline_tasks.storage.blobs.serving_pointer import pointer_to, read_pointer, replace_pointer
from pipeline_tasks.storage.blobs.version_index import read_index
from pipeline_tasks.storage.erasure.erased_images import _read_key, project_key
from pipeline_tasks.storage.erasure.erasure_plan import ErasurePlan, keep_plan, read_plan
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.ledger import state
from pipeline_tasks.storage.ledger.generation import empty_project, read_generation
from pipeline_tasks.storage.ledger.state import read_state
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.storage.tables.table_files import read_table, write_table
from pipeline_tasks.storage.versions.dataset_versions import write_version
from pipeline_tasks.storage.versions.published_files import Publication, publications, record_publication
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.upgrades import forms
from pipeline_tasks.upgrades.form import Change, Form

LATER = "0.99.0"
REFUSAL = r"version \d was written by Nightlens 0\.99\.0 or later; this is Nightlens \d.*: upgrade Nightlens"
POINTER = pointer_to(Champion("a" * 64, "d" * 64, "2026-11-21", "1"), ["bolt", "nut"], a_project())
PLAN = ErasurePlan({image_id(1): image_id("t")}, {image_id(1): "m" * 32}, (), (), ())
MARKS = ModelMarks(ClassKind(("bolt", "nut")), "b" * 64, "r" * 64, 32, "d" * 64)


class World:
    """A store, a folder beside it, and what was written last."""

    def __init__(self, folder: Path) -> None:
        self.store, self.folder = Store(MemoryObjects()), folder
        self.properties: dict[str, str] = {}

    def keep_properties(self) -> None:
        self.properties = MARKS.as_properties()

    def log(self) -> None:
        log = PredictionLog(self.folder)
        log.append(LoggedPrediction(image_id(1), "", "", {}, prediction_id="5" * 32))
        log.close()


Step = Callable[[World], object]
CASES: dict[str, tuple[Step, Step]] = {
    "EVENT": (lambda w: an_open_cycle(w.store), lambda w: Store(w.store.objects).state()),
    "FROZEN_SETTINGS": (lambda w: an_open_cycle(w.store), lambda w: read_cycle(w.store, "2026-11-21")),
    "SERVING_POINTER": (lambda w: replace_pointer(w.store.objects, lambda: POINTER), lambda w: read_pointer(w.store.objects)),
    "VERSION_INDEX": (
        lambda w: write_version(w.store.objects, "d" * 64, pl.DataFrame({"image_id": [image_id(1)]}), about=VersionAbout()),
        lambda w: read_index(w.store.objects, "d" * 64),
    ),
    "ERASURE_PLAN": (lambda w: keep_plan(w.store.objects, "2026-11-22", PLAN), lambda w: read_plan(w.store.objects, "2026-11-22")),
    "ERASURE_KEY": (lambda w: project_key(w.store.objects), lambda w: _read_key(w.store.objects)),
    "GENERATION": (lambda w: empty_project(w.store.objects), lambda w: read_generation(w.store.objects)),
    "RESPONSE_FILE": (
        lambda w: put_responses(w.store.objects, "mturk", [ImportedResponse("mturk-1", "r" * 64, "t" * 64, "2026-11-21")]),
        lambda w: list(read_responses(w.store.objects)),
    ),
    "PUBLICATION": (
        lambda w: record_publication(w.store.objects, Publication("d" * 64, "copies", "folder", {})),
        lambda w: publications(w.store.objects),
    ),
    "MODEL_PROPERTIES": (World.keep_properties, lambda w: parse_marks(w.properties)),
    "PREDICTION": (World.log, lambda w: list(logged_predictions(w.folder, "5"))),
}
"""Form → how it is written, and how it is read."""


def later(form: Form[dict[str, object]]) -> Form[dict[str, object]]:
    """The form as a later release has it."""
    return replace(form, changes=(*form.changes, Change(LATER)))


@pytest.mark.parametrize("name", CASES)
def test_newer_form__is_refused_by_the_release_that_wrote_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world, (write, read) = World(tmp_path), CASES[name]

    with monkeypatch.context() as then:
        then.setattr(forms, name, later(getattr(forms, name)))
        write(world)
        read(world)

    with pytest.raises(NewerFormError, match=REFUSAL):
        read(world)


def test_newer_form__has_a_case_for_every_form() -> None:
    assert {name for name, one in vars(forms).items() if isinstance(one, Form)} == {*CASES, "SNAPSHOT"}


def test_newer_summary__is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(MemoryObjects())

    with monkeypatch.context() as then:
        then.setitem(forms.SUMMARIES, "open_cycle", later(forms.summary_form("open_cycle")))
        an_open_cycle(store)

    with pytest.raises(NewerFormError, match="summary of open_cycle " + REFUSAL):
        Store(store.objects).event("2026-11-21", "open_cycle")


def test_newer_snapshot__is_ignored_like_a_damaged_one(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(MemoryObjects())
    an_open_cycle(store)

    with monkeypatch.context() as then:
        then.setattr(forms, "SNAPSHOT", later(forms.SNAPSHOT))
        state._write_snapshot(store.objects, store.state())
        key = layout.snapshot(1)
        assert json.loads(store.objects.read(key).content)["form_release"] == LATER

    assert read_state(store.objects) == store.state()


def test_newer_table__is_refused() -> None:
    class LaterIssue(QualityIssue):
        changes = (Change(LATER),)

    objects = MemoryObjects()
    rows = pl.DataFrame({"image_id": [image_id(1)], "rule": ["blurred"], "value": [1.0], "limit": [2.0]})
    file = write_table(objects, LaterIssue, "2026-11-21", rows)

    assert read_table(objects, LaterIssue, file).height == 1
    with pytest.raises(NewerFormError, match="table quality_issues " + REFUSAL):
        read_table(objects, QualityIssue, file)
