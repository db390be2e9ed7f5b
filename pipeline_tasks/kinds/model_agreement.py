"""Figures on annotations against predictions of a champion, by the arm that chance put their images in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline_tasks.intervals.proportions import wilson
from pipeline_tasks.intervals.resampled import Estimate
from pipeline_tasks.kinds.object_changes import ObjectChanges


@dataclass(frozen=True)
class ArmAgreement:
    """Annotations of the images of one arm."""

    images: int = 0
    """Images with one usable annotation."""
    agreeing: int = 0
    """Those in which the kind's measure calls person and champion alike."""
    kept: int = 0
    """Those whose annotation is the prediction as it was."""
    changes: ObjectChanges = field(default_factory=ObjectChanges)
    """From the predictions to the annotations."""
    seconds: tuple[float, ...] = ()
    """Time of each annotation, where Label Studio knows it."""

    def share(self, confidence: float) -> Estimate | None:
        """Share of agreeing images with its interval; None without images."""
        if not self.images:
            return None
        return Estimate(self.agreeing / self.images, *wilson(self.agreeing / self.images, self.images, confidence))


@dataclass(frozen=True)
class ModelAgreement:
    """Both arms, and what seeing a prediction changes."""

    arms: Mapping[str, ArmAgreement]
    confidence: float
    effect: Estimate | None
    """Share of agreeing images where the prediction was shown, less that where it was hidden."""
    seconds_saved: Estimate | None
    """Median time of an annotation where the prediction was hidden, less that where it was shown."""
