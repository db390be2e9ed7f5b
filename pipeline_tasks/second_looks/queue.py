"""Tonight's second looks, each with its purpose and reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace

import polars as pl

from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.second_looks.audits import audited_labels
from pipeline_tasks.second_looks.coming_again import misdirected_images
from pipeline_tasks.second_looks.doubted_labels import doubted_labels
from pipeline_tasks.second_looks.doubted_objects import doubted_objects
from pipeline_tasks.second_looks.gold_images import gold_images
from pipeline_tasks.second_looks.look import Look, Standing, reviewed_in
from pipeline_tasks.second_looks.weak_labels import weak_labels
from pipeline_tasks.storage.history.open_tasks import with_open_task
from pipeline_tasks.storage.history.store import Store, Write
from pipeline_tasks.tables.label_object import DoubtedObject
from pipeline_tasks.tables.second_look import SecondLook
from pipeline_tasks.tables.table import Rows, check, empty


def second_looks(store: Store, cycle: Cycle, standing: Standing, picks: int) -> Rows[SecondLook]:
    """Labels to audit, images that the wrong people answered, doubted ones, weak ones and gold images, beside the `picks` images.

    All but the first two are shares of the budget or the round.
    """
    settings, budget = cycle.project.labeling, cycle.project.selection.budget
    free = replace(standing, closed=standing.closed | with_open_task(store))
    audits = audited_labels(store, cycle, free)
    misdirected = misdirected_images(store, settings, free := free.without(audits))
    free = free.without(misdirected)
    reviews = doubted_labels(store, kind_of(cycle.project), settings, budget, free)
    weak = weak_labels(store, settings, budget, free := free.without(reviews))
    asked = [*audits, *misdirected, *reviews, *weak]
    gold = gold_images(store, cycle, picks + len(asked), free.without(weak))
    return _rows([*asked, *gold], cycle.round_id)


def look_writes(store: Store, cycle: Cycle, looks: Rows[SecondLook]) -> list[Write]:
    """The looks with the doubted objects of those that are reviews, as they are now."""
    doubts = doubted_objects(store, kind_of(cycle.project), reviewed_in(looks), cycle.round_id)
    return [(SecondLook, looks), (DoubtedObject, doubts)]


def _rows(found: Iterable[Look], round_id: str) -> Rows[SecondLook]:
    rows = [asdict(one) | {"round_id": round_id, "rank": rank} for rank, one in enumerate(found)]
    return check(SecondLook, pl.DataFrame(rows, infer_schema_length=None)) if rows else empty(SecondLook)
