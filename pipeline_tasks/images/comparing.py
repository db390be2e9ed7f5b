"""Comparison of two images after one was laid on the other: they show the same if nothing anywhere differs.

A high cosine or a close hash says that two images are alike as a whole. Textures of one class are alike without showing the same
place, and two parts in front of one camera differ in a tenth of the width. So the image is turned, scaled and shifted onto the
other, refined to an affine map, and then each neighbourhood is held against the other's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.images.filters import Floats, blurred, mapped, refined_map, resized, sums_around, without_edge
from pipeline_tasks.images.placing import Place, places
from pipeline_tasks.images.turns import MIRRORED, turned
from pipeline_tasks.images.views import COARSE_PX, FINE_PX, View, even_contrast
from pipeline_tasks.settings import DuplicateSettings
from pipeline_tasks.tables.duplicate_pair import TURNS

Mask = npt.NDArray[np.bool_]

LEAST_CORRELATION = 0.45
"""Below it a coarse place is chance."""
WORSE = 0.25
"""A place that correlates so much less than the best one is not tried."""
PLACES_REFINED = 3
REFINED_PX = 64
"""Side at which a place is refined: to a quarter of a pixel, which is half a pixel of 128."""
ROUNDS = 12
WINDOW_PX = 13
"""Side of a neighbourhood on views of 128 px."""
SURROUNDINGS_PX = 35
"""Side of the surroundings whose light is taken off."""
NOISE = 4.0
"""Levels of luma that a neighbourhood may differ by chance: noise, compression."""
OTHER_LIGHT = 12.0
"""Median levels of luma between two images from which their tone curves are compared as well."""
COLOUR_NOISE = 30.0
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
        found = _compared(base, image, place)
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


def _compared(base: View, image: View, place: Place) -> Comparison:
    channels = turned(image.channels, place.turn)
    onto = _refined(base, channels, place)
    if onto is None:
        return NOTHING
    height, width = base.luma.shape
    laid = mapped(channels, onto, height, width)
    inside = without_edge(mapped(np.ones(channels.shape[:2], np.float32), onto, height, width, is_mask=True))
    shown = float(inside.mean())
    magnified = abs(float(onto[0, 0] * onto[1, 1] - onto[0, 1] * onto[1, 0]))
    of_image = min(1.0, shown * height * width * magnified / (channels.shape[0] * channels.shape[1]))
    if shown < 0.05:
        return NOTHING
    agreement, difference = _neighbourhoods(base.channels, laid, inside > 0)
    return Comparison(TURNS[place.turn], max(shown, of_image), shown, agreement, difference)


def _refined(base: View, channels: Floats, place: Place) -> Floats | None:
    """Affine map from places of the base to places of the turned image, both of 128 px; None if refining fails."""
    zoom, ratio = 1 / place.scale, REFINED_PX / FINE_PX
    down, right = (-shift * zoom * REFINED_PX / COARSE_PX for shift in place.shift_px)
    start = np.array([[zoom, 0, right], [0, zoom, down]], np.float32)
    one, other = (_for_refining(values, ratio) for values in (base.luma, np.ascontiguousarray(channels[..., 0])))
    refined = refined_map(one, other, start, ROUNDS)
    if refined is None:
        return None
    # Centres of pixels are at halves: x of 64 px is (x + 1/2) / ratio - 1/2 of 128 px.
    half = np.float32((1 / ratio - 1) / 2)
    refined[:, 2] = refined[:, 2] / ratio + half - half * refined[:, :2].sum(axis=1)
    return refined


def _for_refining(luma: Floats, ratio: float) -> Floats:
    small = resized(luma, max(8, round(luma.shape[1] * ratio)), max(8, round(luma.shape[0] * ratio)))
    return even_contrast(blurred(small, 0.7), 3.0)


def _neighbourhoods(base: Floats, laid: Floats, inside: Mask) -> tuple[float, float]:
    """Agreement and greatest difference of two images of the same places (height x width x 4) where both are there."""
    one, other = (blurred(values, 1.0) for values in (base, laid))
    best = _detail(one[..., 0], other[..., 0], inside)
    in_colour = inside & (base[..., 3] < 0.5) & (laid[..., 3] < 0.5)
    if float(np.median(np.abs(one[..., 0] - other[..., 0])[inside])) >= OTHER_LIGHT:
        # Under much more light some places saturate, which is not a difference. Under the same light a tone curve would hide a
        # bright thing on a bright ground.
        toned = [_detail(_toned(one[..., 0], other[..., 0], inside), other[..., 0], inside)]
        toned.append(_detail(one[..., 0], _toned(other[..., 0], one[..., 0], inside), inside))
        best = min([best, *toned], key=lambda figures: figures[1])
    return best[0], max(best[1], _colour(one[..., 1:3], other[..., 1:3], in_colour))


def _detail(one: Floats, other: Floats, inside: Mask) -> tuple[float, float]:
    share, is_judged = _judged(inside)
    one, other = _even(one, inside), _even(other, inside)
    contrasts = [float(values[inside].std()) + 1e-3 for values in (one, other)]
    level = np.sqrt(contrasts[0] * contrasts[1])
    one, other = one * np.float32(level / contrasts[0]), other * np.float32(level / contrasts[1])
    means = [_mean(values, inside, share) for values in (one, other)]
    variances = [_mean(v * v, inside, share) - m * m for v, m in zip((one, other), means, strict=True)]
    common = _mean(one * other, inside, share) - means[0] * means[1]
    energy = variances[0] + variances[1]
    difference = (energy - 2 * common) / (energy + np.float32(NOISE * NOISE))
    both = np.sqrt(float(variances[0][is_judged].sum()) * float(variances[1][is_judged].sum()))
    agreement = float(common[is_judged].sum()) / max(float(both), 1e-6)
    return agreement, float(difference[is_judged].max(initial=0.0))


def _colour(one: Floats, other: Floats, inside: Mask) -> float:
    """The same for colour; an image without colour is a grey copy, which says nothing."""
    if inside.sum() < WINDOW_PX**2 or any(float(np.abs(values[inside]).mean()) < 1.0 for values in (one, other)):
        return 0.0
    share, is_judged = _judged(inside)
    greatest = 0.0
    for channel in range(2):
        first, second = one[..., channel], other[..., channel]
        spread = float(second[inside].var()) + 1.0
        slope = float(np.cov(first[inside], second[inside])[0, 1]) / spread
        apart = first - np.float32(slope) * second
        apart = _mean(apart - np.float32(np.median(apart[inside])), inside, share)
        greatest = max(greatest, float(np.abs(apart[is_judged]).max(initial=0.0)) / COLOUR_NOISE)
    return min(2.0, greatest)


def _judged(inside: Mask) -> tuple[Floats, Mask]:
    """Pixels of each neighbourhood that both images have, and the neighbourhoods that have enough of them."""
    pixels = sums_around(inside.astype(np.float32), WINDOW_PX)
    return np.maximum(pixels, np.float32(1e-3)), inside & (pixels > 0.6 * WINDOW_PX * WINDOW_PX)


def _mean(values: Floats, inside: Mask, share: Floats) -> Floats:
    return sums_around(values * inside, WINDOW_PX) / share


def _even(luma: Floats, inside: Mask) -> Floats:
    """Luma without slow changes of light."""
    around = sums_around(luma * inside, SURROUNDINGS_PX)
    pixels = sums_around(inside.astype(np.float32), SURROUNDINGS_PX)
    even: Floats = (luma - around / np.maximum(pixels, 1)) * inside
    return even


def _toned(luma: Floats, like: Floats, inside: Mask) -> Floats:
    """Luma with the tone curve that gives it the other's histogram: brightness, contrast, gamma and clipping."""
    shares = np.linspace(0, 1, 33)
    levels, wanted = np.quantile(luma[inside], shares), np.quantile(like[inside], shares)
    toned: Floats = np.interp(luma, levels, wanted).astype(np.float32)
    return toned
