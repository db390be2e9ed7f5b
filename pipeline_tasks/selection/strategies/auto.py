"""`auto`: a mix of coverage and diversity that adapts to the pool, without settings.

Coverage finds representative images, diversity rare ones, and neither is best everywhere. Taking turns loses little if one of them
misleads; in a weighted sum the one with larger values would dominate. The share of diversity's turns depends on the budget: a few
picks of a large pool would all be spent on odd images, but with a budget that is a large part of the pool they reach the rare
classes, which coverage misses. As far as a model is trusted, its uncertainty finds those, and diversity gets fewer turns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_tasks.selection.strategies.strategy import Strategy, Turns

if TYPE_CHECKING:
    from pipeline_tasks.selection.pool import Pool

ROUND = 30
"""Number of turns in a period."""
SHARES_OF_BUDGET = 10
"""Ratio of diversity's share of the turns to the budget's share of the pool,"""
LEAST, MOST = 0.1, 0.75
"""limited to this range; the rest is coverage's. The minimum also holds with a trusted model, which cannot know unseen classes."""
COVERAGE, DIVERSITY = {"balanced_coverage": 1.0}, {"diversity": 1.0}


def auto_turns(pool: Pool) -> Turns:
    """Turns of coverage and diversity, spread evenly."""
    share = diversity_share(pool)
    return tuple(DIVERSITY if _whole((turn + 1) * share) > _whole(turn * share) else COVERAGE for turn in range(ROUND))


def diversity_share(pool: Pool) -> float:
    """Diversity's share of a round, from a tenth to three quarters."""
    free = max(1, len(pool.units) - len(pool.labelled))
    return max(LEAST, min(SHARES_OF_BUDGET * pool.budget / free, MOST) * (1 - pool.model_trust))


def _whole(turns: float) -> int:
    """Number of whole turns, tolerant of rounding errors."""
    return int(turns + 1e-9)


AUTO = Strategy(
    name="auto",
    words="mixes coverage, diversity and, as far as it can be trusted, the model's uncertainty",
    turns=auto_turns,
)
