"""Reasons for picks, as sentences for people."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_tasks.selection.objective import Objective

ALSO_WORTH_SAYING = 1 / 3
"""Share of the score from which an objective is mentioned beside the strongest one."""


def reason_of(pick: int, shares: Mapping[str, float], objectives: Mapping[str, Objective]) -> str:
    """Sentence with the reasons for a pick, the strongest first; `shares` are the weighted scores."""
    total = sum(shares.values())
    strongest = sorted(shares, key=lambda name: -shares[name])
    said = [name for number, name in enumerate(strongest) if number == 0 or shares[name] >= ALSO_WORTH_SAYING * total > 0]
    return "; ".join(objectives[name].reason(pick) for name in said)
