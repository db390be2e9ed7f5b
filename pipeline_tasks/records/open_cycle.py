"""Record of the stage `open_cycle`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class OpenCycleSummary:
    """Opening of a cycle: its frozen settings and the run that owns it."""

    stage: ClassVar[str] = "open_cycle"

    cycle_id: str
    cycle_kind: str
    run_key: str
    """The run that owns the cycle: Airflow's run id, or `command line`."""
    settings_key: str
    settings_sha256: str
    started_at: str
    generation: int
    unknown_names: dict[str, int] = field(default_factory=dict)
    """Names in the root's labels that are none of the project file's → number of labels."""
    note: str = ""
    """Sentences on them, with the keys to state; empty if there are none."""
