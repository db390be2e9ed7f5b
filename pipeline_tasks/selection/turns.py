"""Weights from the setting `objectives`, and the objectives for a pool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.selection.objective import Objective
from pipeline_tasks.selection.pool import Pool
from pipeline_tasks.selection.strategies.strategy import Strategy, Turns, strategy_of


def turns_of(objectives: str | Mapping[str, float], pool: Pool) -> Turns:
    """Weights of each turn; only strategies that take turns have more than one.

    Raises:
        SettingsError: no or an unknown strategy, a weight that is not above 0, or missing beliefs.
    """
    if isinstance(objectives, str):
        strategy = strategy_of(objectives)
        if strategy.turns is not None:
            return strategy.turns(pool)
    weights = {objectives: 1.0} if isinstance(objectives, str) else dict(objectives)
    if not weights:
        raise SettingsError("objectives: no strategy is named: name one, or several with weights")
    strategies = {name: strategy_of(name) for name in weights}
    taking_turns = [name for name, one in strategies.items() if one.objective is None]
    if taking_turns:
        raise SettingsError(f"objectives: {taking_turns[0]} takes turns among strategies and has no weight: name it alone")
    if not all(np.isfinite(weight) and weight > 0 for weight in weights.values()):
        raise SettingsError(f"objectives: weights must be above 0, found {weights}")
    _check_beliefs(strategies, pool)
    return (weights,)


def make_objectives(names: Iterable[str], pool: Pool) -> dict[str, Objective]:
    """Objectives of these names for a pool.

    Raises:
        SettingsError: a strategy's input is missing, or an own function does not return N scores.
    """
    made = {}
    for name in names:
        make = strategy_of(name).objective
        assert make is not None  # `turns_of` names only such.
        made[name] = make(pool)
    return made


def _check_beliefs(strategies: Mapping[str, Strategy], pool: Pool) -> None:
    has_instances = pool.wishes.instance_beliefs is not None
    lacking = sorted(name for name, one in strategies.items() if one.needs_beliefs and not (one.takes_instances and has_instances))
    if pool.beliefs is None and lacking:
        raise SettingsError(f"objectives: {', '.join(lacking)}: wanted a model's beliefs, found none")
