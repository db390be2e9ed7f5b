"""Record of the stage `send_to_labeling`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class SendToLabelingSummary:
    """Place and size of the labeling round, and the time until which the cycle waits."""

    stage: ClassVar[str] = "send_to_labeling"

    round_id: str
    label_config_digest: str
    images: int
    tasks: int
    """Labeling tasks: images, and copies of those that several people answer."""
    deadline_at: str
    """Fixed at the first success, so that a retry does not prolong the night."""
    label_studio_project_id: int | None = None
    label_studio_view_id: int | None = None
    url: str | None = None
    why: str | None = None
    """Why there is no round."""
