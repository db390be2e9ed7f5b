"""Comparison of two images after one was laid on the other: they show the same if nothing anywhere differs.

A high cosine or a close hash says that two images are alike as a whole. Textures of one class are alike without showing the same
place, and two parts in front of one camera differ in a tenth of the width. So the image is turned, scaled and shifted onto the
other, refined to an affine map, and then each neighbourhood is held against the other's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipeline_tasks.images.filters import Floats, mapped, without_edge
from pipeline_tasks.images.neighbourhoods import NOISE, colour_difference, luma_figures
from pipeline_tasks.images.placing import Place, places
from pipeline_tasks.images.refining import LEAST_INSIDE, refined
from pipeline_tasks.images.turns import MIRRORED, turned
from pipeline_tasks.images.views import COARSE_PX, FINE_PX, MIDDLE_PX, View
from pipeline_tasks.settings import DuplicateSettings
from pipeline_tasks.tables.duplicate_pair import TURNS

LEAST_CORRELATION = 0.45
"""Below it a coarse place is chance."""
WORSE = 0.25
"""A place that correlates so much less than the best one is not tried."""
PLACES_REFINED = 3
ROUNDS = 12
LEAST_REFINED = 0.65
"""Correlation after refining, on 64 px, from which neighbourhoods are compared; pairs that are the same have 0.78 and more."""
FLAT = 2.0
"""Levels: with less contrast than this an image has no detail to align by."""


@dataclass(frozen=True)
class Comparison:
    """Figures of two images laid on each other; nothing was found to lay them on each other by if `agreement` is 0."""

    turn: str
    """One of TURNS: of the image, before it was laid on the base."""
    overlap_ratio: float
    """Share of the image, or of the base, that lies on the other one: the greater of the two."""
    shown_ratio: float
    """Share of the base that the image shows."""
    agreement: float
    """Correlation of the detail of both where they overlap, over all neighbourhoods."""
    difference: float
    """The neighbourhood that differs most: 0 not at all, 1 one of them shows something and the other nothing, up to 2."""

    @property
    def is_mirrored(self) -> bool:
        """True if one is a mirror image of the other."""
        return TURNS.index(self.turn) >= MIRRORED


NOTHING = Comparison(TURNS[0], 0.0, 0.0, 0.0, 2.0)


def compare(base: View, image: View, limits: DuplicateSettings, *, at_all_scales: bool = True) -> Comparison:
    """Lay an image on a base, and compare neighbourhood by neighbourhood; return the first place at which both are the same.

    One scale finds crops that cut off up to about a tenth, in a quarter of the time.
    """
    if max(float(one.luma.std()) for one in (base, image)) < FLAT:
        return _flat(base, image)
    best, tried = NOTHING, places(base, image, at_all_scales=at_all_scales)
    least = max(LEAST_CORRELATION, tried[0].correlation - WORSE)
    for place in [one for one in tried[:PLACES_REFINED] if one.correlation >= least]:
        found = _compared(base, image, place, limits)
        if is_same(found, limits):
            return found
        best = max(best, found, key=lambda one: (one.agreement, -one.difference))
    return best


def is_same(found: Comparison, limits: DuplicateSettings) -> bool:
    """Return True if two images show the same: enough of them overlaps, agrees as a whole, and nowhere differs much."""
    return (
        found.overlap_ratio >= limits.min_overlap_ratio
        and found.agreement >= limits.min_agreement
        and found.difference <= limits.max_difference
    )


def _flat(base: View, image: View) -> Comparison:
    """Two images without detail show the same if their colours are the same."""
    difference = np.abs(base.channels.mean(axis=(0, 1)) - image.channels.mean(axis=(0, 1))).max() / NOISE
    return Comparison(TURNS[0], 1.0, 1.0, 1.0, min(2.0, float(difference)))


def _compared(base: View, image: View, place: Place, limits: DuplicateSettings) -> Comparison:
    """Figures at one place; a step is left out where the verdict is certain without it."""
    onto = _onto(base, image, place)
    if onto is None:
        return NOTHING
    height, width = base.luma.shape
    laid = _Laid(image, place.turn, onto, (height, width))
    inside = without_edge(mapped(np.ones(laid.turned_luma.shape, np.float32), onto, height, width, is_mask=True))
    shown = float(inside.mean())
    if shown < LEAST_INSIDE:
        return NOTHING
    magnified = abs(float(onto[0, 0] * onto[1, 1] - onto[0, 1] * onto[1, 0]))
    of_image = min(1.0, shown * height * width * magnified / laid.turned_luma.size)
    agreement, difference = luma_figures(base, laid, inside > 0, limits)
    if agreement >= limits.min_agreement and difference <= limits.max_difference:
        difference = max(difference, colour_difference(base.channels, laid.channels, inside > 0))
    return Comparison(TURNS[place.turn], max(shown, of_image), shown, agreement, difference)


@dataclass(frozen=True)
class _Laid:
    """An image laid on a base: values at the base's places, each made when first asked for."""

    image: View
    turn: int
    onto: Floats
    """Affine map from places of the base to places of the turned image."""
    size: tuple[int, int]
    """Height and width of the base's view."""

    @cached_property
    def turned_luma(self) -> Floats:
        """The whole image, turned, not yet laid on the base."""
        return turned(self.image.luma, self.turn)

    @cached_property
    def luma(self) -> Floats:
        """Height x width of the base."""
        return mapped(self.turned_luma, self.onto, *self.size)

    @cached_property
    def channels(self) -> Floats:
        """Height x width of the base x 4, as those of a view."""
        return mapped(turned(self.image.channels, self.turn), self.onto, *self.size)


def _onto(base: View, image: View, place: Place) -> Floats | None:
    """Affine map from places of the base to places of the turned image, both of 128 px; None if they have too little in common."""
    zoom, ratio = 1 / place.scale, MIDDLE_PX / FINE_PX
    down, right = (-shift * zoom * MIDDLE_PX / COARSE_PX for shift in place.shift_px)
    start = np.array([[zoom, 0, right], [0, zoom, down]], np.float32)
    found = refined(base.middle, turned(image.middle, place.turn), start, ROUNDS, LEAST_REFINED)
    if found is None or found.correlation < LEAST_REFINED:
        return None
    # Centres of pixels are at halves: x of 64 px is (x + 1/2) / ratio - 1/2 of 128 px.
    onto, half = found.onto.copy(), np.float32((1 / ratio - 1) / 2)
    onto[:, 2] = onto[:, 2] / ratio + half - half * onto[:, :2].sum(axis=1)
    return onto
