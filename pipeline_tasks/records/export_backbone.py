"""Record of the stage `export_backbone`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class ExportBackboneSummary:
    """The exported file, and its deviation from the trained network."""

    stage: ClassVar[str] = "export_backbone"

    skipped: str | None
    pretrained: str | None = None
    """The name that `backbone.pretrained` takes."""
    model_digest: str | None = None
    """sha256 of the ONNX file, which takes bytes and has its preprocessing inside."""
    size_bytes: int = 0
    parity_max_difference: float | None = None
    """Greatest difference between the embeddings of file and network, relative to the greatest value."""
    parity_images: int = 0
