"""Tests over many nights: a split never changes, and split groups never straddle splits."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from given import an_open_cycle, image_id
from given_images import AnImage, record
from hypothesis import HealthCheck, settings
from hypothesis import given as given_any
from hypothesis import strategies as st

from pipeline_tasks.stages.curate.find_duplicates import find_duplicates
from pipeline_tasks.stages.curate.find_quality_issues import find_quality_issues
from pipeline_tasks.stages.curate.select_images import select_images
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup

pytestmark = pytest.mark.slow

IMAGES = st.tuples(st.integers(0, 71), st.sampled_from([None, "1", "2", "3", "4"]), st.sampled_from([None, "x", "y"]))
"""Position of an image on the circle (steps of 5 degrees), its clip, its site."""
NIGHTS = st.lists(st.lists(IMAGES, max_size=8), min_size=2, max_size=4)
KEYS = st.sampled_from([[], ["clip"], ["clip", "site"]])


def run(store: Store, cycle_id: str, images: Sequence[AnImage], keys: list[str], policy: str) -> None:
    cycle = an_open_cycle(
        store,
        cycle_id,
        duplicates={"split_group_keys": keys},
        selection={"budget": 5, "first_round_control_ratio": 0.4, "control_ratio": 0.4, "val_ratio": 0.3},
        splits={"policy": policy, "curated_test_ratio": 0.4},
    )
    record(store, cycle_id, images)
    find_quality_issues(store, cycle)
    find_duplicates(store, cycle)
    select_images(store, cycle)


def splits_now(store: Store) -> dict[str, str]:
    """Image → its split, as `build_dataset_version` reads it; contested images and those without a split have none."""
    recorded: dict[str, str] = {}
    for group, split, _ in store.history(Split).rows():
        recorded.setdefault(group, split)
    contested = set(store.current(DuplicateGroup).filter("is_contested")["image_id"])
    return {one: recorded[group] for one, group in store.current(SplitGroup).rows() if group in recorded and one not in contested}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given_any(nights=NIGHTS, keys=KEYS, policy=st.sampled_from(["random", "curated"]))
def test_splits__never_change_and_are_never_straddled(
    nights: list[list[tuple[int, str | None, str | None]]], keys: list[str], policy: str
) -> None:
    store, before, carried = Store(MemoryObjects()), dict[str, str](), dict[str, list[tuple[str, str]]]()
    for number, night in enumerate(nights):
        images = []
        for place, (step, clip, site) in enumerate(night):
            name, angle = f"{number}/{place}", math.radians(5 * step)
            values = {key: value for key, value in (("clip", clip), ("site", site)) if value is not None}
            images.append(AnImage(name, (math.cos(angle), math.sin(angle)), metadata=values))
            carried[image_id(name)] = [(key, value) for key, value in values.items() if key in keys]
        run(store, f"2026-11-{21 + number}", images, keys, policy)
        now = splits_now(store)

        assert {one: now.get(one) for one in before} == before
        together = [store.current(DuplicateGroup).filter(~contested_rows(store)).select("image_id", "duplicate_group_id").rows()]
        together.append([(one, "/".join(key)) for one, found in carried.items() for key in found])
        for pairs in together:
            used: dict[str, set[str]] = {}
            for one, what in pairs:
                used.setdefault(what, set()).update({now[one]} if one in now else set())
            assert all(len(splits) <= 1 for splits in used.values())
        before = now


def contested_rows(store: Store) -> object:
    return store.current(DuplicateGroup)["is_contested"]
