"""Record of an augmentation: a change of a training image, alone or with others, with a strength from 0 to 1 and a probability."""

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
Rectangle = tuple[float, float, float, float]
"""x_min, y_min, x_max, y_max as shares of the image's sides."""


@dataclass(frozen=True)
class Cut:
    """One draw of a mix: how much of the image the others have, and where."""

    share: float
    """Of the others; with rectangles, their area says it exactly once they are drawn."""
    rectangles: tuple[Rectangle, ...] = ()
    """Place of each of the others; none if they are blended in everywhere."""
    own: Rectangle | None = None
    """Place of the image itself, if each is placed inside its own rectangle; None if the others lie over it."""


@dataclass(frozen=True, kw_only=True)
class Mix:
    """Mixing of a training image with others of the training."""

    others: int
    draw: Callable[[float, np.random.Generator], Cut]
    """(strength, generator to draw from) → one draw."""
    for_labels: bool = False
    """True if the labels of whole images can be shared in the same ratio."""
    for_places: bool = False
    """True if each thing is still seen at one place, whole or cut."""


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """One change: a `transform` of albumentations with its `arguments`, a `function` of its own, or a `mix` with others."""

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
    mix: Mix | None = None
    version: int = 1
    """Of `function` or `mix`: bump when its output changes, so that stored views are drawn again."""
    key: str = ""
    """Name in the digest of a policy; default: the augmentation's."""
