"""`auto`: what speaks for an image, pick by pick, without a setting.

Coverage finds what stands for much, diversity what is rare, and neither is right everywhere: taking turns loses little where one of
them misleads, where a weighted sum lets the louder one decide. How often it is diversity's turn goes by what one round can afford:
few picks of a large pool would all be spent on what is merely odd; where the budget is a good part of the pool, they reach the rare
classes behind it, which no crowd points at. As far as a model is trusted its own doubts find those, and diversity steps back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.selection.strategies.strategy import Strategy, Turns

if TYPE_CHECKING:
    from pipeline_tasks.selection.pool import Pool

ROUND = 30
"""Turns after which they begin again."""
SHARES_OF_BUDGET = 10
"""Diversity's share of the turns is so many times the budget's share of what can be picked,"""
LEAST, MOST = 0.1, 0.75
"""but within these; the rest is coverage's. A model cannot doubt what it has never seen: the least holds however it is trusted."""
COVERAGE, DIVERSITY = {"balanced_coverage": 1.0}, {"diversity": 1.0}


def auto_turns(pool: Pool) -> Turns:
    """Coverage, and diversity as often as the pool says, spread evenly."""
    share = diversity_share(pool)
    return tuple(DIVERSITY if _whole((turn + 1) * share) > _whole(turn * share) else COVERAGE for turn in range(ROUND))


def diversity_share(pool: Pool) -> float:
    """How much of a round diversity picks, from a tenth to three quarters."""
    free = max(1, len(pool.units) - len(pool.labelled))
    return max(LEAST, min(SHARES_OF_BUDGET * pool.budget / free, MOST) * (1 - pool.model_trust))


def _whole(turns: float) -> int:
    """Whole turns; a sum that falls short of one by rounding counts."""
    return int(turns + 1e-9)


AUTO = Strategy(
    name="auto",
    words="covers, looks for the rare, and listens to the model as far as it can be trusted",
    turns=auto_turns,
)
