"""A person's own strategy: a function that the project file names as `module:function`.

It is given the `Pool` (units, labelled rows and their labels, probabilities, budget, seed) and gives N finite scores, higher
ones to be asked about sooner. A query strategy of modAL or scikit-activeml becomes one in a line or two.
"""

from __future__ import annotations

import importlib

import numpy as np
import numpy.typing as npt

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.selection.pool import Pool


def is_own(name: str) -> bool:
    """Whether an objective's name is that of a person's function."""
    module, colon, function = name.partition(":")
    return bool(colon) and all(part.isidentifier() for part in (*module.split("."), function))


def own_scores(name: str, pool: Pool) -> npt.NDArray[np.float64]:
    """What the function of this name gives, scaled to 0 to 1.

    Raises:
        SettingsError: no such function, or what it gives is not N finite numbers.
    """
    module, _, function = name.partition(":")
    try:
        own = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise SettingsError(f"objectives: {name}: wanted a function that can be imported, found: {error}") from error
    scores: npt.NDArray[np.float64] = np.asarray(own(pool), dtype=np.float64)
    if scores.shape != (len(pool.units),) or not np.isfinite(scores).all():
        raise SettingsError(f"objectives: {name}: wanted {len(pool.units)} finite scores, found {scores.shape}, some not finite")
    span = float(np.ptp(scores)) if scores.size else 0.0
    return (scores - scores.min()) / span if span else np.ones(len(scores))
