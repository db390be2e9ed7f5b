"""Why a picture was chosen, in words that a person understands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pipeline_tasks.selection.coverage import Coverage
from pipeline_tasks.selection.objectives import Objective
from pipeline_tasks.selection.pool import Pool
from pipeline_tasks.selection.scored import Speaking

ALSO_WORTH_SAYING = 1 / 3
"""An objective with this share of the whole is said beside the loudest one."""


def reason_of(pool: Pool, pick: int, shares: Mapping[str, float], objectives: Mapping[str, Objective]) -> str:
    """Say what spoke for a pick, loudest first; `shares` are the weighted scores."""
    total = sum(shares.values())
    loudest = sorted(shares, key=lambda name: -shares[name])
    said = [name for number, name in enumerate(loudest) if number == 0 or shares[name] >= ALSO_WORTH_SAYING * total > 0]
    return "; ".join(_say(name, pool, pick, objectives[name]) for name in said)


def _say(name: str, pool: Pool, pick: int, objective: Objective) -> str:
    if isinstance(objective, Speaking):
        return objective.words(pick)
    return _WORDS[name](pool, pick, objective) if name in _WORDS else f"{name} puts it before others"


def _coverage(pool: Pool, pick: int, objective: Objective) -> str:
    assert isinstance(objective, Coverage)
    others = objective.stands_for(pick) - 1
    if others <= 0:
        return "unlike the pictures around it and not covered by a label yet"
    return f"stands for about {others} similar picture{'s' if others > 1 else ''} that labels do not cover well yet"


def _diversity(pool: Pool, pick: int, objective: Objective) -> str:
    return "far from everything labelled or picked before it"


def _typicality(pool: Pool, pick: int, objective: Objective) -> str:
    return "typical: much like many other pictures, and unlike what was labelled or picked before it"


def _margin(pool: Pool, pick: int, objective: Objective) -> str:
    assert pool.probabilities is not None
    second, first = np.argsort(pool.probabilities[pick], kind="stable")[-2:]
    one, other = (f"{_name(pool, int(c))} ({pool.probabilities[pick, c]:.0%})" for c in (first, second))
    return f"the model wavers between {one} and {other}"


def _class_balance(pool: Pool, pick: int, objective: Objective) -> str:
    assert pool.probabilities is not None
    return f"probably {_name(pool, int(pool.probabilities[pick].argmax()))}, in a mix where classes with few labels come first"


def _random(pool: Pool, pick: int, objective: Objective) -> str:
    return "drawn at random"


def _name(pool: Pool, number: int) -> str:
    return pool.class_names[number] if number < len(pool.class_names) else f"class {number}"


_WORDS: dict[str, Callable[[Pool, int, Objective], str]] = {
    "coverage": _coverage,
    "balanced_coverage": _coverage,
    "diversity": _diversity,
    "typicality": _typicality,
    "margin": _margin,
    "entropy": _margin,
    "least_confidence": _margin,
    "class_balance": _class_balance,
    "random": _random,
}
