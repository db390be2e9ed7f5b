"""The cause of drift in words that a person can act on: which property, which camera, which images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from pipeline_tasks.drift.matching import Pair
from pipeline_tasks.drift.record import ALL_CAMERAS, CLASSIFIER, EMBEDDING, PREDICTION, PROPERTY, SHARE, DriftRecord
from pipeline_tasks.drift.sample import Floats

LEVEL = 0.05
"""Adjusted p up to which a test is named."""
EXAMPLES = 12
NOTHING_ELSEWHERE = 2.0
"""Sum of the other cameras' distances, in its own standard deviations, below which only these cameras are named."""
_KINDS = (PROPERTY, SHARE, PREDICTION, EMBEDDING, CLASSIFIER)


@dataclass(frozen=True)
class Cause:
    """A test that found drift, and images that show it."""

    record: DriftRecord
    examples: tuple[str, ...]
    """`image_id` of production images that are least like the reference, the plainest first."""

    @property
    def words(self) -> str:
        """Sentence about the cause."""
        one, where = self.record, "all cameras" if self.record.camera == ALL_CAMERAS else f"camera {self.record.camera}"
        if one.test in (PROPERTY, PREDICTION, SHARE):
            of = "" if one.test == PROPERTY else "predicted "
            change = f"{of}{one.subject} is {one.figures['production']:.3g} instead of {one.figures['reference']:.3g}"
        elif one.test == EMBEDDING:
            change = f"images are unlike the reference (MMD {one.effect:.2f})"
        else:
            change = f"a classifier tells images from the reference (area under ROC {one.effect:.2f})"
        return f"{where}: {change}, p {one.adjusted_p:.3g} among all tests"


def causes_of(records: Sequence[DriftRecord], pair: Pair, scores: Mapping[str, Floats]) -> tuple[Cause, ...]:
    """Tests that stand among all of them and whose effect matters.

    First properties, which a person can see and mend, then predictions, embeddings and the classifier, each by distance. A subject
    is named for some cameras alone if the others together show nothing of it (Stouffer's sum of distances), otherwise for all.
    """
    found = [one for one in records if one.adjusted_p <= LEVEL and one.matters]
    of_subject = defaultdict(list)
    for one in records:
        of_subject[one.test, one.subject].append(one)
    named = [record for group in of_subject.values() for record in _told_once(group, found)]
    named.sort(key=lambda one: (_KINDS.index(one.test), -one.distance, one.subject, one.camera))
    return tuple(Cause(one, _examples(one, pair, scores)) for one in named)


def _told_once(group: Sequence[DriftRecord], found: Sequence[DriftRecord]) -> list[DriftRecord]:
    whole = [one for one in group if one.camera == ALL_CAMERAS and one in found]
    own = [one for one in group if one.camera != ALL_CAMERAS and one in found]
    others = [one.distance for one in group if one.camera != ALL_CAMERAS and one not in found]
    is_own = own and others and sum(others) < NOTHING_ELSEWHERE * sqrt(len(others))
    return own if is_own or not whole else whole


def _examples(record: DriftRecord, pair: Pair, scores: Mapping[str, Floats]) -> tuple[str, ...]:
    """Production images with the highest scores of the classifier; without embeddings, those farthest along the change."""
    order = scores.get(record.camera)
    if order is None:
        order = _by_property(record, pair)
    rows = np.flatnonzero(pair.is_production & ~np.isnan(order))
    chosen = rows[np.argsort(-order[rows], kind="stable")][:EXAMPLES]
    return tuple(str(one) for one in pair.images.image_ids[chosen])


def _by_property(record: DriftRecord, pair: Pair) -> Floats:
    values = {**pair.images.properties, **pair.images.predictions}[record.subject]
    order = np.array(np.sign(record.figures["production"] - record.figures["reference"]) * values, np.float64)
    if record.camera != ALL_CAMERAS and pair.images.cameras is not None:
        order[pair.images.cameras != record.camera] = np.nan
    return order
