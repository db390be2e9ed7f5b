"""Agreement and greatest difference of two images that were laid on each other, neighbourhood by neighbourhood."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pipeline_tasks.images.filters import Floats, blurred, sums_around
from pipeline_tasks.settings import DuplicateSettings

Mask = npt.NDArray[np.bool_]

WINDOW_PX = 13
"""Side of a neighbourhood on views of 128 px."""
SURROUNDINGS_PX = 35
"""Side of the surroundings whose light is taken off."""
NOISE = 4.0
"""Levels of luma that a neighbourhood may differ by chance: noise, compression."""
OTHER_LIGHT = 12.0
"""Median levels of luma between two images from which their tone curves are compared as well."""
TONED = 0.1
"""Agreement that a tone curve may add."""
COLOUR_NOISE = 30.0
SAMPLED = 7
"""Every so many pixels are enough for a median or a tone curve."""
CUT_OFF = 0.3
"""Share of clipped pixels from which a place of a view of 128 px counts as clipped."""
ENDS = (15.0, 240.0)
"""Levels of luma at and beyond which a place of the other image would be clipped as well, in the light of the clipped one."""
LEAST_SEEN = 1 / 3
"""Share of the places of both images that must not be clipped to compare these alone."""


class Shown(Protocol):
    """An image on a view of 128 px."""

    @property
    def luma(self) -> Floats:
        """Height x width."""
        ...

    @property
    def channels(self) -> Floats:
        """Height x width x 4: luma, two colour differences around 0, and the share of pixels that are clipped."""
        ...


def luma_figures(base: Shown, laid: Shown, inside: Mask, limits: DuplicateSettings) -> tuple[float, float]:
    """Agreement and greatest difference of two lumas of the same places (height x width) where both are there.

    Under much more light some places saturate, which is not a difference. So two images of another light that differ by the limits
    are compared with each other's tone curve as well. Under the same light a tone curve would hide a bright thing on bright ground.
    """
    one, other = blurred(base.luma, 1.0), blurred(laid.luma, 1.0)
    best = _detail(one, other, _Seen(inside))
    is_same = best[0] >= limits.min_agreement and best[1] <= limits.max_difference
    if is_same or best[0] < limits.min_agreement - TONED or not _is_other_light(one, other, inside):
        return best
    in_light_of_other, in_light_of_one = _toned(one, other, inside), _toned(other, one, inside)
    is_lost = (_is_clipped(laid) & _is_at_an_end(in_light_of_other)) | (_is_clipped(base) & _is_at_an_end(in_light_of_one))
    is_enough = (inside & ~is_lost).sum() >= LEAST_SEEN * inside.sum()
    seen = _Seen(inside & ~is_lost if is_enough else inside)
    return min([best, _detail(in_light_of_other, other, seen), _detail(one, in_light_of_one, seen)], key=lambda figures: figures[1])


def colour_difference(base: Floats, laid: Floats, inside: Mask) -> float:
    """Greatest difference of colour of two images of the same places (height x width x 4) where both are there and not clipped.

    An image without colour is a grey copy, which says nothing.
    """
    inside = inside & (base[..., 3] < 0.5) & (laid[..., 3] < 0.5)
    one, other = (blurred(values[..., 1:3], 1.0) for values in (base, laid))
    if inside.sum() < WINDOW_PX**2 or any(float(np.abs(values[inside]).mean()) < 1.0 for values in (one, other)):
        return 0.0
    seen, greatest = _Seen(inside), 0.0
    for channel in range(2):
        first, second = one[..., channel], other[..., channel]
        firsts, seconds = first[inside], second[inside]
        slope = float(np.cov(firsts, seconds)[0, 1]) / (float(seconds.var()) + 1.0)
        middle = np.median((firsts - np.float32(slope) * seconds)[::SAMPLED])
        apart = seen.mean(first - np.float32(slope) * second - np.float32(middle))
        greatest = max(greatest, float(np.abs(apart[seen.is_judged]).max(initial=0.0)) / COLOUR_NOISE)
    return min(2.0, greatest)


@dataclass(frozen=True)
class _Seen:
    """Pixels that both images have, counted around each pixel."""

    inside: Mask

    @cached_property
    def pixels(self) -> Floats:
        """Number of common pixels in the window around each pixel (height x width)."""
        return sums_around(self.inside.astype(np.float32), WINDOW_PX)

    @cached_property
    def is_judged(self) -> Mask:
        """Neighbourhoods of which both images have enough."""
        return self.inside & (self.pixels > 0.6 * WINDOW_PX * WINDOW_PX)

    @cached_property
    def share(self) -> Floats:
        """One over `pixels`: a sum over the window times it is a mean."""
        return _inverse(np.maximum(self.pixels, np.float32(1e-3)))

    @cached_property
    def around(self) -> Floats:
        """One over the number of common pixels in the surroundings of each pixel (height x width)."""
        return _inverse(np.maximum(sums_around(self.inside.astype(np.float32), SURROUNDINGS_PX), np.float32(1)))

    def mean(self, values: Floats) -> Floats:
        """Mean of each neighbourhood."""
        return sums_around(values * self.inside, WINDOW_PX) * self.share

    def even(self, luma: Floats) -> Floats:
        """Luma without slow changes of light; 0 where one image is not."""
        even: Floats = (luma - sums_around(luma * self.inside, SURROUNDINGS_PX) * self.around) * self.inside
        return even


def _inverse(values: Floats) -> Floats:
    inverse: Floats = np.float32(1) / values
    return inverse


def _detail(one: Floats, other: Floats, seen: _Seen) -> tuple[float, float]:
    """Agreement over all neighbourhoods, and the difference of the one that differs most; contrast is made equal first."""
    one, other = seen.even(one), seen.even(other)
    contrasts = [float(values[seen.inside].std()) + 1e-3 for values in (one, other)]
    level = np.sqrt(contrasts[0] * contrasts[1])
    one, other = one * np.float32(level / contrasts[0]), other * np.float32(level / contrasts[1])
    means = [seen.mean(values) for values in (one, other)]
    variances = [seen.mean(v * v) - m * m for v, m in zip((one, other), means, strict=True)]
    common = seen.mean(one * other) - means[0] * means[1]
    energy = variances[0] + variances[1]
    difference = (energy - 2 * common) / (energy + np.float32(NOISE * NOISE))
    judged = seen.is_judged
    both = np.sqrt(float(variances[0][judged].sum()) * float(variances[1][judged].sum()))
    agreement = float(common[judged].sum()) / max(float(both), 1e-6)
    return agreement, float(difference[judged].max(initial=0.0))


def _is_clipped(image: Shown) -> Mask:
    return image.channels[..., 3] >= CUT_OFF


def _is_at_an_end(luma: Floats) -> Mask:
    return (luma <= ENDS[0]) | (luma >= ENDS[1])


def _is_other_light(one: Floats, other: Floats, inside: Mask) -> bool:
    return float(np.median(np.abs(one - other)[inside][::SAMPLED])) >= OTHER_LIGHT


def _toned(luma: Floats, like: Floats, inside: Mask) -> Floats:
    """Luma with the tone curve that gives it the other's histogram: brightness, contrast, gamma and clipping."""
    shares = np.linspace(0, 1, 33)
    levels, wanted = (np.quantile(values[inside][::SAMPLED], shares) for values in (luma, like))
    toned: Floats = np.interp(luma, levels, wanted).astype(np.float32)
    return toned
