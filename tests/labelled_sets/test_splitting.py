"""Tests of the splits that an import gives."""

from __future__ import annotations

import given
import pytest

from pipeline_tasks.labelled_sets.splitting import set_splits


def splits_of(images: list[tuple[str, str | None]], splitting: str = "keep", **shares: float) -> dict[str, str]:
    shares = {"test_ratio": 0.2, "val_ratio": 0.25} | shares
    found = set_splits([(given.image_id(group), split) for group, split in images], splitting=splitting, seed=3, **shares)  # type: ignore[arg-type]
    return {group: str(split) for group, split in found.rows.select("split_group_id", "split").iter_rows()}


def test_set_splits__keeps_the_sets_own_and_puts_a_group_of_two_into_test() -> None:
    found = splits_of([("a", "train"), ("b", "val"), ("c", "train"), ("c", "test")])

    assert found == {given.image_id("a"): "train", given.image_id("b"): "val", given.image_id("c"): "test"}


@pytest.mark.parametrize(("splitting", "test"), [("new", 4), ("train", 0)])
def test_set_splits__gives_shares_of_images_whatever_the_set_states(splitting: str, test: int) -> None:
    found = list(splits_of([(str(number), "test") for number in range(20)], splitting).values())

    assert (found.count("test"), found.count("val")) == (test, round((20 - test) * 0.25))


def test_set_splits__depends_on_the_seed_alone() -> None:
    images: list[tuple[str, str | None]] = [(str(number), None) for number in range(20)]

    assert splits_of(images) == splits_of(images[::-1])
