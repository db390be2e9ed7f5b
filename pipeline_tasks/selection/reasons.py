"""Why an image was chosen, in words that a person understands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pipeline_tasks.selection.coverage import Coverage
from pipeline_tasks.selection.objectives import Objective
from pipeline_tasks.selection.parts import most_doubtful
from pipeline_tasks.selection.pool import Pool
from pipeline_tasks.selection.scored import Speaking
from pipeline_tasks.selection.uncertainty import uncertainty

ALSO_WORTH_SAYING = 1 / 3
"""An objective with this share of the whole is said beside the loudest one."""
DOUBT_WORTH_SAYING = 0.25
"""Trust in the model times its uncertainty about a pick from which coverage's reason names the doubt."""


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
    said = f"stands for about {others} similar image{'s' if others > 1 else ''} that labels do not cover well yet"
    if others <= 0:
        said = "unlike the images around it and not covered by a label yet"
    return f"{said}; {_margin(pool, pick, objective)}" if _is_doubted(pool, pick) else said


def _is_doubted(pool: Pool, pick: int) -> bool:
    """Whether a model that coverage listens to is unsure of the pick."""
    if pool.probabilities is None or pool.model_trust * float(uncertainty(pool.probabilities[[pick]])[0]) < DOUBT_WORTH_SAYING:
        return False
    return pool.wishes.part_probabilities is None


def _diversity(pool: Pool, pick: int, objective: Objective) -> str:
    return "far from everything labelled or picked before it"


def _typicality(pool: Pool, pick: int, objective: Objective) -> str:
    return "typical: much like many other images, and unlike what was labelled or picked before it"


def _margin(pool: Pool, pick: int, objective: Objective) -> str:
    probabilities, parts = most_doubtful(pool, pick)
    if not parts:
        return "the model finds nothing in it"
    second, first = np.argsort(probabilities, kind="stable")[-2:]
    one, other = (f"{_name(pool, int(c))} ({probabilities[c]:.0%})" for c in (first, second))
    where = f"in one of {parts} parts that it finds, " if parts > 1 else ""
    return f"{where}the model wavers between {one} and {other}"


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
