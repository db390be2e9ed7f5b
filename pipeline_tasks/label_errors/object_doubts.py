"""Doubts about objects of labels, by a model that had not seen the label: missing, extra, swapped or badly placed ones.

After ObjectLab (Tkachenko, Thyagarajan, Mueller 2023, arXiv 2309.00832), which tells overlooked, swapped and badly located boxes
apart and takes the model at its word. Here a difference is weighed against how often the model errs so (Bayes' rule): how often
predictions as sure as this one have no label, how often it misses labelled objects of that name and size, how often it
comes no nearer. Of regions, which have no objects to count: in how many images any of them strays so far.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.kinds.compared_objects import Compared
from pipeline_tasks.kinds.matching import errors
from pipeline_tasks.kinds.matching.errors import ALIKE, Outcome
from pipeline_tasks.kinds.reporting import ImageCard

MISSING, EXTRA, SWAPPED, BADLY_PLACED = "missing", "extra", "swapped", "badly placed"
WRONG = (MISSING, EXTRA, SWAPPED, BADLY_PLACED)
ERRORS = 0.05
"""Share of wrong objects that is expected before the model is asked: what the model gets wrong as often is not doubted."""
SUSPECT = 0.5
"""Doubt from which an object is a suspect."""
WORTH_A_LOOK = 0.25
"""Doubt from which another person looks at it, as far as there are places: in tuning, three of five such images were wrong."""
LEAST_STRAY = 0.25
"""Stray part of a region, as a share of a usual one, below which it is doubted in proportion: a good model's greatest is small."""
NEARBY = 50
"""Objects on each side, by size, of which the model finds as large a share as of one of that size."""
_WRONG_OF = {errors.EXTRA: MISSING, errors.MISSED: EXTRA, errors.SWAPPED: SWAPPED}
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ObjectDoubt:
    """Doubt about one object of a label, or about its absence."""

    image_id: str
    wrong: str
    """A word of `WRONG`."""
    given_name: str | None
    """Name of the object; None for a missing one."""
    suggested_name: str | None
    """Name of the prediction; None for an extra object."""
    doubt: float
    """From 0 to 1; an estimate by two shares, to order doubts by."""
    outcome: Outcome


def object_doubts(images: Sequence[Compared]) -> list[ObjectDoubt]:
    """Every doubt about the labels of these images, the greatest first; of equal ones in the order of the images."""
    rates = _Rates.of(images)
    found = [
        ObjectDoubt(image.image_id, _WRONG_OF.get(one.sort, BADLY_PLACED), *image.names(one), rates.doubt(image, one), one)
        for image in images
        for one in image.outcomes
    ]
    return sorted(found, key=lambda one: -one.doubt)


def doubt_card(image: Compared, one: ObjectDoubt, told: str) -> ImageCard:
    """The image with a doubt drawn over it."""
    place = one.outcome.true, one.outcome.predicted
    marked = next((found for found in image.outcomes if (found.true, found.predicted) == place), None)
    title = doubt_says(one.wrong, one.given_name, one.suggested_name)
    return ImageCard(image.image_id, title, (f"doubt {one.doubt:.2f}", told), image.drawing(marked))


def doubt_says(wrong: str, given_name: str | None, suggested_name: str | None) -> str:
    """A doubt in a few words."""
    return {
        MISSING: f"{suggested_name} missing?",
        EXTRA: f"{given_name} not there?",
        SWAPPED: f"{given_name} → {suggested_name}?",
        BADLY_PLACED: f"{given_name} badly placed?",
    }[wrong]


def image_doubts(images: Sequence[Compared]) -> Floats:
    """The greatest doubt about each image's label, by which people look again, in the order of the images."""
    greatest = {image.image_id: 0.0 for image in images}
    for one in object_doubts(images):
        greatest[one.image_id] = max(greatest[one.image_id], one.doubt)
    return np.array([greatest[image.image_id] for image in images])


