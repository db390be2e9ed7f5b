"""Objects of labels and predictions of one image, compared for people and drawn over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline_tasks.kinds.matching.errors import BADLY_PLACED, EXTRA, MISSED, Outcome, outcomes
from pipeline_tasks.kinds.reporting import Drawing, Shape
from pipeline_tasks.kinds.scoring import Floats


@dataclass(frozen=True)
class Drawn:
    """An object as it is drawn."""

    class_name: str
    confidence: float | None
    outlines_px: tuple[tuple[float, ...], ...]
    """Closed lines, x and y by turns."""
    area_px: float
    is_filled: bool = False

    @property
    def says(self) -> str:
        """Name, and the confidence of a prediction."""
        return self.class_name if self.confidence is None else f"{self.class_name} {self.confidence:.0%}"


@dataclass(frozen=True)
class Compared:
    """One image with what became of each of its objects."""

    image_id: str
    size_px: tuple[float, float]
    true: tuple[Drawn, ...]
    predicted: tuple[Drawn, ...]
    """The surest first."""
    outcomes: tuple[Outcome, ...]
    likeness_word: str = "overlap"
    """Likeness of two objects of one class; of two classes it is the overlap of their places."""

    def names(self, one: Outcome) -> tuple[str | None, str | None]:
        """Class of the true and of the predicted object."""
        true = None if one.true is None else self.true[one.true].class_name
        return true, None if one.predicted is None else self.predicted[one.predicted].class_name

    def weight(self, one: Outcome) -> float:
        """Confidence of a prediction, or the share of the image that a missed object covers; the greater, the worse."""
        if one.predicted is None:
            return self.true[one.true or 0].area_px / (self.size_px[0] * self.size_px[1])
        return self.predicted[one.predicted].confidence or 0.0

    def says(self, one: Outcome) -> tuple[str, tuple[str, ...]]:
        """Title and lines of an error."""
        true, predicted = self.names(one)
        if one.sort == MISSED:
            return f"{true} missed", (f"covers {self.weight(one):.1%} of the image",)
        sure = f"predicted with {self.weight(one):.0%}"
        if one.sort == EXTRA:
            return f"{predicted}, not there", (sure,)
        if one.sort == BADLY_PLACED:
            return f"{true} badly placed", (sure, f"{self.likeness_word} {one.likeness:.0%}")
        return f"{true} → {predicted}", (sure, f"overlap {one.likeness:.0%}")

    def drawing(self, marked: Outcome | None = None) -> Drawing:
        """All objects over the image, those of `marked` thick."""
        mark = (None, None) if marked is None else (marked.true, marked.predicted)
        shapes = [Shape(one.outlines_px, "label", one.says, at == mark[0], one.is_filled) for at, one in enumerate(self.true)]
        shapes += [
            Shape(one.outlines_px, "prediction", one.says, at == mark[1], one.is_filled) for at, one in enumerate(self.predicted)
        ]
        return Drawing(*self.size_px, tuple(shapes))


def compared(
    image_id: str,
    size_px: tuple[float, float],
    true: Sequence[Drawn],
    said: Sequence[Drawn],
    likeness: Floats,
    *,
    likeness_word: str = "overlap",
) -> Compared:
    """Compare one image's objects; `likeness` is predicted x true, the surest prediction first."""
    numbers = {name: number for number, name in enumerate(sorted({one.class_name for one in (*true, *said)}))}
    theirs, mine = (np.array([numbers[one.class_name] for one in some], np.int64) for some in (true, said))
    return Compared(image_id, size_px, tuple(true), tuple(said), tuple(outcomes(likeness, mine, theirs)), likeness_word)
