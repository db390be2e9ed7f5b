"""Images whose label is certain, to measure people by."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipeline_tasks.label_quality.gold import draw_gold, may_be_gold
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.second_looks.doubted_labels import newest_suspects
from pipeline_tasks.second_looks.doubted_objects import newest_object_suspects
from pipeline_tasks.second_looks.look import Look, Standing, times_looked
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.second_look import SecondLook

GOLD = "gold"
REASON = "Its label is certain, so the answer measures the person."


def gold_images(store: Store, cycle: Cycle, round_size: int, standing: Standing) -> list[Look]:
    """A share of the round: labels that a reviewer starred, or that several people and the model agree on, and that nobody doubts;
    each serves once.
    """
    ratio = cycle.project.labeling.gold_ratio
    if not round(ratio * round_size):
        return []
    used = times_looked(store.history(SecondLook, ["image_id", "purpose"]), GOLD)
    labels = store.current(Label, ["image_id", "state", "votes", "agreement_ratio", "consensus_quality"])
    doubted = {*newest_suspects(store)["image_id"], *newest_object_suspects(store)["image_id"]}
    not_now = {*standing.closed, *used, *doubted}
    labels = labels.filter(pl.col("state").cast(pl.String) == "labelled", ~pl.col("image_id").is_in(not_now))
    starred = store.current(Annotation, ["image_id", "is_starred", "state"]).filter(
        "is_starred", pl.col("state").cast(pl.String) == "answered"
    )
    quality = labels["consensus_quality"].cast(pl.Float64)
    may_be = may_be_gold(
        labels["votes"].to_numpy().astype(np.int64),
        labels["agreement_ratio"].to_numpy(),
        quality=quality.fill_null(float("nan")).to_numpy() if quality.null_count() < len(quality) else None,
        is_starred=labels["image_id"].is_in(starred["image_id"].implode()).to_numpy(),
    )
    named = [standing.names.get(one, "") for one in labels["image_id"]]
    numbers = np.unique(named, return_inverse=True)[1].astype(np.int64)
    rows = draw_gold(may_be, numbers, ratio=ratio, round_size=round_size, seed=derive_seed(cycle.seed, GOLD))
    return [Look(labels["image_id"][row], GOLD, REASON) for row in rows.tolist()]
