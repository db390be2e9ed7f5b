"""Images that were sent to labeling before and can be selected again, because they have no usable annotation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl


def without_annotation(
    labels: pl.DataFrame, nights: Sequence[str], *, ask_again_after_cycles: int | None, now: str
) -> tuple[set[str], set[str]]:
    """Images whose annotations match no class, and images that have been unsure for long enough.

    `labels` holds image_id, state and labels_version (the cycle that resolved it); `nights` are the cycles in order.
    """
    place = {cycle_id: number for number, cycle_id in enumerate(nights)}
    unmatched, unsure = set(), set()
    for image_id, state, version in labels.select("image_id", "state", "labels_version").iter_rows():
        if state == "unmatched":
            unmatched.add(image_id)
        elif state == "unsure" and ask_again_after_cycles is not None:
            age = place.get(now, len(nights)) - place.get(version, -1)
            unsure |= {image_id} if age >= ask_again_after_cycles else set()
    return unmatched, unsure


def rounds_by_image(tasks: pl.DataFrame) -> Mapping[str, int]:
    """Image → number of rounds that it was in; `tasks` holds image_id and round_id."""
    return dict(tasks.group_by("image_id").agg(pl.col("round_id").n_unique()).iter_rows())
