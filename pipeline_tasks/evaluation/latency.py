"""Time that a model takes for one image, on the machine that evaluates it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median
from typing import TypeVar

Image = TypeVar("Image")


def median_ms(predict: Callable[[Image], object], images: Iterable[Image], clock: Callable[[], float]) -> float | None:
    """Median milliseconds an image, one at a time; the first image only warms up. None with fewer than two images.

    The median, because a busy machine makes some of them slow; `clock` returns seconds.
    """
    taken = []
    for image in images:
        began = clock()
        predict(image)
        taken.append(1000 * (clock() - began))
    return median(taken[1:]) if len(taken) > 1 else None
