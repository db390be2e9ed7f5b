"""Strategies by class: classes with few labels, or with fewer than a wanted mix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.selection.objective import Objective, Spoken
from pipeline_tasks.selection.strategies.strategy import Strategy

if TYPE_CHECKING:
    from pipeline_tasks.selection.pool import Pool


def _class_balance(pool: Pool) -> Objective:
    from pipeline_tasks.selection.class_balance import ClassBalance

    return Spoken(ClassBalance(pool), lambda pick: f"{_likeliest(pool, pick)}, in a mix where classes with few labels come first")


def _likeliest(pool: Pool, pick: int) -> str:
    assert pool.beliefs is not None
    return f"probably {pool.name_of(int(pool.beliefs[pick].argmax()))}"


def _class_target(pool: Pool) -> Objective:
    from pipeline_tasks.selection.needs import class_target

    return class_target(pool, "which has fewer labels than its share")


CLASS_BALANCE = Strategy(
    name="class_balance",
    words="classes with few labels, as far as the model can tell",
    objective=_class_balance,
    needs_model=True,
    needs_beliefs=True,
)
CLASS_TARGET = Strategy(
    name="class_target",
    words="classes below selection.class_targets",
    objective=_class_target,
    needs_model=True,
    needs_beliefs=True,
)
