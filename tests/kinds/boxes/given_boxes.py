"""Random boxes, and people who draw them with errors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipeline_tasks.kinds.boxes.box import Box

NAMES = ("bolt", "Mutter", "ワッシャー", 'a "b" <c> & d')
SIZE = (1600, 1200)


def spread_boxes(count: int, seed: int = 0) -> list[Box]:
    """Boxes in a grid with gaps, of whole pixels, each of a random class and size."""
    drawn = np.random.default_rng(seed)
    columns = int(np.ceil(np.sqrt(max(1, count))))
    cell = SIZE[1] // columns
    found = []
    for number in range(count):
        wide, high = (int(side) for side in drawn.integers(max(2, cell // 3), max(3, int(cell * 0.8)), 2))
        left = number % columns * cell + int(drawn.integers(0, cell - wide + 1))
        top = number // columns * cell + int(drawn.integers(0, cell - high + 1))
        found.append(Box(NAMES[int(drawn.integers(len(NAMES)))], left, top, wide, high))
    return found


@dataclass(frozen=True)
class Errors:
    """Errors of one person: shares of boxes, and the spread of an edge as a share of the box's side."""

    jitter: float = 0.05
    missed: float = 0.1
    extra: float = 0.05
    swapped: float = 0.05
    doubled: float = 0.0


def drawn_by(truth: list[Box], errors: Errors, generator: np.random.Generator) -> list[Box]:
    """The boxes as one person draws them."""
    found = [_moved(one, errors, generator) for one in truth if generator.random() >= errors.missed]
    found = [_swapped(one, generator) if generator.random() < errors.swapped else one for one in found]
    found += [_moved(one, errors, generator) for one in truth if generator.random() < errors.doubled]
    for one in truth:
        if generator.random() < errors.extra:
            x, y = generator.random(2) * (SIZE[0] - one.width_px, SIZE[1] - one.height_px)
            found.append(replace(one, x_min_px=float(x), y_min_px=float(y)))
    return found


def _moved(one: Box, errors: Errors, generator: np.random.Generator) -> Box:
    left, top, right, bottom = generator.normal(0, errors.jitter, 4) * ([one.width_px, one.height_px] * 2)
    wide, high = one.width_px + right - left, one.height_px + bottom - top
    return Box(one.class_name, float(one.x_min_px + left), float(one.y_min_px + top), float(wide), float(high))


def _swapped(one: Box, generator: np.random.Generator) -> Box:
    others = [name for name in NAMES if name != one.class_name]
    return replace(one, class_name=others[int(generator.integers(len(others)))])
