"""Tests of curated splits: groups are named a, b, c …, each with its outlier score and disagreement."""

from __future__ import annotations

from given import image_id

from pipeline_tasks.datasets.curating import group_looks, propose_curated_splits
from pipeline_tasks.datasets.looks import Looks

NAMES = {image_id(name): name for name in "abcdefghijklmnopqrstuvwxyz"}


def splits(
    looks: dict[str, tuple[float, float | None]],
    *,
    control: str = "",
    standing: dict[str, str] | None = None,
    picks: str | None = None,
    test_ratio: float = 0.4,
    val_ratio: float = 0.34,
) -> dict[str, tuple[str, str]]:
    found = propose_curated_splits(
        [(image_id(name), name in control) for name in (picks or "".join(looks) + control)],
        {image_id(name): split for name, split in (standing or {}).items()},
        {image_id(name): Looks(*numbers) for name, numbers in looks.items()},
        control_test_ratio=1.0,
        test_ratio=test_ratio,
        val_ratio=val_ratio,
        seed=1,
    )
    return {NAMES[group]: (split, policy) for group, split, policy in found.rows()}


TEN = {name: (number / 10, None) for number, name in enumerate("abcdefghij")}


def test_propose_curated_splits__tests_on_the_rare_validates_on_the_typical_and_trains_on_the_rest() -> None:
    found = splits(TEN)
    assert {name for name, (split, _) in found.items() if split == "test"} == set("ghij")
    assert {name for name, (split, _) in found.items() if split == "val"} == set("ab")
    assert found["j"] == ("test", "rare: outlier score 0.90")
    assert found["a"] == ("val", "typical: outlier score 0.00")
    assert found["c"] == ("train", "diverse: outlier score 0.20")


def test_propose_curated_splits__gives_half_of_test_to_groups_whose_neighbours_labels_disagree() -> None:
    found = splits(TEN | {"a": (0.0, 0.6), "b": (0.1, 0.4), "c": (0.2, 0.2), "d": (0.3, 0.0)})
    assert found["a"] == ("test", "hard: neighbours' labels disagree 0.60")
    assert {name for name, (split, _) in found.items() if split == "test"} == set("abij")


def test_propose_curated_splits__takes_rare_groups_from_the_outer_half_and_typical_ones_from_the_inner() -> None:
    found = splits(TEN, test_ratio=1.0)
    assert {name for name, (split, _) in found.items() if split == "test"} == set("fghij")
    everything = splits(TEN, test_ratio=0.0, val_ratio=1.0)
    assert {name for name, (split, _) in everything.items() if split == "val"} == set("abcde")


def test_propose_curated_splits__calls_no_group_hard_whose_neighbours_agree() -> None:
    found = splits({name: (score, 0.0) for name, (score, _) in TEN.items()})
    assert not any(policy.startswith("hard") for _, policy in found.values())


def test_propose_curated_splits__draws_the_control_arms_share_at_random() -> None:
    found = splits(TEN, control="kl")
    assert found["k"] == found["l"] == ("test", "control_arm")
    assert sum(split == "test" for split, _ in found.values()) == 2 + 4


def test_propose_curated_splits__proposes_for_new_groups_only() -> None:
    found = splits(TEN, standing={"j": "train", "a": "test"})
    assert set(found) == set("bcdefghi")


def test_propose_curated_splits__trains_on_one_to_three_groups_unless_a_share_is_at_least_one_group() -> None:
    assert splits({"a": (0.0, None)}) == {"a": ("train", "diverse: outlier score 0.00")}
    assert {split for split, _ in splits({"a": (0.0, None), "b": (0.5, None)}, val_ratio=0.15).values()} == {"test", "train"}
    three = splits({"a": (0.0, None), "b": (0.3, None), "c": (0.6, None)})
    assert {name: split for name, (split, _) in three.items()} == {"a": "val", "b": "train", "c": "test"}
    assert splits({}, picks="") == {}


def test_propose_curated_splits__skips_a_group_larger_than_the_share() -> None:
    found = splits({"a": (0.9, None), "b": (0.8, None), "c": (0.1, None)}, picks="a" * 6 + "bccc")
    # Test's share is four of ten images, val's three of the nine that are left.
    assert {name: split for name, (split, _) in found.items()} == {"a": "train", "b": "test", "c": "val"}


def test_propose_curated_splits__trains_on_what_has_no_embedding() -> None:
    found = splits({"a": (0.9, None)}, picks="abcde", test_ratio=1.0, val_ratio=1.0)
    assert found["a"][0] == "test"
    assert found["b"] == ("train", "rest: no embedding")


def test_propose_curated_splits__does_not_depend_on_the_order_of_picks() -> None:
    same = dict.fromkeys("abcdefghij", (0.5, 0.2))
    assert splits(same) == splits(same, picks="jihgfedcba")


def test_group_looks__is_the_mean_of_what_is_known_of_a_groups_images() -> None:
    found = group_looks(["x", "x", "y"], [Looks(0.2, None), Looks(0.4, 0.5), Looks(1.0, None)])
    assert (round(found["x"].outlier, 6), found["x"].disagreement) == (0.3, 0.5)
    assert found["y"] == Looks(1.0, None)
