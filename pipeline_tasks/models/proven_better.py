"""Comparison of two models on validation images: better by more than chance, and not merely better.

A backbone that was trained on a few hundred images has a lower loss on a few dozen validation images in one of several epochs by
luck alone, and is then worse by many points on others. So it must be better by more than a standard error of the difference.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline_tasks.kinds.modelling import Objective

BLOCKS = 20
"""Most parts of the validation images that are left out in turn."""
JUDGED = "val_scaled_loss"


def is_proven_better(
    objective: Objective, own: NDArray[Any], other: NDArray[Any], targets: NDArray[Any], groups: NDArray[np.int64]
) -> bool:
    """Return True if the loss of `other` is below that of `own` by more than the jackknife's standard error.

    `own` and `other` are outputs of N images, `groups` their split groups, which are left out whole (Quenouille, Notes on Bias in
    Estimation, 1956; delete-a-group: Kott, The Delete-a-Group Jackknife, 2001). With one group nothing is proven.
    """
    blocks = np.unique(groups, return_inverse=True)[1] % BLOCKS
    count = int(blocks.max(initial=0)) + 1
    if count == 1:
        return False

    def gain(is_used: NDArray[np.bool_]) -> float:
        """Loss of `own` less that of `other` on some of the images."""
        wanted = torch.from_numpy(np.asarray(targets[is_used]))
        one, two = (objective.metrics(torch.from_numpy(outputs[is_used]), wanted)[JUDGED] for outputs in (own, other))
        return one - two

    without = np.array([gain(blocks != block) for block in range(count)])
    noise = np.sqrt((count - 1) / count * np.sum((without - without.mean()) ** 2))
    return bool(gain(np.ones(len(targets), bool)) > noise)
