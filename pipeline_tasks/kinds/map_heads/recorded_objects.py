"""Objects that a model finds in a smoke image, recorded in its file and compared later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.decoding import Outputs
from pipeline_tasks.kinds.map_heads.outputs import BOXES, CLASS_NUMBERS, SCORES

_DIGITS = 6
_RECORDED = 10
"""Objects of a smoke image that are recorded."""


def as_recorded(outputs: Outputs, names: Sequence[str]) -> dict[str, Json]:
    """The surest objects of one image in these outputs."""
    return {name: np.round(outputs[name][:_RECORDED].astype(np.float64), _DIGITS).tolist() for name in names}


def recorded_difference(outputs: Outputs, recorded: Mapping[str, Json], names: Sequence[str]) -> float:
    """Greatest distance of a recorded object from the most alike of its class, in scores and shares of the side.

    Objects of equal scores may come in another order, so they are compared with all. NaN if a number is NaN.

    Raises:
        ValueError: the shapes differ.
    """
    wanted = {name: np.asarray(recorded[name], np.float64) for name in names}
    numbers = [name for name in names if name not in (SCORES, CLASS_NUMBERS)]
    for name in numbers:
        rest = outputs[name].shape[1:]
        if wanted[name].shape != (len(wanted[SCORES]), *rest) or len(outputs[name]) != len(outputs[SCORES]):
            raise ValueError(f"wanted {len(wanted[SCORES])} {name} of {rest}, found {outputs[name].shape}")
    if outputs[BOXES].shape[1:] != (4,):
        raise ValueError(f"wanted boxes of 4 numbers, found {outputs[BOXES].shape}")
    if not all(np.isfinite(outputs[name]).all() for name in (*numbers, SCORES)):
        return float("nan")
    off = [0.0]
    for row, (score, number) in enumerate(zip(wanted[SCORES], wanted[CLASS_NUMBERS], strict=True)):
        distance = np.abs(outputs[SCORES] - score)
        for name in numbers:
            apart = np.abs(outputs[name] - wanted[name][row])
            distance = np.maximum(distance, apart.max(axis=tuple(range(1, apart.ndim)), initial=0.0))
        distance = np.where((outputs[CLASS_NUMBERS] == number) | (outputs[SCORES] <= 0), distance, np.inf)
        # Without an object only the scores are alike; where a rounding kept an object of no score, both have none.
        off.append(float(abs(score - outputs[SCORES].min())) if score == 0 else float(distance.min()))
    return max(off)
