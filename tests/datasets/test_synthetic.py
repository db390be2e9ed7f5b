"""Tests of the bounds on rendered and generated images."""

from __future__ import annotations

import polars as pl
import pytest

from pipeline_tasks.datasets.synthetic import groups_for_training, outside_training, over_ratio, room, synthetic_images


def rows(train: int = 0, val: int = 0, test: int = 0, first: str = "r") -> pl.DataFrame:
    splits = ["train"] * train + ["val"] * val + ["test"] * test
    return pl.DataFrame({"image_id": [f"{first}{at:02}" for at in range(len(splits))], "split": splits})


def test_an_image__is_synthetic_if_any_of_its_sources_says_so() -> None:
    sightings = pl.DataFrame({"image_id": ["a", "b", "a"], "is_synthetic": [False, False, True]})

    assert synthetic_images(sightings) == {"a"}


def test_synthetic_images__are_left_out_of_val_and_test_alone() -> None:
    found = outside_training(rows(train=1, val=1, test=1), {"r00", "r01", "r02"})

    assert found == {"r01": "synthetic_not_in_train", "r02": "synthetic_not_in_train"}


@pytest.mark.parametrize(
    ("ratio", "allowed"), [(0.0, 0), (0.2, 1), (0.5, 4), (0.6, 6), (0.8, 16), (1.0, None)], ids=lambda one: str(one)
)
def test_room__is_a_share_of_all_training_images(ratio: float, allowed: int | None) -> None:
    assert room(4, ratio) == allowed
    assert allowed is None or allowed <= ratio * (4 + allowed) + 1e-9


def test_over_ratio__leaves_the_same_synthetic_images_out_when_real_ones_come() -> None:
    drawn = rows(train=8, first="s")
    synthetic = set(drawn["image_id"])

    few = over_ratio(pl.concat([drawn, rows(train=3)]), synthetic, 0.5)
    more = over_ratio(pl.concat([drawn, rows(train=5)]), synthetic, 0.5)

    assert (len(few), len(more)) == (5, 3)
    assert set(more) < set(few)
    assert over_ratio(drawn, synthetic, 0.5).keys() == synthetic
    assert over_ratio(drawn, synthetic, 1.0) == {}


def test_groups_for_training__are_those_of_synthetic_picks_without_a_split() -> None:
    picks = [("s1", "g1"), ("s2", "g2"), ("r1", "g3")]

    assert groups_for_training(picks, {"s1", "s2"}, {"g2": "test"}) == ["g1"]
