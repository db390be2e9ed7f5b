"""Record of the stage `train_backbone`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class TrainBackboneSummary:
    """The pretrained weights, and how the training went."""

    stage: ClassVar[str] = "train_backbone"

    skipped: str | None
    """Reason for which nothing was trained."""
    method: str = ""
    backbone_name: str = ""
    """`backbone.name` of the network."""
    from_backbone_digest: str = ""
    """Digest of the backbone that it began from."""
    side_px: int = 0
    images: int = 0
    losses: list[float] = field(default_factory=list)
    """Mean loss of each epoch."""
    views_digest: str = ""
    """Digest of the policy that drew the views."""
    teacher_digest: str | None = None
    resumed_from_epoch: int | None = None
    candidate_key: str | None = None
    candidate_sha256: str | None = None
    """Digest of the weights: the name that `backbone.pretrained` takes."""
