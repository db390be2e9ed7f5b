"""Tests that every persisted form has a version, and that a changed form has a new one."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from house.persisted_forms import LIST, persisted_forms, unversioned_changes

from pipeline_tasks.release import RELEASE
from pipeline_tasks.storage.care.object_kinds import KINDS
from pipeline_tasks.tables.catalog import ALL_TABLES
from pipeline_tasks.tables.table import form_of
from pipeline_tasks.upgrades import forms
from pipeline_tasks.upgrades.form import Form

ROOT = Path(__file__).parents[2]
HOW = "raise the version (docs/decisions/2026-11-29-old-roots-open-for-ever.md), then run python tests/house/persisted_forms.py"
TABLES = "each table's form"
VERSIONED_BY: dict[str, object] = {
    "table": TABLES,
    "part": TABLES,
    "event": forms.EVENT,
    "snapshot": forms.SNAPSHOT,
    "frozen settings": forms.FROZEN_SETTINGS,
    "serving pointer": forms.SERVING_POINTER,
    "version index": forms.VERSION_INDEX,
    "erasure under way": forms.ERASURE_PLAN,
    "erasure key": forms.ERASURE_KEY,
    "generation": forms.GENERATION,
    "publication": forms.PUBLICATION,
    "imported responses": forms.RESPONSE_FILE,
    "model": forms.MODEL_PROPERTIES,
    "checkpoint": "a candidate holds a model's properties; other checkpoints are named by a recipe, and ignored under another",
    "version leaf": "CSV whose header names its columns, digested by the dataset_id",
    "annotation revision": "Label Studio's answer, word for word",
    "original": "bytes as they came",
    "published folder": "DVC's form",
    "thumbnail": "JPEG, made again at need",
    "embedded views": "NumPy's form, named by a recipe, made again at need",
    "compacted rows": "named by the columns and the version of its table, ignored under another, made again at need",
    "report": "HTML for people, made again at need",
    "damaged bytes": "whatever they were",
}
"""Kind of object → what carries its version, or why none is needed."""


def test_forms__cover_every_kind_of_object_in_a_root() -> None:
    assert {kind.name for kind in KINDS} == set(VERSIONED_BY)
    used = {id(one) for one in VERSIONED_BY.values()}
    left = [name for name, one in vars(forms).items() if isinstance(one, Form) and id(one) not in used]
    assert left == ["PREDICTION"], "the prediction server's log lies beside the root"


def test_forms__have_the_fields_that_their_version_is_known_for() -> None:
    known, found = json.loads(LIST.read_text()), persisted_forms()

    assert unversioned_changes(known, found) == [], HOW
    assert {name: form["version"] for name, form in known.items()} == {name: form["version"] for name, form in found.items()}, HOW


def test_release__is_that_of_the_package() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == RELEASE
    newest = [form.release for form in vars(forms).values() if isinstance(form, Form)]
    newest += [form.release for form in forms.SUMMARIES.values()]
    newest += [form_of(table).release for table in ALL_TABLES]
    assert max(map(numbers, newest)) <= numbers(RELEASE), "no form is of a release to come"


def numbers(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))
