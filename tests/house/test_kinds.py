"""Tests that everything specific to a label kind is in `kinds`."""

from __future__ import annotations

import ast

from given import a_project
from house.kind_words import ROOT, STILL, lines_with_words
from kinds.given_objects import DRAWN

from pipeline_tasks.registries import KINDS

LIGHT = {f"pipeline_tasks.kinds.{name}" for name in ("changed_options", "model_properties", "name_changes", "named_kind")}
"""Load their own parts late."""
PARTS = ("labeling", "decoding", "scoring", "freezing", "modelling", "choosing", "reporting")


def test_packages__mention_classes_no_more_often_than_listed() -> None:
    grown = {room: count for room, count in lines_with_words().items() if count > STILL.get(room, (0, ""))[0]}

    assert grown == {}, "ask the kind instead (pipeline_tasks/kinds), or say in tests/house/kind_words.py why not"


def test_kinds__have_every_part_and_open_again_from_each_persisted_form() -> None:
    for drawn in DRAWN.values():
        opener = KINDS.load(drawn.label_kind)
        kind = opener.from_settings(a_project(**drawn.settings).kind_settings)

        assert kind.name == drawn.label_kind
        assert all(getattr(kind, part) is not None for part in PARTS)
        assert opener.from_vocabulary(kind.vocabulary, kind.options) == kind
        assert opener.from_properties(kind.properties) == kind
    assert {drawn.label_kind for drawn in DRAWN.values()} == set(KINDS.names), "add the kind to tests/kinds/given_objects.py"


def test_kinds__load_their_parts_late() -> None:
    for module in {reference.partition(":")[0] for reference in KINDS.entries.values()} | LIGHT:
        path = ROOT / f"{module.replace('.', '/')}.py"
        modules = {one.module for one in ast.parse(path.read_text()).body if isinstance(one, ast.ImportFrom)}

        parts = {one for one in modules if "kinds" in (one or "")} - LIGHT
        assert not parts, "the prediction server would read tables"
