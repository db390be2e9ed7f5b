"""Decision about each image: keep what is new, diverse or asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline_tasks.edge.asked_for import AskedFor, Wish
from pipeline_tasks.edge.backbone_file import BackboneFile
from pipeline_tasks.edge.frame import Pixels
from pipeline_tasks.edge.kept_images import KeptImages
from pipeline_tasks.edge.ratio_threshold import RatioThreshold
from pipeline_tasks.edge.scene_change import SceneChange
from pipeline_tasks.neighbors.cosine import Floats
from pipeline_tasks.sent_images.image_note import Reason

WhyNot = Literal["unchanged", "too_alike", "below_threshold"]


@dataclass(frozen=True)
class Decision:
    """An image is kept for a reason, or not for another."""

    kept_because: Reason | None
    why_not: WhyNot | None = None
    distance: float | None = None
    wish: Wish | None = None
    unit: Floats | None = None
    """Embedding, for `remember`."""


class Keeping:
    """Judges images one after the other."""

    def __init__(
        self,
        backbone: BackboneFile,
        kept: KeptImages,
        change: SceneChange,
        min_distance: float,
        threshold: RatioThreshold | None = None,
        asked_for: AskedFor | None = None,
    ) -> None:
        """Without a threshold, all that is `min_distance` away from the kept images is new."""
        self._backbone, self._kept, self._change = backbone, kept, change
        self._min_distance, self._threshold, self._asked_for = min_distance, threshold, asked_for

    def judge(self, pixels: Pixels) -> Decision:
        """Decide about a frame; call `remember` once it is safe on the disk."""
        decision = self._judged(pixels)
        if self._threshold is not None:
            self._threshold.record(decision.distance or 0.0, is_kept=decision.kept_because is not None)
        return decision

    def remember(self, decision: Decision) -> None:
        """Compare later images with this one, too."""
        if decision.unit is not None:
            self._kept.add(decision.unit)

    def _judged(self, pixels: Pixels) -> Decision:
        if not self._change.has_changed(pixels):
            return Decision(None, "unchanged")
        unit = self._backbone.embed(pixels)
        distance = self._kept.distance(unit)
        if distance is None:
            return Decision("new", wish=self._wish(pixels), unit=unit)
        if distance < self._min_distance:
            return Decision(None, "too_alike", distance)
        wish = self._wish(pixels)
        if wish is not None:
            return Decision("asked_for", None, distance, wish, unit)
        if self._threshold is None:
            return Decision("new", None, distance, None, unit)
        if distance < self._threshold.value:
            return Decision(None, "below_threshold", distance)
        return Decision("diverse", None, distance, None, unit)

    def _wish(self, pixels: Pixels) -> Wish | None:
        return None if self._asked_for is None else self._asked_for.find(pixels)
