"""Tests of find_duplicates: an embedding is an angle, so that cosines can be checked by hand (cos 20° = .94, cos 30° = .87)."""

import math

import polars as pl
import pytest
from given import an_open_cycle, image_id
from given_images import AnImage, record
from given_version import a_version

from pipeline_tasks.errors import MissingStageError, SettingsError
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.find_duplicates import FindDuplicatesSummary
from pipeline_tasks.records.find_quality_issues import FindQualityIssuesSummary
from pipeline_tasks.stages.curate.find_duplicates import find_duplicates
from pipeline_tasks.stages.curate.find_quality_issues import find_quality_issues
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.duplicate_pair import DuplicatePair
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup

pytestmark = pytest.mark.slow

NIGHTS = ("2026-11-21", "2026-11-22", "2026-11-23")


def at(degrees: float) -> tuple[float, float]:
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))


def night(store: Store, number: int, *images: AnImage, **settings: object) -> FindDuplicatesSummary:
    cycle = an_open_cycle(store, NIGHTS[number], **settings)
    record(store, cycle.cycle_id, images)
    find_quality_issues(store, cycle)
    return find_duplicates(store, cycle)


def groups(store: Store) -> dict[str, str]:
    """Image → its group, by the images' names."""
    return {_name(one): _name(group) for one, group, contested in store.current(DuplicateGroup).rows() if not contested}


def contested(store: Store) -> set[tuple[str, str]]:
    return {(_name(one), _name(group)) for one, group, is_contested in store.current(DuplicateGroup).rows() if is_contested}


def split_groups(store: Store) -> dict[str, str]:
    return {_name(one): _name(group) for one, group in store.current(SplitGroup).rows()}


def give_split(store: Store, cycle_id: str, **splits: str) -> None:
    rows = [{"split_group_id": image_id(name), "split": split, "policy": "rest"} for name, split in splits.items()]
    store.finish(cycle_id, "select_images", FindQualityIssuesSummary(0, 0, {}), [(Split, pl.DataFrame(rows))])


def _name(one: str) -> str:
    return {image_id(name): name for name in "abcdefghijklmnopqrstuvwxyz"}[one]


def test_find_duplicates__joins_by_pixels_by_hash_and_by_embedding(store: Store) -> None:
    summary = night(
        store,
        0,
        AnImage("a", at(0), hash=0),
        AnImage("b", at(90), pixels="a"),
        AnImage("c", at(40), hash=0b111),
        AnImage("d", at(20)),
        AnImage("e", at(180)),
    )
    assert groups(store) == {"a": "a", "b": "a", "c": "a", "d": "a", "e": "e"}
    assert split_groups(store) == groups(store)
    pairs = {(_name(one), _name(other), method): value for one, other, method, value, *_ in store.history(DuplicatePair).rows()}
    assert pairs[("b", "a", "pixels")] == 0
    assert pairs[("c", "a", "hash")] == 3
    assert pairs[("d", "a", "embedding")] == pytest.approx(math.cos(math.radians(20)), abs=1e-6)
    assert (summary.exact, summary.near, summary.groups, summary.images_in_groups, summary.contested) == (1, 2, 1, 3, 0)


def test_find_duplicates__joins_no_equal_hashes_with_distant_embeddings(store: Store) -> None:
    night(store, 0, AnImage("a", at(0), hash=0), AnImage("b", at(60), hash=0))
    assert groups(store) == {"a": "a", "b": "b"}


def test_find_duplicates__joins_no_chain_whose_ends_differ(store: Store) -> None:
    night(store, 0, *(AnImage(name, at(20 * number)) for number, name in enumerate("abcd")))
    assert groups(store) == {"a": "a", "b": "a", "c": "c", "d": "c"}


def test_find_duplicates__joins_a_hash_chain_only_as_far_as_its_first_image_is_alike(store: Store) -> None:
    steps = (0b0, 0b111111, 0b111111111111, 0b111111111111111111)
    night(store, 0, *(AnImage(name, at(30 * number), hash=steps[number]) for number, name in enumerate("abcd")))
    assert groups(store) == {"a": "a", "b": "a", "c": "c", "d": "c"}


def test_find_duplicates__compares_with_all_earlier_nights(store: Store) -> None:
    night(store, 0, AnImage("a", at(0)))
    night(store, 1, AnImage("b", at(90)))
    summary = night(store, 2, AnImage("c", at(5)))
    assert groups(store) == {"a": "a", "b": "b", "c": "a"}
    assert (summary.images_searched, summary.images_in_history) == (1, 2)


