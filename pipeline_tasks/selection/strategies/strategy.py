"""The record of a strategy: its name, its words, what it needs, and how it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_tasks.registries import STRATEGIES

if TYPE_CHECKING:
    from pipeline_tasks.selection.objective import Objective
    from pipeline_tasks.selection.pool import Pool

Turns = tuple[Mapping[str, float], ...]
"""Name → weight for each pick in turn, from the first again after the last."""


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """One way to choose. It has an `objective`, or it takes `turns` among others that have."""

    name: str
    words: str
    """What it asks about first; Airflow's form and the command line show it."""
    objective: Callable[[Pool], Objective] | None = None
    turns: Callable[[Pool], Turns] | None = None
    needs_model: bool = False
    """Nothing to go by before a project's first champion."""
    needs_probabilities: bool = False
    """Of each image, from a model; implies `needs_model`."""
    takes_parts: bool = False
    """Probabilities of the parts that a model finds in an image will do instead."""
    needs_draws: bool = False
    """The answers of variants of the model."""
    is_in_form: bool = True
    """Offered to a person who starts a cycle; every strategy can stand in a project file."""


def strategy_of(name: str) -> Strategy:
    """The strategy of this name; `module:attribute` names one of your own, a `Strategy` or a function of the pool.

    Raises:
        SettingsError: there is no such strategy.
    """
    found = STRATEGIES.load(name)
    if isinstance(found, Strategy):
        return found
    from pipeline_tasks.selection.own import strategy_from

    return strategy_from(name, found)


def strategies_in_form() -> dict[str, str]:
    """Name → words of the strategies that a person may ask for when starting a cycle."""
    return {name: strategy_of(name).words for name in STRATEGIES.names if strategy_of(name).is_in_form}
