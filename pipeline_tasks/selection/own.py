"""User-defined strategy: a function that the project file names as `module:function`.

It takes the `Pool` (units, labelled rows and their labels, beliefs, budget, seed) and returns N finite scores; higher
ones are picked first. A query strategy of modAL or scikit-activeml becomes one in a line or two.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.selection.objective import Scored
from pipeline_tasks.selection.pool import Pool
from pipeline_tasks.selection.strategies.strategy import Strategy


def strategy_from(name: str, function: object) -> Strategy:
    """Make a strategy from a function of the pool.

    Raises:
        SettingsError: it is not a function.
    """
    if not callable(function):
        raise SettingsError(f"strategy {name!r}: wanted a function of the pool, found {type(function).__name__}")

    def scored_by_function(pool: Pool) -> Scored:
        return Scored(_scaled(name, function(pool), len(pool.units)), lambda pick: f"{name} ranks it before others")

    return Strategy(name=name, words="a function of your own", objective=scored_by_function, is_in_form=False)


def _scaled(name: str, given: npt.ArrayLike, rows: int) -> npt.NDArray[np.float64]:
    """The function's scores, scaled to 0 … 1.

    Raises:
        SettingsError: they are not one finite number a row.
    """
    scores: npt.NDArray[np.float64] = np.asarray(given, dtype=np.float64)
    if scores.shape != (rows,) or not np.isfinite(scores).all():
        raise SettingsError(f"strategy {name!r}: wanted {rows} finite scores, found shape {scores.shape}, some not finite")
    span = float(np.ptp(scores)) if scores.size else 0.0
    return (scores - scores.min()) / span if span else np.ones(len(scores))
