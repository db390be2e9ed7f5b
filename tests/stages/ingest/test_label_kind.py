"""Tests that a project keeps its label kind once people have annotated."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from given import STARTED_AT, a_project, an_open_cycle, image_id
from given_versions import two_versions
from kinds.given_objects import DRAWN

from pipeline_tasks.commands.check_project import checks
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.records.cycle import CycleOpening
from pipeline_tasks.stages.ingest.open_cycle import open_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.table import empty

OF_KIND = {drawn.label_kind: drawn.settings for drawn in DRAWN.values()}
"""Label kind → settings of a project."""
SKELETON = {"gripper": ["base", "left", "right"], "hook": ["eye", "tip"]}
POINTS = {"label_kind": "keypoints", "classes": [*SKELETON], "labels": {"skeleton": SKELETON}}
TEXTS = a_project(label_kind="kinds.a_text_kind:TextKind", classes=[], labels={"longest": 20})


def test_another_label_kind__is_refused_with_what_to_do(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    two_versions(store)
    monkeypatch.setattr(checks, "open_store", lambda project, s3: store)

    with pytest.raises(SettingsError, match=r"label_kind: wanted 'class', as in cycle .*another project"):
        open_cycle(store, CycleOpening(TEXTS, "2026-12-24", "manual__1", STARTED_AT, "test"))

    assert checks._outcome(lambda: checks._check_classes(TEXTS, None)).startswith("label_kind: wanted 'class'")
    assert "2026-12-24" not in store.state().stages


@pytest.mark.parametrize(("before", "after"), list(pairwise([*OF_KIND, *OF_KIND][: len(OF_KIND) + 1])))
def test_another_label_kind__is_refused_for_every_kind(store: Store, before: str, after: str) -> None:
    annotated(store, **OF_KIND[before])

    with pytest.raises(SettingsError, match=rf"label_kind: wanted '{before}', .*found '{after}'. Set it back, or start another"):
        an_open_cycle(store, "2026-11-22", **OF_KIND[after])
    an_open_cycle(store, "2026-11-22", **OF_KIND[before])


def annotated(store: Store, **settings: Any) -> None:
    """A cycle with these settings and one annotation."""
    cycle = an_open_cycle(store, **settings)
    answer = {"annotation_id": "5-1", "task_key": image_id(1), "round_id": "r", "image_id": image_id(1), "revision": image_id(2)}
    answer |= {"annotator_id": "ada", "state": "answered", "lead_time_s": None, "updated_at": STARTED_AT, "is_starred": False}
    rows = pl.DataFrame(answer, schema=empty(Annotation).schema)
    store.finish(cycle.cycle_id, "given", cycle.arguments, [(Annotation, rows)])


@pytest.mark.parametrize(
    ("before", "changed", "said"),
    [
        ({"label_kind": "mask", "classes": ["rust"]}, {"labels": {"regions": "instance"}}, "regions: wanted 'semantic'"),
        ({"label_kind": "text", "classes": []}, {"labels": {"of": "boxes"}}, "of: wanted 'image'"),
        (POINTS, {"labels": {"skeleton": SKELETON, "things": "boxes"}}, "things: wanted 'one'"),
        (POINTS, {"labels": {"skeleton": SKELETON | {"hook": ["eye", "end"]}}}, r"skeleton.hook: wanted \['eye', 'tip'\]"),
        (POINTS, {"labels": {"skeleton": SKELETON | {"hook": ["eye", "tip", "end"]}}}, r"skeleton.hook: wanted \['eye', 'tip'\]"),
        (
            POINTS,
            {
                "classes": ["gripper", "crook"],
                "renamed_classes": {"hook": "crook"},
                "labels": {"skeleton": {"gripper": SKELETON["gripper"], "crook": ["eye", "top"]}},
            },
            r"skeleton.crook: wanted \['eye', 'tip'\]",
        ),
    ],
)
def test_setting_of_a_kind__that_gives_annotations_another_meaning_is_refused(
    store: Store, monkeypatch: pytest.MonkeyPatch, before: dict[str, Any], changed: dict[str, Any], said: str
) -> None:
    annotated(store, **before)
    monkeypatch.setattr(checks, "open_store", lambda project, s3: store)

    with pytest.raises(SettingsError, match=rf"labels.{said}, as in cycle .*Set it back, or start another project"):
        an_open_cycle(store, "2026-11-22", **before | changed)

    assert checks._outcome(lambda: checks._check_classes(a_project(**before | changed), None)).startswith("labels.")
    assert "2026-11-22" not in store.state().stages


@pytest.mark.parametrize(
    ("before", "changed"),
    [
        ({"label_kind": "mask", "classes": ["rust"]}, {"classes": ["rust", "dent"], "labels": {"regions": "semantic"}}),
        ({"label_kind": "text", "classes": []}, {"labels": {"pattern": "[A-Z]+", "ignores_case": True}}),
        (
            POINTS,
            {
                "classes": ["gripper", "hook", "ring"],
                "labels": {
                    "skeleton": {"gripper": ["right", "base", "left"], "hook": ["tip"], "ring": ["middle"]},
                    "sigmas": {"hook": {"tip": 0.05}},
                    "edges": {"gripper": [["base", "left"]]},
                },
            },
        ),
        (POINTS, {"classes": ["gripper"], "removed_classes": ["hook"], "labels": {"skeleton": {"gripper": SKELETON["gripper"]}}}),
        (
            POINTS,
            {
                "classes": ["gripper", "crook"],
                "renamed_classes": {"hook": "crook"},
                "labels": {"skeleton": {"gripper": SKELETON["gripper"], "crook": ["eye", "tip"]}},
            },
        ),
    ],
)
def test_setting_of_a_kind__that_leaves_annotations_their_meaning_is_taken(
    store: Store, before: dict[str, Any], changed: dict[str, Any]
) -> None:
    annotated(store, **before)

    an_open_cycle(store, "2026-11-22", **before | changed)

    assert "open_cycle" in store.state().stages["2026-11-22"]


def test_another_label_kind__is_taken_before_anyone_annotated(store: Store) -> None:
    an_open_cycle(store)

    open_cycle(store, CycleOpening(TEXTS, "2026-12-24", "manual__1", STARTED_AT, "test"))

    assert "open_cycle" in store.state().stages["2026-12-24"]


@pytest.mark.parametrize(("kind", "why"), [("box", "feature maps"), ("mask", "feature maps"), ("text", "trains no model")])
def test_unfreezing__is_refused_for_kinds_whose_training_would_ignore_it(store: Store, kind: str, why: str) -> None:
    classes = [] if kind == "text" else ["bolt", "nut"]
    project = a_project(label_kind=kind, classes=classes, training={"unfreeze_epochs": 2})

    with pytest.raises(SettingsError, match=rf"training.unfreeze_epochs: found 2; label_kind {kind} .*{why}.*Set it to 0"):
        open_cycle(store, CycleOpening(project, "2026-12-24", "manual__1", STARTED_AT, "test"))

    assert checks._outcome(lambda: checks._check_backbone(project, None)).startswith("training.unfreeze_epochs: found 2")
    assert "2026-12-24" not in store.state().stages


def test_unfreezing__is_taken_for_classes(store: Store) -> None:
    project = a_project(training={"unfreeze_epochs": 2})

    open_cycle(store, CycleOpening(project, "2026-12-24", "manual__1", STARTED_AT, "test"))

    assert "open_cycle" in store.state().stages["2026-12-24"]


@pytest.mark.parametrize(
    ("kind", "fit", "said"),
    [
        ("box", {"loss": "focal"}, "training.fit.loss: found focal; label_kind box has a loss of its own. Leave it out"),
        ("mask", {"label_smoothing": 0.1}, "training.fit.label_smoothing: found 0.1; label_kind mask has a loss of its own"),
        ("class", {"start_from": "auto"}, "training.fit.start_from: found auto; label_kind class fits a head on stored embeddings"),
        ("box", {"balance_by": "undersampling"}, "training.fit.balance_by: found undersampling; label_kind box has a loss"),
        ("text", {"optimizer": "sgd"}, "training.fit: found optimizer; label_kind text trains no model. Leave it out"),
    ],
)
def test_fit__is_refused_where_the_label_kind_would_not_follow_it(
    store: Store, kind: str, fit: dict[str, object], said: str
) -> None:
    project = a_project(label_kind=kind, classes=[] if kind == "text" else ["bolt", "nut"], training={"fit": fit})

    with pytest.raises(SettingsError, match=said):
        open_cycle(store, CycleOpening(project, "2026-12-24", "manual__1", STARTED_AT, "test"))

    assert checks._outcome(lambda: checks._check_backbone(project, None)).startswith(said)
    assert "2026-12-24" not in store.state().stages


@pytest.mark.parametrize(
    ("kind", "fit"),
    [
        ("box", {"optimizer": "sgd", "ema": 0.9, "accumulate_batches": 2}),
        ("classes", {"balance_by": "oversampling", "loss": "focal"}),
    ],
)
def test_fit__is_taken_where_the_label_kind_follows_it(store: Store, kind: str, fit: dict[str, object]) -> None:
    open_cycle(
        store, CycleOpening(a_project(label_kind=kind, training={"fit": fit}), "2026-12-24", "manual__1", STARTED_AT, "test")
    )

    assert "open_cycle" in store.state().stages["2026-12-24"]
