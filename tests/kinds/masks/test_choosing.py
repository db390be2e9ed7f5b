"""Tests of the names that represent masks in a selection: the rarest class by pixels, or by objects."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from kinds.masks.given_masks import painted

from pipeline_tasks.geometry.run_lengths import encode
from pipeline_tasks.kinds.choosing import ObjectBeliefs
from pipeline_tasks.kinds.masks.choosing import NOTHING, MaskChoosing
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.name_changes import NameChanges
from pipeline_tasks.kinds.named_freezing import NamedFreezing

CHOOSING = MaskChoosing(("hole", "crack"), changes=NameChanges(renamed=(("gap", "crack"),)))
LARGE, SMALL = np.ones((6, 6), bool), np.eye(6, dtype=bool)
ROWS = pl.DataFrame(
    {
        "image_id": ["1", "1", "2", "2", "3"],
        "class_name": ["hole", "crack", "crack", "crack", "old"],
        "mask_rle": [encode(LARGE), encode(SMALL), encode(SMALL), encode(SMALL), encode(LARGE)],
    }
)


def test_names_of__the_class_with_fewest_pixels_or_objects_represents_an_image() -> None:
    assert CHOOSING.names_of(ROWS) == {"1": "crack", "2": "crack", "3": "old"}
    assert MaskChoosing(("hole", "crack"), is_instance=True).names_of(ROWS) == {"1": "hole", "2": "crack", "3": "old"}
    changed = MaskChoosing(("hole", "crack"), is_instance=True, changes=NameChanges((("old", "hole"),)))
    assert changed.names_of(ROWS) == {"1": "hole", "2": "crack", "3": "hole"}


def test_names__of_a_version_count_empty_images() -> None:
    objects = [[{"class_name": "hole", "mask_rle": encode(LARGE)}, {"class_name": "crack", "mask_rle": encode(SMALL)}], []]
    assert CHOOSING.names(pl.DataFrame({"objects": objects})).to_list() == ["crack", NOTHING]
    assert CHOOSING.names(pl.DataFrame({"class_name": ["hole", None]})).to_list() == ["hole", NOTHING]


def test_beliefs__of_a_mask_are_its_class_or_nothing() -> None:
    sure = [("hole", 0.75), ("gap", 0.5), ("gone", 0.9)]
    masks = [Mask(name, encode(SMALL), (6, 6), confidence=confidence) for name, confidence in sure]
    assert isinstance(CHOOSING, ObjectBeliefs)
    assert CHOOSING.object_beliefs(masks).tolist() == [[0.75, 0, 0.25], [0, 0.5, 0.5]]
    assert CHOOSING.image_beliefs(masks).tolist() == pytest.approx(np.array([0.75, 0.5, 0.125]) / 1.375)
    assert CHOOSING.image_beliefs([]).tolist() == [0, 0, 1]


def test_freezing__keeps_objects_and_empty_images_of_known_classes() -> None:
    freezing = NamedFreezing(("hole",))
    assert freezing.keeps_objects
    assert freezing.keeps_empty
    assert ROWS.select(freezing.is_known).to_series().to_list() == [True, False, False, False, False]
    assert painted("hole", SMALL).box_px == (0, 0, 6, 6)
