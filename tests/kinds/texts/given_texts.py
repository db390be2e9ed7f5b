"""Random texts of images and of boxes."""

from __future__ import annotations

import random

import numpy as np

from pipeline_tasks.kinds.texts.label_studio import plain
from pipeline_tasks.kinds.texts.text_object import Text

SIZE = (641, 479)
ALPHABET = "ab Z9-é漢字🙂\n"


def some_text(drawn: random.Random) -> str:
    return plain("".join(drawn.choices(ALPHABET, k=drawn.randrange(1, 30)))) or "x"


def some_boxes(count: int, seed: int, size: tuple[int, int] = SIZE) -> tuple[Text, ...]:
    drawn, places = random.Random(seed), np.random.default_rng(seed)
    low = np.round(places.random((count, 2)) * (np.array(size) - 20), 6)
    sides = np.round(1 + places.random((count, 2)) * (np.array(size) - low - 1.5), 6)
    return tuple(Text(some_text(drawn), *row) for row in np.hstack([low, sides]).tolist())
