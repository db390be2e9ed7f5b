"""Weights of a head over feature maps, with the shapes of its maps, as a candidate stores them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.errors import ModelError
from pipeline_tasks.kinds.map_modelling import MapShape, Shapes
from pipeline_tasks.kinds.modelling import Arrays

if TYPE_CHECKING:
    from torch import nn

_SHAPES = "map_shapes"


def arrays_of(head: nn.Module, shapes: Shapes) -> dict[str, NDArray[Any]]:
    """Weights and statistics by their names in torch, and the shapes of the maps."""
    arrays = {name: tensor.detach().numpy() for name, tensor in head.state_dict().items()}
    return arrays | {_SHAPES: np.array([[one.channels, one.height, one.width, one.stride] for one in shapes], np.int64)}


def weights_and_shapes(arrays: Arrays, head: str) -> tuple[dict[str, NDArray[Any]], Shapes]:
    """The same taken apart; `head` names what they are wanted for.

    Raises:
        ModelError: they are not of a head over feature maps.
    """
    if _SHAPES not in arrays:
        raise ModelError(f"head: wanted the weights of a {head} with {_SHAPES}, found {sorted(arrays)[:4]}")
    shapes = tuple(MapShape(*(int(one) for one in row)) for row in arrays[_SHAPES])
    return {name: values for name, values in arrays.items() if name != _SHAPES}, shapes
