"""Tests of views of whole images that show several: what is drawn is where the boxes of the parts say."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline_tasks.augmentations.mixing import Partners
from pipeline_tasks.augmentations.policy import policy_of
from pipeline_tasks.geometry.placement import whole_image
from pipeline_tasks.geometry.turn import Turn
from pipeline_tasks.kinds.map_heads.parts import seen_parts
from pipeline_tasks.kinds.map_modelling import Part
from pipeline_tasks.models.placed_views import PlacedView, moves_of
from pipeline_tasks.settings import AugmentationSettings
from pipeline_tasks.training_data.mixed_places import MixedPlaces, square_of

SIDE_PX, GRID_PX = 96, 8
SIZES = [(80, 60), (60, 80), (64, 64), (90, 50)]
BOX = np.array([[20.0, 16, 44, 40]])
OWN = PlacedView(Turn(*SIZES[0]), whole_image(*SIZES[0], SIDE_PX))


def colour(row: int) -> int:
    return 60 + 50 * row


def drawn_image(row: int) -> NDArray[np.uint8]:
    """Black, with a square of the row's own colour."""
    width, height = SIZES[row]
    image = np.zeros((height, width, 3), np.uint8)
    image[16:40, 20:44] = colour(row)
    return image


def mixed_by(name: str) -> MixedPlaces:
    policy = policy_of({one: AugmentationSettings(probability=1.0) for one in (name, "zoom", "horizontal_flip")}, ())
    return MixedPlaces(policy, moves_of(policy), SIZES, Partners(np.arange(4)), SIDE_PX, GRID_PX)


@pytest.mark.parametrize(("name", "others"), [("cutmix", 1), ("mosaic", 3)])
def test_parts__show_each_thing_where_its_box_is(name: str, others: int) -> None:
    judged = 0
    for seed in range(20):
        parts = mixed_by(name).parts(0, OWN, seed)
        square = square_of(parts, drawn_image)
        assert len(parts) == 1 + others
        assert 0 not in {one.row for one in parts[1:]}
        for part, seen in zip(parts, seen_parts([Part(None, one.view.placement, one.window) for one in parts]), strict=True):
            (box,), (is_seen,) = seen.seen(BOX)
            inside = square[int(box[1]) + 2 : int(box[3]) - 2, int(box[0]) + 2 : int(box[2]) - 2, 0]
            if is_seen and inside.size and not seen.holes:
                judged += 1
                assert np.abs(inside.astype(int) - colour(part.row)).max() <= 24, "less than half of the step to the next colour"
    assert judged >= 5


def test_parts__are_those_of_their_seed_and_end_at_the_grid() -> None:
    one, again, other = (mixed_by("mosaic").parts(0, OWN, seed) for seed in (1, 1, 2))

    assert one == again != other
    assert all(edge % GRID_PX == 0 for part in one for edge in part.window)


def test_parts__are_the_view_alone_without_a_mix_or_partners() -> None:
    alone = MixedPlaces(policy_of({}, ()), moves_of(policy_of({}, ())), SIZES, Partners(np.arange(4)), SIDE_PX, GRID_PX)
    mosaic = mixed_by("mosaic")
    same = MixedPlaces(mosaic.policy, mosaic.moves, SIZES, Partners(np.zeros(4, int)), SIDE_PX, GRID_PX)

    for places in (alone, same):
        (part,) = places.parts(0, OWN, 1)
        assert (part.row, part.view, part.window) == (0, OWN, (0, 0, SIDE_PX, SIDE_PX))