def test_find_duplicates__takes_the_closest_of_several_groups(store: Store) -> None:
    night(store, 0, AnImage("a", at(0)), AnImage("b", at(40)), AnImage("c", at(22)))
    assert groups(store)["c"] == "b"


def test_find_duplicates__compares_quarantined_images_by_pixels_only(store: Store) -> None:
    blurred = {"sharpness": 1.0}
    summary = night(
        store, 0, AnImage("a", at(0), **blurred), AnImage("b", at(0), **blurred), AnImage("c", at(9), pixels="a", **blurred)
    )
    assert groups(store) == {"a": "a", "b": "b", "c": "a"}
    assert summary.compared_by_pixels_only == 3


BLURRED = {"sharpness": 3.0}
LOOSE = {"quality": {"min_sharpness": 2}}


def test_find_duplicates__searches_a_released_image_against_all_earlier_ones(store: Store) -> None:
    night(store, 0, AnImage("a", at(0)), AnImage("b", at(5), **BLURRED), AnImage("c", at(90), **BLURRED), AnImage("z", at(180)))
    assert groups(store) == {"a": "a", "b": "b", "c": "c", "z": "z"}

    summary = night(store, 1, AnImage("d", at(85)), **LOOSE)

    assert groups(store) == {"a": "a", "b": "a", "c": "c", "z": "z", "d": "c"}
    assert (summary.images_released, summary.images_searched, summary.images_in_history, summary.near) == (2, 3, 2, 2)
    assert night(store, 2, **LOOSE).images_released == 0, "they are searched once"


def test_find_duplicates__joins_two_released_duplicates_into_one_group(store: Store) -> None:
    night(store, 0, AnImage("a", at(0)), AnImage("b", at(5), **BLURRED), AnImage("c", at(5), pixels="b", **BLURRED))

    night(store, 1, **LOOSE)

    assert groups(store) == {"a": "a", "b": "a", "c": "a"}


def test_find_duplicates__contests_a_released_image_between_two_splits(store: Store) -> None:
    night(store, 0, AnImage("a", at(0)), AnImage("b", at(40)), AnImage("c", at(20), **BLURRED))
    give_split(store, NIGHTS[0], a="test", b="train")

    summary = night(store, 1, **LOOSE)

    assert contested(store) == {("c", "a"), ("c", "b")}
    assert summary.contested == 1
    assert groups(store) == {"a": "a", "b": "b"}


def test_find_duplicates__keeps_a_released_image_in_the_split_of_its_clip(store: Store) -> None:
    keys = {"duplicates": {"split_group_keys": ["clip"]}}
    clip = {"metadata": {"clip": "17"}}
    night(store, 0, AnImage("a", at(0)), AnImage("b", at(90), **clip), AnImage("c", at(5), **BLURRED, **clip), **keys)
    assert split_groups(store) == {"a": "a", "b": "b", "c": "b"}
    give_split(store, NIGHTS[0], a="test", b="train")

    night(store, 1, **keys, **LOOSE)

    assert contested(store) == {("c", "a")}, "its clip is in train, and what it shows in test"


def test_find_duplicates__joins_a_group_with_a_split_and_leaves_that_alone(store: Store) -> None:
    night(store, 0, AnImage("a", at(0)), AnImage("b", at(90)))
    give_split(store, NIGHTS[0], a="test", b="train")
    night(store, 1, AnImage("c", at(5)))
    assert split_groups(store)["c"] == "a"
    assert store.history(Split).height == 2


def test_find_duplicates__links_a_contested_image_to_both_groups(store: Store) -> None:
    night(store, 0, AnImage("a", at(0)), AnImage("b", at(40)))
    give_split(store, NIGHTS[0], a="test", b="train")
    summary = night(store, 1, AnImage("c", at(20)), AnImage("d", at(70), pixels="c"))
    assert contested(store) == {("c", "a"), ("c", "b"), ("d", "a"), ("d", "b")}
    assert set(split_groups(store)) == {"a", "b"}
    assert (summary.contested, summary.near) == (2, 0)


def test_find_duplicates__founds_no_group_on_a_contested_image(store: Store) -> None:
    night(store, 0, AnImage("a", at(0)), AnImage("b", at(40)))
    give_split(store, NIGHTS[0], a="test", b="train")
    night(store, 1, AnImage("c", at(20), hash=0))
    night(store, 2, AnImage("d", at(20), hash=0, sharpness=1), AnImage("e", at(20 + 60), hash=0))
    assert groups(store) == {"a": "a", "b": "b", "d": "d", "e": "e"}


