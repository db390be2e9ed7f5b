"""Split proposals by embedding: typical groups go to val, hard and rare ones to test, the rest to train.

The control arm's share goes to test at random, as under the random policy, so that test also contains images as they arrive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from pipeline_tasks.datasets.looks import Looks
from pipeline_tasks.datasets.splitting import Pick, draw_control_test, split_rows, take_share
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.table import Rows

HALF = 0.5
"""Rare groups come from the outer half of all images and typical ones from the inner half, independent of the split ratios."""


def propose_curated_splits(
    picks: Sequence[Pick],
    standing: Mapping[str, str],
    looks: Mapping[str, Looks],
    *,
    control_test_ratio: float,
    test_ratio: float,
    val_ratio: float,
    seed: int,
) -> Rows[Split]:
    """Propose splits for the split groups of picks that are not in `standing`; each row's `policy` states the group's score.

    Test takes `test_ratio` of the images outside the control arm: first the hardest groups (greatest disagreement) up to half
    of it, then the rarest (greatest outlier score). Val takes `val_ratio` of the rest, the most typical first (smallest outlier
    score), and train takes everything else. A group with more images than a split's share has room for is skipped; a group
    without an embedding goes to train. Groups of equal scores are ordered by name.
    """
    new = [pick for pick in picks if pick[0] not in standing]
    sizes = Counter(group for group, _ in new)
    control = draw_control_test(new, control_test_ratio, np.random.default_rng(seed))
    found = dict.fromkeys(control, ("test", "control_arm"))
    left = sorted(group for group in sizes if group not in found and group in looks)

    share = round(sum(sizes[group] for group in sizes if group not in found) * test_ratio)
    hard = take_share(_hardest(left, looks), sizes, share // 2)
    found |= {group: ("test", f"hard: neighbours' labels disagree {looks[group].disagreement:.2f}") for group in hard}
    share -= sum(sizes[group] for group in hard)
    far_out = [one for one in left if one not in hard and looks[one].outlier >= HALF]
    rare = take_share(sorted(far_out, key=lambda one: (-looks[one].outlier, one)), sizes, share)
    found |= {group: ("test", f"rare: outlier score {looks[group].outlier:.2f}") for group in rare}

    share = round(sum(sizes[group] for group in sizes if group not in found) * val_ratio)
    crowded = [one for one in left if one not in hard and looks[one].outlier < HALF]
    typical = take_share(sorted(crowded, key=lambda one: (looks[one].outlier, one)), sizes, share)
    found |= {group: ("val", f"typical: outlier score {looks[group].outlier:.2f}") for group in typical}
    return split_rows({group: _rest(looks.get(group)) for group in sizes} | found)


def _hardest(groups: Sequence[str], looks: Mapping[str, Looks]) -> list[str]:
    """Groups whose neighbours disagree on the label, greatest disagreement first."""
    disputed = [(-(looks[one].disagreement or 0.0), -looks[one].outlier, one) for one in groups]
    return [group for disagreement, _, group in sorted(disputed) if disagreement < 0]


def _rest(looks: Looks | None) -> tuple[str, str]:
    return ("train", "rest: no embedding") if looks is None else ("train", f"diverse: outlier score {looks.outlier:.2f}")


def group_looks(groups: Sequence[str], looks: Sequence[Looks]) -> dict[str, Looks]:
    """The mean of the images' looks for each group; `groups` and `looks` have one entry an image."""
    members: dict[str, list[Looks]] = {}
    for group, one in zip(groups, looks, strict=True):
        members.setdefault(group, []).append(one)
    return {group: _mean(found) for group, found in members.items()}


def _mean(looks: Sequence[Looks]) -> Looks:
    known = [one.disagreement for one in looks if one.disagreement is not None]
    return Looks(sum(one.outlier for one in looks) / len(looks), sum(known) / len(known) if known else None)
