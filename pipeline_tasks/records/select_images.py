"""Record of the stage `select_images`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class SelectImagesSummary:
    """Number of selected images, and of the images they were selected from."""

    stage: ClassVar[str] = "select_images"

    images_eligible: int
    left_out: dict[str, int]
    """Reason why images of any cycle are not eligible → number of images."""
    budget: int
    images_selected: int
    control: int
    """Images drawn at random."""
    strategies: dict[str, int]
    """Picks per dominant objective, the control arm as `random`."""
    splits: dict[str, int]
    """New split groups by split."""
    is_first_round: bool
    champion_digest: str | None
    """The model whose predictions helped to choose, None if there was none for these embeddings."""
    why: str
    asked_again: int = 0
    """Eligible images that were sent to labeling before, without a usable annotation."""
    second_looks: dict[str, int] = field(default_factory=dict)
    """Purpose → images with a label that one more person is asked about, beside the budget; in neither arm."""
