"""Gate rule: a candidate without a class of the champion is not promoted, unless the project file states the removal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from pipeline_tasks.evaluation.gate import Decision
from pipeline_tasks.kinds.name_changes import NameChanges
from pipeline_tasks.tables.dataset_image import LABEL_NAME


def names_lost(champion: pl.DataFrame, candidate: pl.DataFrame, changes: NameChanges) -> dict[str, int]:
    """Names in the champion's version, by today's, of which the candidate's has no training image → number of the champion's.

    Both are rows of images or of objects; removed names that are stated do not count.
    """
    known = set(_trained(candidate)[LABEL_NAME])
    lost = changes.in_rows(_trained(champion)).filter(~pl.col(LABEL_NAME).is_in([*known, *changes.removed]))
    return dict(lost.group_by(LABEL_NAME).len().sort(LABEL_NAME).iter_rows())


def with_lost_names_gate(decision: Decision, lost: Mapping[str, int], word: str) -> Decision:
    """Stop a promotion that loses names; `word` names one of them, such as `class`."""
    if not lost or not decision.is_promoted:
        return decision
    said = ", ".join(f"{name!r} (the champion learnt it from {count})" for name, count in lost.items())
    passed = decision.why.removeprefix("Promoted: ")
    why = (
        f"Not promoted: the candidate has no training image of the {word} {said}, so it would lose what the champion learnt. "
        f"If a {word} was renamed, add it to renamed_classes; if it is no longer wanted, to removed_classes. Apart from that: "
        f"{passed}"
    )
    return replace(decision, is_promoted=False, why=why)


def _trained(manifest: pl.DataFrame) -> pl.DataFrame:
    """Images that a training of the version sees, with a name."""
    return manifest.filter(pl.col("split").cast(pl.String) != "test").select(LABEL_NAME).drop_nulls()
