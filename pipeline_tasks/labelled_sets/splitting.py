"""Splits of a labelled set's images: the set's own where it is kept, else shares that a seed draws; standing ones stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline_tasks.datasets.splitting import SET_POLICY, split_rows, take_share
from pipeline_tasks.records.labelled_set import KEEP, TRAIN
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.table import Rows

_ORDER = ("test", "val", "train")


@dataclass(frozen=True)
class SetSplits:
    """Splits that an import gives."""

    rows: Rows[Split]
    images: Mapping[str, int]
    """Split → images."""
    in_two: int
    """Groups that the set puts into two splits."""


def set_splits(
    images: Sequence[tuple[str, str | None]], *, splitting: str, test_ratio: float, val_ratio: float, seed: int
) -> SetSplits:
    """Split groups without a split.

    Args:
        images: split group of each image, and the split that the set states for it.
        splitting: one of `SPLITTING`.
        test_ratio: share of the images without a stated split that goes to test; 0 for `train`.
        val_ratio: share of the rest that goes to val.
        seed: decides which groups.
    """
    sizes = Counter(group for group, _ in images)
    own: dict[str, set[str]] = {}
    for group, split in images if splitting == KEEP else ():
        if split is not None:
            own.setdefault(group, set()).add(split)
    found = {group: (next(one for one in _ORDER if one in said), f"{SET_POLICY}its own") for group, said in own.items()}
    rest = sorted(sizes.keys() - found.keys())
    generator = np.random.default_rng(seed)
    order = [rest[number] for number in generator.permutation(len(rest))]
    total = sum(sizes[group] for group in rest)
    test = take_share(order, sizes, 0 if splitting == TRAIN else round(total * test_ratio))
    order = [group for group in order if group not in test]
    val = take_share(order, sizes, round(sum(sizes[group] for group in order) * val_ratio))
    for group in rest:
        split = "test" if group in test else "val" if group in val else "train"
        found[group] = (split, f"{SET_POLICY}share" if split != "train" else f"{SET_POLICY}rest")
    counted = Counter[str]()
    for group, (split, _) in found.items():
        counted[split] += sizes[group]
    return SetSplits(split_rows(found), dict(sorted(counted.items())), sum(len(said) > 1 for said in own.values()))
