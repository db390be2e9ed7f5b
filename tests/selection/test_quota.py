"""Tests of the part of a selection that goes to what a project's requirements lack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import given
import numpy as np

from pipeline_tasks.selection.choosing import Selection
from pipeline_tasks.selection.clips import clip_of
from pipeline_tasks.selection.quota import Lacking, choose_with_quota
from pipeline_tasks.selection.wishes import Wishes

SITES = ["hall"] * 15 + ["yard"] * 5


def picked(
    wanted: Mapping[str, Mapping[str, float]],
    quota: int = 3,
    *,
    wishes: Wishes | None = None,
    sites: Sequence[str] = SITES,
    labelled: Sequence[int] = (),
) -> Selection:
    angles = np.radians(np.arange(len(sites)) * 3.0)
    return choose_with_quota(
        np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32),
        quota=quota,
        wanted=wanted,
        budget=6,
        seed=1,
        labelled=labelled,
        labels=[None] * len(labelled),
        beliefs=None,
        metadata=[{"site": site, "clip": site} for site in sites],
        objectives="random",
        vocabulary=(),
        min_distance=0.0,
        wishes=wishes or Wishes(),
    )


def test_quota__goes_to_what_is_short_and_the_rest_by_the_objectives() -> None:
    found = picked({"site": {"yard": 10}})

    assert [SITES[row] for row in found.picks[:3]] == ["yard"] * 3
    assert found.strategy == ("requirements",) * 3 + ("random",) * 3
    assert found.reasons[0] == "site yard, which has fewer labels than required"
    assert len(set(found.picks.tolist())) == 6
    assert all(len(scores) == 6 for scores in found.scores.values())


def test_quota__ends_where_nothing_is_short_any_more() -> None:
    assert picked({"site": {"yard": 1}}).strategy.count("requirements") == 1
    assert picked({"site": {"yard": 1}}, labelled=[19]).strategy.count("requirements") == 0


def test_quota__of_nothing_that_an_image_has_changes_no_pick() -> None:
    without = picked({}).picks.tolist()

    assert picked({"device": {"cam9": 5}}).picks.tolist() == without
    assert picked({"class": {"nut": 5}}).picks.tolist() == without
    assert picked({"site": {"moon": 5}}).picks.tolist() == without
    assert picked({"site": {"yard": 5}}, quota=0).picks.tolist() == without


def test_quota__counts_towards_the_limit_of_its_own_sources_clip() -> None:
    assert clip_of({"clip": "x", "clip_source": "line"}) != clip_of({"clip": "x", "clip_source": "yard"})
    assert clip_of({"clip_source": "line"}) is None


def test_quota__counts_towards_the_limit_of_a_clip() -> None:
    found = picked({"site": {"yard": 10}}, wishes=Wishes(max_per_clip=3))

    assert [SITES[row] for row in found.picks].count("yard") == 3


def test_lacking__reserves_picks_for_names_below_the_least_share_beside_the_requirements() -> None:
    labeling = {"deadline_s": 60, "least_share": 0.1}
    required = {"classes": {"nut": 20, "bolt": 5}, "sites": {"yard": 3}, "quota_ratio": 0.5}
    short = {"nut": 7, "gear": 9}

    alone = Lacking(given.a_project(labeling=labeling), short)
    assert alone.quota(40, ["bolt", "gear"]) == (10, {"class": {"gear": 9}}), "the model does not know nuts yet"
    assert alone.quota(40, []) == (0, {})
    both = Lacking(given.a_project(labeling=labeling, requirements=required), short)
    assert both.quota(40, ["nut", "gear"]) == (20, {"class": {"nut": 20, "bolt": 5, "gear": 9}, "site": {"yard": 3}})