def test_find_duplicates__merges_groups_of_one_split_and_keeps_the_split(store: Store) -> None:
    night(store, 0, AnImage("a", at(0), hash=0), AnImage("b", at(35), hash=0b111111111111))
    give_split(store, NIGHTS[0], b="train")
    summary = night(store, 1, AnImage("c", at(18), hash=0b111111))
    assert groups(store) == split_groups(store) == {"a": "a", "b": "a", "c": "a"}
    assert summary.groups_merged == 1
    assert store.history(Split).filter(policy="merged").rows() == [(image_id("a"), "train", "merged")]


def test_find_duplicates__rewrites_contested_rows_of_a_merged_group(store: Store) -> None:
    night(store, 0, AnImage("a", at(0), hash=0), AnImage("b", at(35), hash=0b111111111111), AnImage("t", at(70)))
    give_split(store, NIGHTS[0], b="train", t="test")
    night(store, 1, AnImage("c", at(52)))
    assert contested(store) == {("c", "b"), ("c", "t")}
    night(store, 2, AnImage("d", at(18), hash=0b111111))
    assert groups(store)["b"] == "a"
    assert contested(store) == {("c", "a"), ("c", "t")}


def test_find_duplicates__never_merges_groups_of_different_splits(store: Store) -> None:
    night(store, 0, AnImage("a", at(0), hash=0), AnImage("b", at(35), hash=0b111111111111))
    give_split(store, NIGHTS[0], a="test", b="train")
    night(store, 1, AnImage("c", at(18), hash=0b111111))
    assert groups(store) == {"a": "a", "b": "b"}
    assert contested(store) == {("c", "a"), ("c", "b")}


def test_find_duplicates__joins_the_images_of_a_clip_into_one_split_group(store: Store) -> None:
    clips = {"duplicates": {"split_group_keys": ["clip"]}}
    one, two = {"clip": "1"}, {"clip": "2"}
    night(store, 0, AnImage("a", at(0), metadata=one), AnImage("b", at(90), metadata=one), **clips)
    night(store, 1, AnImage("c", at(180), metadata=one), AnImage("d", at(270), metadata=two), **clips)
    assert groups(store) == {"a": "a", "b": "b", "c": "c", "d": "d"}
    assert split_groups(store) == {"a": "a", "b": "a", "c": "a", "d": "d"}


def test_find_duplicates__contests_an_image_whose_clip_and_likeness_disagree(store: Store) -> None:
    clips = {"duplicates": {"split_group_keys": ["clip", "day"]}}
    one, two = {"clip": "1", "day": "mon"}, {"clip": "2", "day": "tue"}
    night(store, 0, AnImage("a", at(0), metadata=one), AnImage("b", at(90), metadata=two), **clips)
    give_split(store, NIGHTS[0], a="test", b="train")
    night(store, 1, AnImage("c", at(5), metadata=two), AnImage("d", at(180), metadata={"clip": "1", "day": "tue"}), **clips)
    assert contested(store) == {("c", "a"), ("d", "d")}


def test_find_duplicates__joins_no_images_for_a_missing_key(store: Store) -> None:
    sites = {"duplicates": {"split_group_keys": ["site", "clip"]}}
    night(store, 0, AnImage("a", at(0)), AnImage("b", at(90)), AnImage("c", at(180), metadata={"site": ""}), **sites)
    night(store, 1, AnImage("d", at(270), metadata={"site": ""}), **sites)
    assert split_groups(store) == {"a": "a", "b": "b", "c": "c", "d": "d"}


def test_find_duplicates__joins_earlier_images_once_a_key_is_named(store: Store) -> None:
    clip = {"clip": "1"}
    night(store, 0, *(AnImage(name, at(90 * number), metadata=clip) for number, name in enumerate("abc")))
    give_split(store, NIGHTS[0], b="val")
    summary = night(store, 1, duplicates={"split_group_keys": ["clip"]})
    assert split_groups(store) == {"a": "a", "b": "a", "c": "a"}
    assert store.history(Split).filter(policy="merged").rows() == [(image_id("a"), "val", "merged")]
    assert summary.keys_in_two_splits == []


def test_find_duplicates__contests_images_of_a_new_key_whose_images_are_in_two_splits(store: Store) -> None:
    clip = {"clip": "1"}
    night(store, 0, AnImage("a", at(0), metadata=clip), AnImage("b", at(90), metadata=clip))
    give_split(store, NIGHTS[0], a="test", b="train")
    summary = night(store, 1, AnImage("c", at(180), metadata=clip), duplicates={"split_group_keys": ["clip"]})
    assert split_groups(store) == {"a": "a", "b": "b"}
    assert contested(store) == {("c", "c")}
    assert (summary.contested, summary.keys_in_two_splits) == (1, ["clip/inbox/1"])


