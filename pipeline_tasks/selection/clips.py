"""Limits on picks of one clip: frames of one sequence are nearly the same, so only a few, spread in time, are selected."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from pipeline_tasks.selection.pool import Metadata
from pipeline_tasks.selection.wishes import Wishes


def clip_of(metadata: Metadata) -> str | None:
    """A row's clip, with its source where that is known; None: it is of no clip."""
    clip = metadata.get("clip")
    return None if clip is None else f"{metadata.get('clip_source', '')}:{clip}"


class ClipLimits:
    """Limits of all clips; a row without a clip is not limited."""

    def __init__(self, metadata: Sequence[Metadata] | None, labelled: Sequence[int], wishes: Wishes) -> None:
        """Start from the labelled rows: they keep their gap in time, but do not count towards the limit of a selection."""
        self._metadata = metadata or ()
        self._most = wishes.max_per_clip
        self._gap_s = wishes.min_clip_gap_s
        self._picks: Counter[str] = Counter(wishes.clip_picks)
        self._moments: dict[str, list[float]] = defaultdict(list)
        for row in labelled if self._is_limiting else ():
            self._remember(row)

    @property
    def _is_limiting(self) -> bool:
        return self._most is not None or self._gap_s > 0

    def has_room(self, row: int) -> bool:
        """Return True if the row's clip is not full and has no pick or label too close in time."""
        clip = self._clip(row)
        if clip is None:
            return True
        if self._most is not None and self._picks[clip] >= self._most:
            return False
        moment = self._moment(row)
        return moment is None or all(abs(moment - other) >= self._gap_s for other in self._moments[clip])

    def add(self, row: int) -> None:
        """Record a pick."""
        clip = self._clip(row)
        if clip is not None:
            self._picks[clip] += 1
            self._remember(row)

    def _remember(self, row: int) -> None:
        clip, moment = self._clip(row), self._moment(row)
        if clip is not None and moment is not None:
            self._moments[clip].append(moment)

    def _clip(self, row: int) -> str | None:
        return clip_of(self._metadata[row]) if self._is_limiting and self._metadata else None

    def _moment(self, row: int) -> float | None:
        found = self._metadata[row].get("seen_s")
        return float(found) if isinstance(found, int | float) else None
