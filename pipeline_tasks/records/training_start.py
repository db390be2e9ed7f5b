"""Record of the weights that a training started from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class TrainingStart:
    """Start of a training of a project that sets `training.fit.start_from`, and what it did to images of the version before."""

    is_champion: bool
    """True: the champion's weights; False: all new ones."""
    why: str
    """The reason, as a sentence."""
    cycle_id: str | None = None
    """The cycle that trained the champion; None without one."""
    candidate_sha256: str | None = None
    """Digest of the weights that it started from."""
    trainings_since_scratch: int = 0
    """Trainings that led from one from scratch to this one, each from the champion before it."""
    fresh: list[str] = field(default_factory=list)
    """Names whose weights the champion could not give."""
    old_images: int = 0
    """Validation images that the champion's version had, too."""
    old_score: float | None = None
    """The kind's score on them at the start, which is the champion's."""
    score: float | None = None
    """The same at the end."""
    warning: str = ""
    """Sentence for people if the training forgot what the champion knew; empty if not."""

    @property
    def tags(self) -> Mapping[str, str]:
        """The start for trackers."""
        return {
            "nightlens.start": f"champion of cycle {self.cycle_id}" if self.is_champion else "scratch",
            "nightlens.start_why": self.why,
        }
