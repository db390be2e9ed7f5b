"""Split proposals for split groups that have none: a share of the control images goes to test, a share of the rest to val."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.table import Rows, check

SET_POLICY = "set: "
"""Beginning of the policy of each split that the import of a labelled set gave."""
Pick = tuple[str, bool]
"""A picked image: its split_group_id, and True if it was drawn at random (the control arm)."""


def propose_splits(
    picks: Sequence[Pick], standing: Mapping[str, str], *, control_test_ratio: float, val_ratio: float, seed: int
) -> Rows[Split]:
    """Propose splits for the split groups of picks that are not in `standing`.

    A group with a control pick counts as control. The seed decides which groups go to test or val; the ratio, rounded, is an
    upper limit on the number of images: a group that would exceed it stays in train. A group that already has a split is never
    proposed again: the first writer wins.
    """
    new = [pick for pick in picks if pick[0] not in standing]
    generator = np.random.default_rng(seed)
    sizes = Counter(group for group, _ in new)
    test = draw_control_test(new, control_test_ratio, generator)
    others = [group for group in sizes if group not in test]
    val = take_share(_shuffled(others, generator), sizes, round(sum(sizes[group] for group in others) * val_ratio))
    return split_rows({group: _split(group in test, group in val) for group in sizes})


def draw_control_test(picks: Sequence[Pick], ratio: float, generator: np.random.Generator) -> set[str]:
    """Random groups with control picks that go to test, up to `ratio` of the control picks' images."""
    control = dict.fromkeys(group for group, is_control in picks if is_control)
    share = round(sum(is_control for _, is_control in picks) * ratio)
    return take_share(_shuffled(list(control), generator), Counter(group for group, _ in picks), share)


def take_share(groups: Sequence[str], sizes: Mapping[str, int], images: int) -> set[str]:
    """Groups, in order, that fit into a share of `images` images."""
    taken: set[str] = set()
    for group in groups:
        if sizes[group] <= images:
            taken.add(group)
            images -= sizes[group]
    return taken


def split_rows(found: Mapping[str, tuple[str, str]]) -> Rows[Split]:
    """Group → (split, policy) as rows, sorted by group."""
    rows = [(group, *found[group]) for group in sorted(found)]
    return check(Split, pl.DataFrame(rows, schema=Split.column_names(), orient="row") if rows else Split.create_empty())


def _shuffled(groups: Sequence[str], generator: np.random.Generator) -> list[str]:
    """A random order that depends on the groups' names only."""
    ordered = sorted(groups)
    return [ordered[number] for number in generator.permutation(len(ordered))]


def _split(is_test: bool, is_val: bool) -> tuple[str, str]:
    """The split and the policy that chose it."""
    if is_test:
        return "test", "control_arm"
    return ("val", "val_share") if is_val else ("train", "rest")
