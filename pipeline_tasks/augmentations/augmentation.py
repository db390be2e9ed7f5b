"""Record of an augmentation: a change of a training image, with a strength from 0 to 1 and a probability."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_tasks.json_values import Json

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

PixelFunction = Callable[["Pixels", float, "np.random.Generator"], "Pixels"]
"""(image: height x width x 3, uint8 RGB; strength; generator to draw from) → an image of the same shape."""
Arguments = Callable[[float], Mapping[str, Json]]
"""Strength → arguments of a transform of albumentations."""


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """One change; has either a `transform` of albumentations with its `arguments`, or a `function` of its own."""

    name: str
    words: str
    """Description for people, with the range that strength 1 draws from."""
    strength: float | None
    """Default from 0 to 1; None if the change has no strength."""
    probability: float = 0.5
    """Default."""
    moves: bool = False
    """True if things are at another place of the image afterwards."""
    transform: str = ""
    arguments: Arguments = lambda strength: {}
    function: PixelFunction | None = None
    version: int = 1
    """Of `function`: bump when its output changes, so that stored views are drawn again."""
    key: str = ""
    """Name in the digest of a policy; default: the augmentation's."""
