"""Record of the stage `open_search`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class OpenSearchSummary:
    """The frozen plan of a search; the space is in the frozen settings. With the recorded trials it says what is tried next."""

    stage: ClassVar[str] = "open_search"

    cycle_id: str
    trials: int
    waves: int
    folds: int
    seed: int
