"""Record of the stage `select_images`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class SelectImagesSummary:
    """Images that were chosen for people, out of how many."""

    stage: ClassVar[str] = "select_images"

    images_eligible: int
    left_out: dict[str, int]
    """Why an image of any cycle is not eligible → how many."""
    budget: int
    images_selected: int
    control: int
    """Drawn at random."""
    strategies: dict[str, int]
    """Picks per dominant objective, the control arm as `random`."""
    splits: dict[str, int]
    """New split groups by split."""
    is_first_round: bool
    champion_digest: str | None
    """The model whose probabilities helped to choose, None if there was none for these embeddings."""
    why: str
