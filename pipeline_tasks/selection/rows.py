"""Picks of both arms as table rows, in the round's order."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pipeline_tasks.neighbors.cosine import Integers
from pipeline_tasks.selection.arms import Ranked
from pipeline_tasks.selection.choosing import Selection
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.selection_score import SelectionScore
from pipeline_tasks.tables.table import Rows, check

CONTROL_REASON = "drawn at random: the control arm, a baseline for the strategy"

GOLDEN_REASON = "in the golden set, which a person chose"


def selected_images(
    image_ids: Sequence[str], control: Integers, chosen: Selection, ranked: Sequence[Ranked]
) -> Rows[SelectedImage]:
    """One row a pick, ranks in the order of `ranked`; `control` and the picks of `chosen` are numbers in `image_ids`."""
    rows = [_row(image_ids, control, chosen, rank, one) for rank, one in enumerate(ranked)]
    return check(SelectedImage, pl.DataFrame(rows) if rows else SelectedImage.create_empty())


def golden_first(rows: Rows[SelectedImage], golden: Sequence[str]) -> Rows[SelectedImage]:
    """Put images of the golden set before the other picks."""
    if not golden:
        return rows
    fixed = {"arm": "strategy", "strategy": "golden", "score": 0.0, "reason": GOLDEN_REASON}
    named = pl.DataFrame([{"image_id": one, "rank": rank} | fixed for rank, one in enumerate(golden)])
    behind = rows.with_columns(rank=pl.col("rank") + len(golden))
    return check(SelectedImage, pl.concat([check(SelectedImage, named), check(SelectedImage, behind)]))


def scores_of(image_ids: Sequence[str], chosen: Selection) -> Rows[SelectionScore]:
    """All objectives' scores of all picks of the strategy arm."""
    frames = [
        pl.DataFrame({"image_id": [image_ids[pick] for pick in chosen.picks], "score": scores}).with_columns(objective=pl.lit(name))
        for name, scores in chosen.scores.items()
    ]
    return check(SelectionScore, pl.concat(frames) if len(chosen.picks) else SelectionScore.create_empty())


def _row(image_ids: Sequence[str], control: Integers, chosen: Selection, rank: int, one: Ranked) -> dict[str, object]:
    if one.arm == "control":
        picked = {"image_id": image_ids[control[one.number]], "strategy": "random", "score": 0.0, "reason": CONTROL_REASON}
    else:
        strategy = chosen.strategy[one.number]
        picked = {
            "image_id": image_ids[chosen.picks[one.number]],
            "strategy": strategy,
            "score": float(chosen.scores[strategy][one.number]),
            "reason": chosen.reasons[one.number],
        }
    return {"rank": rank, "arm": one.arm} | picked
