"""Tonight's second looks, each with its purpose and reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import asdict, dataclass

import polars as pl

from pipeline_tasks.label_errors.reviews import Doubted, Review, reviews
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.settings import LabelingSettings
from pipeline_tasks.storage.history.open_tasks import with_open_task
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label_suspect import LabelSuspect
from pipeline_tasks.tables.label_verdict import LabelVerdict
from pipeline_tasks.tables.second_look import SecondLook
from pipeline_tasks.tables.table import Rows, check, empty

REVIEW = "review"


@dataclass(frozen=True)
class Standing:
    """Images as they stand before the round."""

    names: Mapping[str, str]
    """Image → name of its label today."""
    closed: Set[str]
    """Images that must not be asked about tonight: picked already, quarantined or contested."""


def second_looks(store: Store, cycle: Cycle, standing: Standing) -> Rows[SecondLook]:
    """Doubted labels for a share of the budget, beside it; nothing with an open task."""
    settings = cycle.project.labeling
    places = round(settings.review_ratio * cycle.project.selection.budget)
    found = _reviews(store, settings, places, standing) if places else []
    return _rows(found, cycle.round_id)


def _reviews(store: Store, settings: LabelingSettings, places: int, standing: Standing) -> list[Review]:
    """By the suspects of the newest night that judged labels."""
    files = store.files(LabelSuspect)
    suspects = store.read(LabelSuspect, files[-1].cycle_id) if files else empty(LabelSuspect)
    looks = store.history(SecondLook).filter(pl.col("purpose").cast(pl.String) == REVIEW)
    verdicts = store.current(LabelVerdict)
    wanted = {*suspects["image_id"], *looks["image_id"]}
    doubted = Doubted(
        suspects=suspects,
        looks=looks,
        verdicts=verdicts,
        names=standing.names,
        closed=standing.closed | with_open_task(store, wanted),
        annotators=store.current(Annotation, ["annotator_id"])["annotator_id"].n_unique(),
    )
    return reviews(doubted, places, settings.review_at_most_times)


def _rows(found: Iterable[Review], round_id: str) -> Rows[SecondLook]:
    rows = [asdict(one) | {"round_id": round_id, "purpose": REVIEW, "rank": rank} for rank, one in enumerate(found)]
    return check(SecondLook, pl.DataFrame(rows)) if rows else empty(SecondLook)
