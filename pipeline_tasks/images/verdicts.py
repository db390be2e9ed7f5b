"""Verdicts on pairs of images that are alike: each pair is laid on each other once, on small views that are read when needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from pipeline_tasks.images.comparing import Comparison, compare, is_same
from pipeline_tasks.images.views import View
from pipeline_tasks.settings import DuplicateSettings

VIEWS_KEPT = 1024
"""Views in memory: 0.4 MB each."""

ReadView = Callable[[int], View | None]
"""An image's number → its view; None if it has none any more."""


class Verdicts:
    """Comparisons of images by their numbers."""

    def __init__(self, read_view: ReadView, settings: DuplicateSettings) -> None:
        """Nothing is compared yet."""
        self._view = lru_cache(maxsize=VIEWS_KEPT)(read_view)
        self._settings = settings
        self._made: dict[tuple[int, int], Comparison | None] = {}
        self._at_one_scale: set[tuple[int, int]] = set()

    def of(self, image: int, base: int, *, at_all_scales: bool = True) -> Comparison | None:
        """Comparison of an image laid on a base; None if one of them has no view."""
        pair = image, base
        if pair not in self._made or (at_all_scales and pair in self._at_one_scale):
            self._made[pair] = made = self._compared(*pair, at_all_scales=at_all_scales)
            is_final = at_all_scales or made is None or self.same(made)
            (self._at_one_scale.discard if is_final else self._at_one_scale.add)(pair)
        return self._made[pair]

    def _compared(self, image: int, base: int, *, at_all_scales: bool) -> Comparison | None:
        views = self._view(image), self._view(base)
        if views[0] is None or views[1] is None:
            return None
        return compare(views[1], views[0], self._settings, at_all_scales=at_all_scales)

    def same(self, found: Comparison) -> bool:
        """Return True if a comparison says that both show the same."""
        return is_same(found, self._settings)

    def turned_hashes(self, image: int) -> npt.NDArray[np.uint64] | None:
        """Perceptual hashes of an image's eight turns; None if it has no view."""
        view = self._view(image)
        return None if view is None else view.turned_hashes

    def forget_turned(self, image: int) -> None:
        """Free what only comparisons of this image need."""
        view = self._view(image)
        if view is not None:
            view.forget_turned()

    @property
    def pairs(self) -> int:
        """Number of pairs laid on each other."""
        return sum(one is not None for one in self._made.values())


def no_views(image: object) -> View | None:
    """Read no view: every pair is then judged by its hash and its cosine alone."""
    del image
    return None
