"""The blur of a project: its detector, what is sure enough, and a name for copies that were made by it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline_tasks.blurring.detector import Detector, open_detector
from pipeline_tasks.blurring.regions import CELLS, without_regions
from pipeline_tasks.decoding.canonical_image import Pixels
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings.labeling import BlurSettings


@dataclass(frozen=True)
class Blur:
    """Blurs images as the settings say. Thread-safe."""

    settings: BlurSettings
    model: bytes
    """The ONNX file."""

    @cached_property
    def digest(self) -> str:
        """Twelve digits for the file, the settings and the strength: copies of one digest are blurred alike."""
        said = json.dumps([self.settings.model_dump(exclude={"model"}), CELLS], sort_keys=True)
        return hashlib.sha256(hashlib.sha256(self.model).digest() + said.encode()).hexdigest()[:12]

    @cached_property
    def detector(self) -> Detector:
        """The open detector.

        Raises:
            SettingsError: the file is no detector that can be used.
        """
        return open_detector(self.model, self.settings.names, f"labeling.blur.model {self.settings.model}")

    def __call__(self, pixels: Pixels) -> Pixels:
        """Canonical pixels (height x width x 3, uint8) in which everything that was found is blurred.

        Raises:
            SettingsError: the detector cannot be used.
        """
        boxes, scores = self.detector.find(pixels)
        return without_regions(pixels, boxes[scores >= self.settings.min_score], self.settings.margin)


def open_blur(settings: BlurSettings | None, home: Path) -> Blur | None:
    """The blur of a project, or None if it has none; the model's path is below `home` unless it is absolute.

    Raises:
        SettingsError: the file cannot be read.
    """
    if settings is None:
        return None
    path = home / settings.model
    try:
        return Blur(settings, path.read_bytes())
    except OSError as error:
        raise SettingsError(
            f"labeling.blur.model: {path} cannot be read: {error.strerror}. Nothing is shown to people unblurred: put the file "
            "there and clear the task; a night that has begun keeps its settings, so changing labeling.blur helps the next one"
        ) from error
