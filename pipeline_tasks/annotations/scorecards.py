"""Scorecards of people, from their votes of all nights and their annotations of gold images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import polars as pl

from pipeline_tasks.annotations.gold_annotations import GoldCount
from pipeline_tasks.annotations.votes import Objects, Votes
from pipeline_tasks.annotations.weighing import NamedVotes, Weighed
from pipeline_tasks.intervals.proportions import wilson
from pipeline_tasks.kinds.labeling import Labeling
from pipeline_tasks.tables.annotator_score import AnnotatorScore
from pipeline_tasks.tables.table import Rows, check, empty

CONFIDENCE = 0.95
MOST_COMPARED = 2000
"""Newest images of several people whose annotations are compared, as comparing masks of all nights would take hours."""


def scorecards(
    images: Mapping[str, int],
    votes: Votes,
    named: NamedVotes | None,
    weighed: Weighed | None,
    gold: Mapping[str, GoldCount],
    labeling: Labeling[Any],
) -> Rows[AnnotatorScore]:
    """One row a person, by id; `images` are their numbers of images, `votes` at least those on images of several people."""
    shared = {image_id: given for image_id, given in votes.by_image.items() if len(given) > 1}
    several = Counter(who for given in shared.values() for who in given)
    agreement = _agreement(dict(list(shared.items())[-MOST_COMPARED:]), labeling)
    accuracy = {} if named is None or weighed is None else _accuracy(named, weighed)
    rows = [
        {"annotator_id": who, "images": images.get(who, 0), "shared_images": several[who], "agreement": agreement.get(who)}
        | accuracy.get(who, dict.fromkeys(("accuracy", "accuracy_low", "accuracy_high")))
        | _gold(gold.get(who, GoldCount()))
        | {"is_paused": weighed is not None and who in weighed.paused}
        for who in sorted(images.keys() | gold.keys())
    ]
    return check(AnnotatorScore, pl.DataFrame(rows, infer_schema_length=None)) if rows else empty(AnnotatorScore)


def _agreement(shared: Mapping[str, Mapping[str, Objects]], labeling: Labeling[Any]) -> dict[str, float]:
    """Annotator → mean of the kind's measure over the pairs with others."""
    sums: dict[str, tuple[int, float]] = {}
    for two, (count, total) in labeling.agreement(shared).pairwise.items():
        for who in two:
            pairs, sum_before = sums.get(who, (0, 0.0))
            sums[who] = pairs + count, sum_before + total
    return {who: total / pairs for who, (pairs, total) in sums.items()}


def _accuracy(named: NamedVotes, weighed: Weighed) -> dict[str, dict[str, float | None]]:
    found = weighed.accuracies
    columns = (found.mean.tolist(), found.low.tolist(), found.high.tolist())
    return {
        who: {"accuracy": mean, "accuracy_low": low, "accuracy_high": high}
        for who, mean, low, high in zip(named.annotator_ids, *columns, strict=True)
    }


def _gold(count: GoldCount) -> dict[str, float | int | None]:
    low, high = wilson(count.right / count.images, count.images, CONFIDENCE) if count.images else (None, None)
    return {"gold_images": count.images, "gold_right": count.right, "gold_low": low, "gold_high": high}