GOLDEN = {"splits": {"golden": {"key_pattern": "^inbox:[gh]"}}}


def test_find_duplicates__puts_the_groups_of_golden_images_into_test(store: Store) -> None:
    night(store, 0, AnImage("a", at(0)), AnImage("g", at(5)), AnImage("b", at(90)), **GOLDEN)
    assert store.history(Split).rows() == [(image_id("a"), "test", "golden")]
    night(store, 1, AnImage("c", at(92)), AnImage("d", at(2)), duplicates={"split_group_keys": []}, **GOLDEN)
    assert split_groups(store)["d"] == "a"
    assert store.history(Split).height == 1


def test_find_duplicates__puts_earlier_images_into_test_once_they_are_named_golden(store: Store) -> None:
    night(store, 0, AnImage("g", at(0)), AnImage("a", at(5)), AnImage("h", at(180)))
    give_split(store, NIGHTS[0], h="train")
    night(store, 1, **GOLDEN)
    assert {_name(group): (split, why) for group, split, why in store.history(Split).rows()} == {
        "h": ("train", "rest"),
        "g": ("test", "golden"),
    }


def test_find_duplicates__contests_a_new_golden_image_that_duplicates_a_training_image(store: Store) -> None:
    night(store, 0, AnImage("a", at(0), hash=0), AnImage("b", at(120)))
    give_split(store, NIGHTS[0], a="train")
    night(store, 1, AnImage("g", at(5), hash=1), AnImage("c", at(6), hash=1), **GOLDEN)
    assert contested(store) == {("g", "a")}
    assert groups(store)["c"] == "a"
    assert {split for _, split, _ in store.history(Split).rows()} == {"train"}


def test_find_duplicates__contests_an_image_that_duplicates_a_golden_and_a_training_image(store: Store) -> None:
    night(store, 0, AnImage("a", at(0)))
    give_split(store, NIGHTS[0], a="train")
    night(store, 1, AnImage("g", at(40)), AnImage("c", at(20)), **GOLDEN)
    assert contested(store) == {("c", "a"), ("c", "g")}


def test_find_duplicates__refuses_a_golden_image_that_a_version_has_in_train(store: Store) -> None:
    a_version(store, [0, 1, 2])
    taught, judged = (store.history(Split).filter(split=split)["split_group_id"][0] for split in ("train", "test"))
    cycle = an_open_cycle(store, NIGHTS[1], splits={"golden": {"image_ids": [taught, judged]}})
    record(store, cycle.cycle_id, [])
    find_quality_issues(store, cycle)
    with pytest.raises(SettingsError, match=rf"found 1 in train or val of dataset version .*: {taught} \(train\)\. A split never"):
        find_duplicates(store, cycle)


def test_find_duplicates__ignores_the_component_that_all_images_share(store: Store) -> None:
    """Twenty images share one large component: plain cosines are all above .9, yet only the planted pair is one thing."""
    common = 4.0
    images = [
        AnImage(name, [common, *(float(number == position) for position in range(20))])
        for number, name in enumerate("abcdefghijklmnopqrst")
    ]
    near = AnImage("u", [common, 0.98, 0.05, *[0.0] * 18])
    night(store, 0, *images, near)
    assert groups(store) == {name: name for name in "abcdefghijklmnopqrst"} | {"u": "a"}


def test_find_duplicates__joins_a_night_of_one_repeated_image(store: Store) -> None:
    night(store, 0, *(AnImage(name, (1.0, 0.001 * number)) for number, name in enumerate("abcdefghijklmnopqrstuvwx")))
    assert set(groups(store).values()) == {"a"}


def test_find_duplicates__twice_gives_the_same_summary_and_tables(store: Store) -> None:
    first = night(store, 0, AnImage("a", at(0)), AnImage("b", at(5)))
    files = store.files(DuplicateGroup)
    assert find_duplicates(store, _cycle(store)) == first
    assert store.files(DuplicateGroup) == files


def test_find_duplicates__of_no_images_finds_none(store: Store) -> None:
    assert night(store, 0).images_searched == 0
    assert groups(store) == {}


def test_find_duplicates__requires_the_quality_issues(store: Store) -> None:
    cycle = an_open_cycle(store)
    record(store, cycle.cycle_id, [AnImage("a", at(0))])
    with pytest.raises(MissingStageError):
        find_duplicates(store, cycle)


def _cycle(store: Store) -> Cycle:
    return read_cycle(store, NIGHTS[0])
