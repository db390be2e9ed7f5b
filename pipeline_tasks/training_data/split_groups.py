"""Numbers of the split groups of rows of a dataset version."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray


def split_groups(*parts: pl.DataFrame) -> NDArray[np.int64]:
    """Number of the split group of each row, those of all parts in order; one group has one number everywhere."""
    ids = pl.concat([one["split_group_id"] for one in parts])
    return (ids.rank("dense") - 1).to_numpy().astype(np.int64)
