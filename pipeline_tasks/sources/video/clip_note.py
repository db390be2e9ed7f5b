"""Notes that a video source leaves with the frames it lists."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class ClipNote:
    """One frame of a clip, or the reason why a clip gives no more frames."""

    clip: str
    """The clip's key."""
    pts: int | None = None
    """The frame's time in ticks of the clip; None: the note is about the clip."""
    time_s: float | None = None
    created_at: str | None = None
    """Start of the recording."""
    reason: str | None = None
    detail: str | None = None

    @classmethod
    def read(cls, text: str) -> ClipNote:
        """Read what `text` wrote."""
        return cls(**json.loads(text))

    @property
    def text(self) -> str:
        """The note as text that a plan keeps."""
        return json.dumps({name: value for name, value in asdict(self).items() if value is not None}, ensure_ascii=False)

    @property
    def captured_at(self) -> datetime | None:
        """The time at which the frame was recorded."""
        if self.created_at is None or self.time_s is None:
            return None
        try:
            return datetime.fromisoformat(self.created_at) + timedelta(seconds=self.time_s)
        except OverflowError:
            return None
