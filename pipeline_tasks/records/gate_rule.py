"""Record of one rule of the gate, as it was applied to a candidate."""

from __future__ import annotations

from dataclasses import dataclass

MUST, WARN, OFF = "must", "warn", "off"
DIFFERENCES = ("metric", "golden", "worst_slice", "each_class", "baseline")
"""Rules whose figure is candidate − another model, which is written with its sign."""
KEPT, BROKEN, STATED, NOT_MEASURED, NOT_ASKED = "kept", "broken", "stated", "not_measured", "not_asked"


@dataclass(frozen=True)
class GateRule:
    """One rule: its figure, its limit, the verdict, and all of it as a sentence."""

    rule: str
    level: str
    """`must`: a broken rule stops the promotion; `warn`: it is only said."""
    verdict: str
    """`kept` or `broken`; `stated` without a limit; `not_measured` if there is no figure; `not_asked` without a champion."""
    figure: float | None = None
    limit: float | None = None
    unit: str = ""
    """`ms` or `MB`; `points`: figure and limit are shares, and 0.01 is a point; empty for figures that have none."""
    says: str = ""

    @property
    def is_difference(self) -> bool:
        """Return True if the figure is a difference between two models."""
        return self.rule in DIFFERENCES

    @property
    def is_against(self) -> bool:
        """Return True if the rule was broken, or could not be measured though it has a limit."""
        return self.verdict in (BROKEN, NOT_MEASURED)

    @property
    def stops(self) -> bool:
        """Return True if the rule stops the promotion."""
        return self.level == MUST and self.is_against
