"""Strategy record: its name, description, needs and factory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_tasks.registries import STRATEGIES

if TYPE_CHECKING:
    from pipeline_tasks.selection.objective import Objective
    from pipeline_tasks.selection.pool import Pool

Turns = tuple[Mapping[str, float], ...]
"""Name → weight for each pick in turn, cyclically."""


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """A strategy: either has an `objective`, or takes `turns` among strategies that have one."""

    name: str
    words: str
    """The images it prefers, as shown in Airflow's form and on the command line."""
    objective: Callable[[Pool], Objective] | None = None
    turns: Callable[[Pool], Turns] | None = None
    needs_model: bool = False
    """Cannot be used before a project's first champion."""
    needs_beliefs: bool = False
    """Needs a model's beliefs for each image; implies `needs_model`."""
    takes_instances: bool = False
    """Accepts beliefs of objects in an image instead."""
    needs_draws: bool = False
    """Needs predictions of variants of the model."""
    is_in_form: bool = True
    """Offered in the form of a manual run; a project file can name every strategy."""


def strategy_of(name: str) -> Strategy:
    """Return the strategy with this name; `module:attribute` names your own `Strategy` or function of the pool.

    Raises:
        SettingsError: there is no such strategy.
    """
    found = STRATEGIES.load(name)
    if isinstance(found, Strategy):
        return found
    from pipeline_tasks.selection.own import strategy_from

    return strategy_from(name, found)


def strategies_in_form() -> dict[str, str]:
    """Name → description of the strategies offered in the form of a manual run."""
    return {name: strategy_of(name).words for name in STRATEGIES.names if strategy_of(name).is_in_form}
