"""One look at production: every test for all cameras and for each, judged together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline_tasks.drift.causes import Cause, causes_of
from pipeline_tasks.drift.matching import ANY_TIME, Pair, blocks_of, matched
from pipeline_tasks.drift.permuting import Judged, Matrix, draw_sides, excess, judge, weights_of
from pipeline_tasks.drift.record import (
    ALL_CAMERAS,
    CLASSIFIER,
    EMBEDDING,
    EMBEDDINGS,
    PREDICTION,
    PROPERTY,
    SHARE,
    TELLING_APART,
    DriftRecord,
)
from pipeline_tasks.drift.sample import NOT_KNOWN, Floats, Integers, Sample
from pipeline_tasks.drift.spectra import components, mean_distances, waves
from pipeline_tasks.drift.steps import mean_gaps, step_distances
from pipeline_tasks.drift.telling_apart import area_of, area_under_roc, held_out_scores, separations

DRAWS = 999
LEAST_IMAGES = 30
"""Images of each side with which a look, or a camera of it, is tested."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Look:
    """Outcome of one look."""

    records: tuple[DriftRecord, ...]
    """One a test, subject and camera; none if there were too few images."""
    p: float
    """p of all tests together; 1 if there were too few images."""
    causes: tuple[Cause, ...]
    """The plainest first."""
    time_level: str
    """Times of the week at which the reference was matched."""
    reference_images: int
    production_images: int
    without_reference: int
    """Production images of cameras or times that the reference does not have."""

    @property
    def matters(self) -> bool:
        """Say if any effect that stands among all tests is large enough to act on."""
        return bool(self.causes)


def look(reference: Sample, production: Sample, seed: int, draws: int = DRAWS) -> Look:
    """Compare production with a reference of the same cameras and times.

    Raises:
        SettingsError: something is known of one sample and not of the other.
    """
    if min(len(reference), len(production)) < LEAST_IMAGES:
        return Look((), 1.0, (), ANY_TIME, len(reference), len(production), 0)
    pair = matched(reference, production, seed)
    counts = (int((~pair.is_production).sum()), int(pair.is_production.sum()))
    if min(counts) < LEAST_IMAGES:
        return Look((), 1.0, (), pair.level, *counts, pair.without_reference)
    tried = _Trial(pair, seed, draws)
    tests = list(tried.tests())
    judged = judge(np.stack([one.statistic for one in tests]))
    records = tuple(_record(one, judged, at) for at, one in enumerate(tests))
    causes = causes_of(records, pair, tried.scores)
    return Look(records, judged.p, causes, pair.level, *counts, pair.without_reference)


@dataclass(frozen=True)
class _Test:
    kind: str
    subject: str
    camera: str
    statistic: Floats
    """In each exchange, the true order first."""
    effect: float
    figures: Mapping[str, float] = field(default_factory=dict)


def _record(test: _Test, judged: Judged, at: int) -> DriftRecord:
    p, adjusted, distance = (float(one[at]) for one in (judged.p_values, judged.adjusted, judged.distances))
    return DriftRecord(
        test.kind, test.subject, test.camera, float(test.statistic[0]), test.effect, p, adjusted, distance, test.figures
    )


class _Trial:
    """All tests of a pair under the same exchanges."""

    def __init__(self, pair: Pair, seed: int, draws: int) -> None:
        self._pair, self._seed = pair, seed
        self._blocks = blocks_of(pair.images, pair.is_production, pair.cells)
        self._sides = draw_sides(pair.is_production, pair.cells, self._blocks, draws, seed)
        self._components = None if pair.images.embeddings is None else components(pair.images.embeddings, seed)
        self._waves = None if self._components is None else waves(self._components, seed)
        self.scores: dict[str, Floats] = {}
        """Camera → score of each of the pair's images by the classifier, NaN for those of other cameras."""

    def tests(self) -> Iterator[_Test]:
        """Tests of all cameras together, then of each with enough images."""
        images = self._pair.images
        yield from self._of_camera(ALL_CAMERAS, np.arange(len(images)))
        names = set() if images.cameras is None else set(images.cameras.tolist()) - {NOT_KNOWN}
        for camera in sorted(names) if len(names) > 1 else ():
            rows = np.flatnonzero(images.cameras == camera)
            of_production = int(self._pair.is_production[rows].sum())
            if min(of_production, len(rows) - of_production) >= LEAST_IMAGES:
                yield from self._of_camera(camera, rows)

    def _of_camera(self, camera: str, rows: Integers) -> Iterator[_Test]:
        images, sides = self._pair.images, self._sides[rows]
        weights = weights_of(sides)
        for kind, columns in ((PROPERTY, images.properties), (PREDICTION, images.predictions)):
            for subject, values in columns.items():
                yield from _of_numbers(kind, subject, camera, values[rows], sides, weights)
        if self._components is not None and self._waves is not None:
            yield _mmd(camera, self._waves[rows], weights)
            yield self._telling_apart(camera, rows, sides, weights)

    def _telling_apart(self, camera: str, rows: Integers, sides: Matrix, weights: Matrix) -> _Test:
        assert self._components is not None
        is_production, blocks = self._pair.is_production[rows], self._blocks[rows]
        scores = held_out_scores(self._components[rows], sides, blocks, self._seed)
        own = scores[:, 0].astype(np.float64)
        self.scores[camera] = np.full(len(self._pair.images), np.nan)
        self.scores[camera][rows] = own
        statistic = separations(scores, weights)
        area = area_under_roc(own, is_production, blocks, CONFIDENCE)
        figures = {"area_low": area.low, "area_high": area.high, **_counts(is_production)}
        effect = float(np.clip(area.value - area_of(float(statistic[1:].mean())) + 0.5, 0.0, 1.0))
        return _Test(CLASSIFIER, TELLING_APART, camera, statistic, effect, figures)


def _of_numbers(kind: str, subject: str, camera: str, values: Floats, sides: Matrix, weights: Matrix) -> Iterator[_Test]:
    """Tests of one number, over the images of which it is known, if these are enough."""
    is_known = ~np.isnan(values)
    values, sides = values[is_known], sides[is_known]
    if not _are_enough(sides):
        return
    if not is_known.all():
        weights = weights_of(sides)
    is_production, middle = sides[:, 0] > 0, np.median if kind == PROPERTY else np.mean
    figures = {"reference": float(middle(values[~is_production])), "production": float(middle(values[is_production]))}
    figures.update(_counts(is_production))
    statistic = step_distances(values, weights)
    yield _Test(kind, subject, camera, statistic, excess(statistic), figures)
    if kind == PREDICTION:
        statistic = mean_gaps(values, weights)
        yield _Test(SHARE, subject, camera, statistic, excess(statistic), figures)


def _are_enough(sides: Matrix) -> bool:
    """Say if both sides have images to compare, in every exchange."""
    of_production = sides.sum(axis=0)
    rest = len(sides) - of_production
    return bool(min(of_production[0], rest[0]) >= LEAST_IMAGES and of_production.min(initial=1) > 0 and rest.min(initial=1) > 0)


def _mmd(camera: str, rows: Matrix, weights: Matrix) -> _Test:
    statistic = mean_distances(rows, weights)
    return _Test(EMBEDDING, EMBEDDINGS, camera, statistic, excess(statistic), _counts(weights[:, 0] > 0))


def _counts(is_production: npt.NDArray[np.bool_]) -> dict[str, float]:
    return {"reference_images": float((~is_production).sum()), "production_images": float(is_production.sum())}