@dataclass(frozen=True)
class _Rates:
    """Habits of the model, learnt from all images, as few labels are wrong."""

    sure: _Rising
    """Share of labelled ones among predictions, by confidence."""
    labelled: dict[str, float]
    """The same by name, for predictions without a confidence."""
    seen: dict[str, float]
    """Share of labelled objects that are found, by name."""
    seen_by_size: _Nearby
    nearness: dict[str, Floats]
    """Likeness of objects at their place, by name."""
    strays: Floats
    """Of regions: the greatest stray ratio of each image."""
    usual_ratio: float
    """Median share of the image that a labelled object covers."""

    @classmethod
    def of(cls, images: Sequence[Compared]) -> _Rates:
        """Learn them."""
        said = [(image, one) for image in images for one in image.outcomes if one.predicted is not None]
        true = [(image, one) for image in images for one in image.outcomes if one.true is not None]
        near: dict[str, list[float]] = {}
        for image, one in true:
            if one.sort in (errors.FOUND, errors.BADLY_PLACED):
                near.setdefault(image.names(one)[0] or "", []).append(one.likeness)
        return cls(
            _rising((_confidence(image, one) or 0.0, one.sort == errors.FOUND) for image, one in said),
            _shares((image.names(one)[1] or "", one.sort == errors.FOUND) for image, one in said),
            _shares((image.names(one)[0] or "", one.sort == errors.FOUND) for image, one in true),
            _nearby((_size(image, one), one.sort == errors.FOUND) for image, one in true),
            {name: np.array(values) for name, values in near.items()},
            np.array([max((_stray(image, one) or 0.0 for one in image.outcomes), default=0.0) for image in images]),
            float(np.median([_size(image, one) for image, one in true])) if true else 1.0,
        )

    def doubt(self, image: Compared, one: Outcome) -> float:
        """Doubt about one outcome."""
        given, suggested = image.names(one)
        stray = _stray(image, one)
        if stray is not None:
            as_often = int(np.sum(self.strays >= stray)) / (1 + len(self.strays))
            return _weighed(as_often) * min(stray / (LEAST_STRAY * self.usual_ratio), 1.0)
        if one.sort == errors.MISSED:
            return _weighed(1 - min(self.seen[given or ""], self.seen_by_size.at(_size(image, one))))
        confidence = _confidence(image, one)
        believed = self.labelled[suggested or ""] if confidence is None else self.sure.at(confidence)
        if one.sort in (errors.EXTRA, errors.SWAPPED):
            return ERRORS * believed / (ERRORS * believed + 1 - believed)
        usual = self.nearness.get(given or "", np.ones(1))
        as_far = float((1 + np.sum(usual <= one.likeness)) / (1 + len(usual)))
        middle = max(float(np.median(usual)), ALIKE + 1e-9)
        return _weighed(as_far) * float(np.clip((middle - one.likeness) / (middle - ALIKE), 0, 1))


def _weighed(usual: float) -> float:
    """Doubt about a difference that the model causes this often, where errors of people cause it, too."""
    return ERRORS / (ERRORS + usual)


@dataclass(frozen=True)
class _Rising:
    """A share that rises with a number."""

    numbers: Floats
    shares: Floats

    def at(self, number: float) -> float:
        """The share at this number."""
        return float(np.interp(number, self.numbers, self.shares))


def _rising(rows: Iterable[tuple[float, bool]]) -> _Rising:
    """The rising shares that fit best (pool adjacent violators: Ayer and others 1955); a wrong row is added at each end."""
    ordered = sorted(rows)
    if not ordered:
        return _Rising(np.zeros(1), np.full(1, 0.5))
    at = np.array([number for number, _ in [ordered[0], *ordered, ordered[-1]]])
    numbers, places = np.unique(at, return_inverse=True)
    right = np.bincount(places, [0.0, *(float(is_right) for _, is_right in ordered), 0.0])
    blocks: list[list[float]] = []
    for block in np.stack([numbers, right, np.bincount(places)], axis=1).tolist():
        blocks.append(block)
        while len(blocks) > 1 and blocks[-2][1] / blocks[-2][2] >= blocks[-1][1] / blocks[-1][2]:
            last = blocks.pop()
            before = blocks[-1]
            weight = before[2] + last[2]
            blocks[-1] = [(before[0] * before[2] + last[0] * last[2]) / weight, before[1] + last[1], weight]
    middles, sums, sizes = np.array(blocks).T
    return _Rising(middles, sums / sizes)


@dataclass(frozen=True)
class _Nearby:
    """A share among the rows of about the same number."""

    numbers: Floats
    right: Floats
    """Sum of the right rows before each, and of all."""

    def at(self, number: float) -> float:
        """The share among the `NEARBY` rows on each side; one right and one wrong row are added."""
        middle = int(np.searchsorted(self.numbers, number))
        first = max(0, min(middle - NEARBY, len(self.numbers) - 2 * NEARBY))
        last = min(len(self.numbers), first + 2 * NEARBY)
        return float((self.right[last] - self.right[first] + 1) / (last - first + 2))


def _nearby(rows: Iterable[tuple[float, bool]]) -> _Nearby:
    ordered = sorted(rows)
    right = np.cumsum([0.0, *(float(is_right) for _, is_right in ordered)])
    return _Nearby(np.array([number for number, _ in ordered]), right)


def _shares(rows: Iterable[tuple[str, bool]]) -> dict[str, float]:
    """Share of right rows by name; one right and one wrong row are added."""
    all_of, right = Counter[str](), Counter[str]()
    for name, is_right in rows:
        all_of[name] += 1
        right[name] += is_right
    return {name: (right[name] + 1) / (count + 2) for name, count in all_of.items()}


def _confidence(image: Compared, one: Outcome) -> float | None:
    return None if one.predicted is None else image.predicted[one.predicted].confidence


def _stray(image: Compared, one: Outcome) -> float | None:
    """The greater of the region's and the prediction's; None for single objects."""
    true = None if one.true is None else image.true[one.true].stray_ratio
    said = None if one.predicted is None else image.predicted[one.predicted].stray_ratio
    return said if true is None else true if said is None else max(true, said)


def _size(image: Compared, one: Outcome) -> float:
    """Share of the image that a labelled object covers."""
    return image.true[one.true or 0].area_px / (image.size_px[0] * image.size_px[1])
