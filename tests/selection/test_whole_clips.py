"""Tests of clips that are selected whole, or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.selection.arms import draw_control_rows, interleave_units, round_order
from pipeline_tasks.selection.choosing import Selection, choose
from pipeline_tasks.selection.quota import choose_with_quota
from pipeline_tasks.selection.whole_clips import said_of_large
from pipeline_tasks.selection.wishes import Wishes

WHOLE = Wishes(whole_clips=True)


def clips(names: str) -> list[dict[str, str | float]]:
    """Metadata of a row for each letter: its clip, with later rows earlier in time; `-` is a row of no clip."""
    return [{} if name == "-" else {"clip": name, "seen_s": 100.0 - row} for row, name in enumerate(names)]


def vectors(degrees: Sequence[float]) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def chosen(names: str, weights: Mapping[str, float], budget: int, **wishes: object) -> Selection:
    """Choose by what each clip weighs; a row of no clip weighs 1."""
    return choose(
        vectors([10.0 * row for row in range(len(names))]),
        budget=budget,
        seed=1,
        metadata=clips(names),
        objectives="metadata_weight",
        wishes=Wishes(whole_clips=True, metadata_weights={"clip": weights}, **wishes),  # type: ignore[arg-type]
    )


def test_clip__is_picked_whole_in_the_order_of_its_time_and_says_so() -> None:
    found = chosen("aab-aab", {"a": 3.0, "b": 0.5}, budget=6)

    assert found.picks.tolist() == [5, 4, 1, 0, 3], "four of a, then the one of no clip; b has two, and one image is left"
    assert all(reason.startswith("clip :a, whole (4 images): ") for reason in found.reasons[:4])
    assert not found.reasons[4].startswith("clip")
    assert len(found.strategy) == len(found.scores["metadata_weight"]) == 5


def test_clip__that_does_not_fit_leaves_room_for_a_smaller_one() -> None:
    assert chosen("aaaabb", {"a": 3.0, "b": 1.0}, budget=3).picks.tolist() == [5, 4]
    assert chosen("aaaa", {"a": 3.0}, budget=3).picks.tolist() == []


def test_clip__is_worth_the_mean_of_its_images_and_not_more_by_its_length() -> None:
    beliefs = [[1.0, 0.0]] * 4 + [[0.6, 0.4]] * 2
    found = choose(
        vectors([0, 1, 2, 3, 90, 91]),
        budget=6,
        seed=1,
        beliefs=beliefs,
        vocabulary=("bolt", "nut"),
        metadata=clips("aaaabb"),
        objectives="margin",
        wishes=WHOLE,
    )

    assert found.picks.tolist() == [5, 4, 3, 2, 1, 0]


def test_clips__like_one_that_is_picked_come_after_others() -> None:
    """Clip b shows what a shows; c shows something else."""
    found = choose(vectors([0, 2, 1, 3, 90, 92]), budget=4, seed=1, metadata=clips("aabbcc"), objectives="diversity", wishes=WHOLE)

    assert {"aabbcc"[row] for row in found.picks.tolist()} in ({"a", "c"}, {"b", "c"})


def test_random_draw__gives_a_long_clip_and_a_single_image_the_same_chance() -> None:
    names = "aaaaaaaaaa----"
    firsts = Counter(
        names[choose(vectors(range(14)), budget=10, seed=seed, metadata=clips(names), objectives="random", wishes=WHOLE).picks[0]]
        for seed in range(300)
    )

    assert 30 <= firsts["a"] <= 90, "one of five units"


def test_control_arm__comes_in_whole_clips_of_equal_chance_and_never_beyond_the_budget() -> None:
    metadata = clips("aaaabbbb--")
    rows = np.arange(10)
    drawn = [draw_control_rows(rows, metadata, 6, 0.5, seed, whole_clips=True).tolist() for seed in range(200)]

    for found in drawn:
        assert 3 <= len(found) <= 6
        assert {"aaaabbbb--"[row] for row in found if row < 8} <= {"a", "b"}
        assert Counter("aaaabbbb--"[row] for row in found)["a"] in (0, 4)
    assert any(0 in found for found in drawn)
    assert any(8 in found for found in drawn)


def test_round__keeps_the_images_of_a_clip_together() -> None:
    metadata = clips("aaab-")
    order = round_order(np.array([0, 1, 2]), np.array([3, 4]), metadata, whole_clips=True)

    assert [(one.arm, one.number) for one in order if one.arm == "control"] == [("control", number) for number in range(3)]
    assert [one.arm for one in interleave_units([3], [1, 1])] == ["strategy", "control", "control", "control", "strategy"]


def test_quota__of_requirements_takes_whole_clips_too() -> None:
    found = choose_with_quota(
        vectors(range(6)),
        quota=3,
        wanted={"site": {"yard": 5}},
        budget=4,
        seed=1,
        labelled=[],
        labels=[],
        beliefs=None,
        metadata=[{**one, "site": "yard" if one["clip"] == "b" else "hall"} for one in clips("aabbcc")],
        objectives="random",
        vocabulary=(),
        min_distance=0.0,
        wishes=WHOLE,
    )

    assert found.picks.tolist()[:2] == [3, 2]
    assert found.strategy == ("requirements", "requirements", "random", "random")


@pytest.mark.parametrize(
    ("wishes", "more", "says"),
    [
        (Wishes(whole_clips=True, max_per_clip=2), {}, "whole_clips: wanted no max_per_clip"),
        (Wishes(whole_clips=True, min_clip_gap_s=2), {}, "whole_clips: wanted no max_per_clip and no min_clip_gap_s"),
        (WHOLE, {"min_distance": 0.1}, "whole_clips: wanted no min_distance"),
        (WHOLE, {"metadata": None}, "metadata: wanted them, with `clip`"),
    ],
)
def test_whole_clips__refuse_what_would_take_part_of_one(wishes: Wishes, more: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        choose(vectors([0, 1]), budget=1, seed=1, wishes=wishes, **{"metadata": clips("aa"), **more})  # type: ignore[arg-type]


def test_large_clips__are_named_with_what_to_do() -> None:
    said = said_of_large({"line:a.mp4": 600, "line:b.mp4": 500}, 240)

    assert said.startswith(" 2 clips are larger than the budget of 240 and cannot be selected whole: line:a.mp4 (600 images), ")
    assert "Set selection.budget to 600 or more" in said
    assert said_of_large({}, 240) == ""
