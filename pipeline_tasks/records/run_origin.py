"""Code, installed packages and machine that a model was trained with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class RunOrigin:
    """Origin of a training beside its data, settings and seed."""

    code: str
    """Commit of a git checkout, with `+changes` if its files are others; else the release."""
    environment: str
    """Digest of names and versions of all installed packages."""
    processor: str
    cores: int
    """Cores that this process may use."""
    gpu: str | None = None
    """None if the machine has none that its driver tells."""

    @property
    def tags(self) -> Mapping[str, str]:
        """The same for trackers."""
        found = {"code": self.code, "environment": self.environment, "processor": self.processor, "cores": str(self.cores)}
        return {f"nightlens.{name}": value for name, value in (found | ({"gpu": self.gpu} if self.gpu else {})).items()}
