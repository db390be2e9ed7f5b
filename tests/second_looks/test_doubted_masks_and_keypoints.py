"""Tests of doubted regions, masks and things with points, settled by what people draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import given
import numpy as np
import polars as pl
import pytest
from given_reviews import annotate, send_reviews, verdicts
from given_trays import NAMES, a_night_of_trays

from pipeline_tasks.geometry.run_lengths import encode
from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.stages.label.find_label_errors import find_label_errors
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.object_suspect import ObjectSuspect

MISSING, EXTRA, SWAPPED, BADLY_PLACED = (NAMES[number] for number in (3, 5, 7, 9))
SIZE_PX = 300, 310
Draw = Callable[[str, int, int, int], Any]


def mask(name: str, left: int, top: int, side: int) -> Mask:
    pixels = np.zeros(SIZE_PX[::-1], bool)
    pixels[top : top + side, left : left + side] = True
    return Mask(name, encode(pixels), SIZE_PX)


def thing(name: str, left: int, top: int, side: int) -> Skeleton:
    points = [("first", left, top), ("second", left + side, top), ("third", left + side, top + side)]
    return Skeleton(name, tuple(Point(point, float(x), float(y)) for point, x, y in points))


@dataclass(frozen=True)
class Drawn:
    """Labels and predictions of trays; a model's nut is beside a bolt, except in two trays without one."""

    draw: Draw
    settings: dict[str, Any]
    moved_px: int
    """So far aside, a nut is meant and badly placed."""

    def bolt(self) -> Any:
        return self.draw("bolt", 10, 10, 60)

    def nut(self, moved_px: int = 0, name: str = "nut") -> Any:
        return self.draw(name, 150 + moved_px, 150, 80)

    def right(self, tray: str) -> tuple[Any, ...]:
        return (self.nut(),) if tray in (EXTRA, SWAPPED) else (self.bolt(), self.nut())

    def labelled(self, tray: str) -> tuple[Any, ...]:
        wrong = {
            MISSING: (self.bolt(),),
            EXTRA: (self.bolt(), self.nut()),
            SWAPPED: (self.nut(name="bolt"),),
            BADLY_PLACED: (self.bolt(), self.nut(self.moved_px)),
        }
        return wrong.get(tray, self.right(tray))

    def predicted(self, tray: str) -> tuple[Any, ...]:
        return tuple(replace(one, confidence=0.9) for one in self.right(tray))


SKELETON = {"skeleton": {name: ["first", "second", "third"] for name in ("bolt", "nut")}, "things": "boxes"}
REGIONS = Drawn(mask, {"label_kind": "mask"}, 55)
INSTANCES = Drawn(mask, {"label_kind": "mask", "labels": {"regions": "instance"}}, 55)
THINGS = Drawn(thing, {"label_kind": "keypoints", "labels": SKELETON}, 30)
KINDS = pytest.mark.parametrize("drawn", [REGIONS, INSTANCES, THINGS], ids=["regions", "instances", "keypoints"])


def reviewed(store: Store, drawn: Drawn) -> Cycle:
    """A night whose four doubted labels, of a labelled set, are reviews of the next round."""
    labelled = [drawn.labelled(name) for name in NAMES]
    cycle = a_night_of_trays(store, labelled, said=[drawn.predicted(name) for name in NAMES], **drawn.settings)
    find_label_errors(store, cycle)
    annotate(store, cycle, "given_first", {NAMES[0]: {"ada": drawn.right(NAMES[0]), "ben": drawn.right(NAMES[0])}}, purpose="first")
    send_reviews(store, cycle)
    return cycle


@KINDS
def test_find_label_errors__names_what_is_wrong(store: Store, drawn: Drawn) -> None:
    cycle = reviewed(store, drawn)

    rows = store.read(ObjectSuspect, cycle.cycle_id).select("image_id", pl.col("wrong").cast(pl.String))

    assert dict(rows.iter_rows()) == {
        given.image_id(MISSING): "missing",
        given.image_id(EXTRA): "extra",
        given.image_id(SWAPPED): "swapped",
        given.image_id(BADLY_PLACED): "badly placed",
    }


@KINDS
@pytest.mark.parametrize(("says", "expected"), [("right", "fixed"), ("labelled", "stands")])
def test_verdicts__are_what_the_person_drew(store: Store, drawn: Drawn, says: str, expected: str) -> None:
    cycle = reviewed(store, drawn)

    annotate(
        store,
        cycle,
        "given_reviews",
        {name: {"cleo": getattr(drawn, says)(name)} for name in (MISSING, EXTRA, SWAPPED, BADLY_PLACED)},
    )

    assert verdicts(store, cycle, NAMES) == dict.fromkeys([MISSING, EXTRA, SWAPPED, BADLY_PLACED], expected)


@KINDS
def test_verdicts__do_not_mind_another_object(store: Store, drawn: Drawn) -> None:
    """The person moves the bolt, which nobody doubted, and keeps the doubted nut."""
    cycle = reviewed(store, drawn)
    _, nut = drawn.labelled(BADLY_PLACED)

    annotate(store, cycle, "given_reviews", {BADLY_PLACED: {"cleo": (drawn.draw("bolt", 80, 10, 60), nut)}})

    assert verdicts(store, cycle, NAMES) == {BADLY_PLACED: "stands"}


@KINDS
def test_verdicts__are_those_of_most_people(store: Store, drawn: Drawn) -> None:
    cycle = reviewed(store, drawn)
    annotate(store, cycle, "given_ada", {EXTRA: {"ada": drawn.labelled(EXTRA)}}, purpose="first")
    annotate(store, cycle, "given_ben", {EXTRA: {"ben": drawn.right(EXTRA)}})
    assert verdicts(store, cycle, NAMES) == {EXTRA: "unclear"}

    annotate(store, cycle, "given_cleo", {EXTRA: {"cleo": drawn.right(EXTRA)}})

    assert verdicts(store, cycle, NAMES) == {EXTRA: "fixed"}
