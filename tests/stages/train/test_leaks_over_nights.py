"""Test of the leak report over two nights: pairs of the previous version are not compared again."""

from __future__ import annotations

import pytest
from given import an_open_cycle
from given_images import AnImage, record
from images.drawn_surfaces import a_scene, with_a_part, with_noise
from stages.train.test_build_dataset_version import label

from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version
from pipeline_tasks.storage.history.store import Store

pytestmark = pytest.mark.slow


def a_shot(name: str, kind: str) -> AnImage:
    place = (60 + 30 * "abcdefgh".index(name[1]), 150)
    return AnImage(name, (1, 0), drawn=with_noise(with_a_part(a_scene(4), kind, place), place[0]))


def test_build_dataset_version__keeps_different_parts_of_one_scene_and_compares_them_once(store: Store) -> None:
    cycle = an_open_cycle(store)
    record(store, cycle.cycle_id, [a_shot("aa", "ring"), a_shot("ab", "bolt"), a_shot("tc", "square")])
    label(store, cycle, {"aa": "bolt", "ab": "nut", "tc": "bolt"})
    first = build_dataset_version(store, cycle)
    assert (first.images, first.left_out) == (3, {})
    assert first.leak_report["pairs_aligned"] == 2

    later = an_open_cycle(store, "2026-11-22")
    record(store, later.cycle_id, [a_shot("ad", "square")])
    label(store, later, {"ad": "nut"})
    assert build_dataset_version(store, later).leak_report["pairs_aligned"] == 1

    changed = an_open_cycle(store, "2026-11-23", duplicates={"min_agreement": 0.9})
    assert build_dataset_version(store, changed).leak_report["pairs_aligned"] == 3
