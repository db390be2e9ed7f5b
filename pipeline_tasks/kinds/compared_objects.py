"""Objects of labels and predictions of one image, compared for people and drawn over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import polars as pl

from pipeline_tasks.kinds.matching.errors import BADLY_PLACED, EXTRA, FOUND, MISSED, Outcome, outcomes
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
    outline_names: tuple[str, ...] = ()
    """A name for each line, shown where the mouse is; without any, all lines have the object's."""
    stray_ratio: float | None = None
    """Of a region: the share of the image in which it lies far from all that the other side has drawn of its class."""

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
    unsure: Mapping[int, Drawn] = field(default_factory=dict)
    """Number of a missed object → the prediction that finds it, but is too unsure to count."""

    def names(self, one: Outcome) -> tuple[str | None, str | None]:
        """Class of the true and of the predicted object."""
        true = None if one.true is None else self.true[one.true].class_name
        return true, None if one.predicted is None else self.predicted[one.predicted].class_name

    @property
    def has_confidence(self) -> bool:
        """Return True if its predictions say how sure they are; regions of a segmenter do not."""
        return any(one.confidence is not None for one in self.predicted)

    def weight(self, one: Outcome) -> float:
        """The greater, the worse: confidence of a prediction; without one, the share of the image that is wrong."""
        sure = None if one.predicted is None else self.predicted[one.predicted].confidence
        if sure is not None:
            return sure
        found = self.true[one.true or 0] if one.predicted is None else self.predicted[one.predicted]
        wrong = 1 - one.likeness if one.sort == BADLY_PLACED else 1.0
        return wrong * self._share(found)

    def _share(self, one: Drawn) -> float:
        return one.area_px / (self.size_px[0] * self.size_px[1])

    def says(self, one: Outcome) -> tuple[str, tuple[str, ...]]:
        """Title and lines of an error."""
        true, predicted = self.names(one)
        if one.sort == MISSED:
            unsure = self.unsure.get(one.true or 0)
            covers = self._size_words(self.true[one.true or 0])
            if unsure is None:
                return f"{true} missed", (covers,)
            return f"{true} missed", (covers, f"found with only {unsure.confidence or 0:.0%} confidence")
        said = self.predicted[one.predicted or 0]
        sure = self._size_words(said) if said.confidence is None else f"predicted with {said.confidence:.0%}"
        if one.sort == EXTRA:
            return f"{predicted}, not there", (sure,)
        if one.sort == BADLY_PLACED:
            return f"{true} badly placed", (sure, f"{self.likeness_word} {one.likeness:.0%}")
        return f"{true} → {predicted}", (sure, f"overlap {one.likeness:.0%}")

    def _size_words(self, one: Drawn) -> str:
        return f"covers {self._share(one):.1%} of the image"

    def with_unsure(self, of_all: Compared) -> Compared:
        """The same with the unsure predictions of its missed objects, from a comparison of all predictions of the image."""
        found = {one.true: of_all.predicted[one.predicted or 0] for one in of_all.outcomes if one.sort == FOUND}
        missed = [one.true for one in self.outcomes if one.sort == MISSED and one.true is not None]
        return replace(self, unsure={true: found[true] for true in missed if true in found})

    def drawing(self, marked: Outcome | None = None) -> Drawing:
        """All objects over the image; those of `marked` are thick, and only they are filled, as fills hide each other.

        Of a missed object the prediction that was too unsure is drawn, too.
        """
        mark = (None, None) if marked is None else (marked.true, marked.predicted)
        unsure = None if marked is None or marked.sort != MISSED else self.unsure.get(marked.true or 0)
        shapes = [one for at, true in enumerate(self.true) for one in _shapes(true, "label", at == mark[0], marked is None)]
        for at, said in enumerate(self.predicted):
            shapes += _shapes(said, "prediction", at == mark[1], marked is None)
        shapes += [] if unsure is None else _shapes(unsure, "prediction", False, False)
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


def rows_at(drawn: Sequence[Drawn], place: int, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the object at this place of a comparison: one row, or all of its name where they are one region.

    `rows` are those of one label or prediction, in the order of the comparison.
    """
    name = drawn[place].class_name
    of_name = rows.filter(class_name=name)
    if of_name.height != sum(one.class_name == name for one in drawn):
        return of_name
    return of_name[sum(one.class_name == name for one in drawn[:place])]


def _shapes(one: Drawn, origin: Literal["label", "prediction"], is_marked: bool, is_alone: bool) -> Iterator[Shape]:
    """The object as one shape, or each of its lines that have names."""
    is_filled = one.is_filled and (is_marked or is_alone)
    if not one.outline_names:
        yield Shape(one.outlines_px, origin, one.says, is_marked, is_filled)
    for outline, name in zip(one.outlines_px, one.outline_names, strict=False):
        yield Shape((outline,), origin, f"{one.says}: {name}", is_marked, is_filled)
