"""Record of the stage `measure_selection_gain`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class MeasureSelectionGainSummary:
    """Figures of all nights so far: balanced accuracies from 0 to 1, each as [value, low, high]."""

    stage: ClassVar[str] = "measure_selection_gain"

    why: str
    """Reason why nothing was measured; empty if it was."""
    labels: int = 0
    """Labels that the largest heads were fitted on; other heads use a quarter, half and three quarters of them."""
    mean_labels: float = 0.0
    mean_chosen: float = 0.0
    """Number of the first labels in order of request that the strategy chose."""
    test_images: int = 0
    classes: int = 0
    """Among the test images."""
    classes_seen: int = 0
    """Classes with a labelled image of either arm."""
    chosen: list[float] = field(default_factory=list)
    """Score of heads on the first labels in the project's own order: a mean over their sizes."""
    drawn: list[float] = field(default_factory=list)
    """Score of heads on as many random labels."""
    difference: list[float] = field(default_factory=list)
    confidence: float = 0.95
    labelled_chosen: int = 0
    labelled_drawn: int = 0
    """Labelled images of both arms, over all nights."""
    hours: float = 0.0
    """Hours of work on all annotations of all nights, by Label Studio's clock."""
    money: float | None = None
    currency: str | None = None
    """Both are None if the project does not state the cost of an hour."""
    champion_wrong: dict[str, list[int]] = field(default_factory=dict)
    """Arm → labelled images of this night's round, and how many of them the champion that helped to choose got wrong."""
