"""Propose splits for split groups that have none: control pictures found the test split, a share of the rest is for validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.table import Rows, check


def propose_splits(
    picks: Sequence[tuple[str, bool]],
    standing: Mapping[str, str],
    *,
    control_test_ratio: float,
    val_ratio: float,
    seed: int,
) -> Rows[Split]:
    """Splits for the split groups of picks, given as (split_group_id, is_control), that `standing` does not name yet.

    A group with a control pick counts as control. Which groups of a kind get which split is drawn with the seed; how many is
    the ratio, rounded. What stands is never proposed again: the first writer wins.
    """
    is_control: dict[str, bool] = {}
    for group, from_control_arm in picks:
        if group not in standing:
            is_control[group] = is_control.get(group, False) or from_control_arm
    control = [group for group, flag in is_control.items() if flag]
    others = [group for group, flag in is_control.items() if not flag]
    generator = np.random.default_rng(seed)
    test = _draw(control, control_test_ratio, generator)
    val = _draw([*others, *(group for group in control if group not in test)], val_ratio, generator)
    rows = [(group, *_split(group in test, group in val)) for group in sorted(is_control)]
    return check(Split, pl.DataFrame(rows, schema=Split.column_names(), orient="row") if rows else Split.create_empty())


def _draw(groups: Sequence[str], ratio: float, generator: np.random.Generator) -> set[str]:
    """A share of the groups, at random; their order does not matter, their names do."""
    ordered = sorted(groups)
    return {ordered[number] for number in generator.permutation(len(ordered))[: round(len(ordered) * ratio)]}


def _split(is_test: bool, is_val: bool) -> tuple[str, str]:
    """The split and the policy behind it."""
    if is_test:
        return "test", "control_arm"
    return ("val", "val_share") if is_val else ("train", "rest")
