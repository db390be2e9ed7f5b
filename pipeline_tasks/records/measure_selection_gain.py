"""Record of the stage `measure_selection_gain`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class MeasureSelectionGainSummary:
    """Figures of all nights so far: balanced accuracies from 0 to 1, each as [value, low, high]."""

    stage: ClassVar[str] = "measure_selection_gain"

    why: str
    """Why nothing was measured; empty if it was."""
    labels: int = 0
    """That the largest heads were fitted on; there are heads on a quarter, half and three quarters of them, too."""
    mean_labels: float = 0.0
    mean_chosen: float = 0.0
    """Of those that people were asked for first, how many the strategy chose."""
    test_images: int = 0
    classes: int = 0
    """Among the test images."""
    classes_seen: int = 0
    """That have a labelled image of either arm."""
    chosen: list[float] = field(default_factory=list)
    """Score of heads on the first labels, as the project asked for them: a mean over their sizes."""
    drawn: list[float] = field(default_factory=list)
    """Score of heads on as many labels drawn at random."""
    difference: list[float] = field(default_factory=list)
    confidence: float = 0.95
    labelled_chosen: int = 0
    labelled_drawn: int = 0
    """Labelled images of the two arms, of all nights."""
    hours: float = 0.0
    """That people worked, by Label Studio's clock, all answers of all nights."""
    money: float | None = None
    currency: str | None = None
    """None, both: the project does not say what an hour costs."""
    champion_wrong: dict[str, list[int]] = field(default_factory=dict)
    """Arm → images of this night's round that got a label, and of how many the champion that helped to choose was wrong."""
