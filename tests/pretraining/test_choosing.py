"""Tests of the choice of images: nothing that judges models is trained on, and the probe's images are held out whole."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from given import image_id

from pipeline_tasks.pretraining.choosing import Chosen, Pool, choose_images

IMAGES = tuple(image_id(number) for number in range(12))


def a_pool() -> Pool:
    """Twelve images, each a group of its own; 0 and 1 in test, 2 in val, 4 to 9 labelled for training."""
    rows = pl.DataFrame({"image_id": IMAGES, "width_px": 8, "height_px": 8, "size_bytes": 9, "sharpness": 1.0})
    return Pool(
        images=rows,
        duplicate_groups=pl.DataFrame({"image_id": IMAGES, "duplicate_group_id": IMAGES, "is_contested": False}),
        split_groups=pl.DataFrame({"image_id": IMAGES, "split_group_id": IMAGES}),
        splits=pl.DataFrame({"split_group_id": IMAGES[:10], "split": ["test", "test", "val", *["train"] * 7]}),
        quarantined=frozenset(),
        golden=frozenset(),
        labelled=pl.DataFrame({"image_id": IMAGES[4:10], "split_group_id": IMAGES[4:10]}),
        representative="first",
    )


def chosen(pool: Pool, images: int = 100, probe_images: int = 100, seed: int = 0) -> Chosen:
    return choose_images(pool, images=images, probe_images=probe_images, seed=seed)


def trained(found: Chosen) -> set[str]:
    return set(found.rows.filter("is_trained")["image_id"])


def probed(found: Chosen) -> set[str]:
    return set(found.rows.filter("is_probed")["image_id"])


def test_choose_images__takes_no_image_of_test_or_validation_and_holds_half_of_the_labelled_groups_out() -> None:
    found = chosen(a_pool())
    assert not trained(found) & set(IMAGES[:3])
    assert len(probed(found)) == 3
    assert probed(found) < set(IMAGES[4:10])
    assert trained(found) == set(IMAGES[3:]) - probed(found)
    assert found.left_out == {"test_or_validation": 3, "held_out_for_the_probe": 3}


def test_choose_images__leaves_out_golden_quarantined_and_contested_ones_and_duplicates() -> None:
    pool = a_pool()
    groups = pool.duplicate_groups.with_columns(
        duplicate_group_id=pl.when(pl.col("image_id") == IMAGES[11]).then(pl.lit(IMAGES[10])).otherwise("duplicate_group_id"),
        is_contested=pl.col("image_id") == IMAGES[3],
    )
    pool = replace(pool, duplicate_groups=groups, golden=frozenset({IMAGES[4]}), quarantined=frozenset({IMAGES[5]}))
    found = chosen(pool, probe_images=0)
    assert trained(found) == {IMAGES[number] for number in (6, 7, 8, 9, 10)}
    assert found.left_out == {"test_or_validation": 3, "golden": 1, "quarantined": 1, "contested": 1, "redundant": 1}
    assert not probed(chosen(pool)) & pool.golden


def test_choose_images__holds_unlabelled_images_of_the_probes_groups_out_too() -> None:
    pool = a_pool()
    clip = pool.split_groups.with_columns(
        split_group_id=pl.when(pl.col("image_id").is_in(IMAGES[8:])).then(pl.lit(IMAGES[8])).otherwise("split_group_id")
    )
    labelled = pl.DataFrame({"image_id": IMAGES[8:10], "split_group_id": [IMAGES[8]] * 2})
    others = pl.DataFrame({"image_id": IMAGES[4:5], "split_group_id": IMAGES[4:5]})
    found = next(
        found
        for seed in range(20)
        if len(probed(found := chosen(replace(pool, split_groups=clip, labelled=pl.concat([labelled, others])), seed=seed))) == 2
    )
    assert probed(found) == set(IMAGES[8:10])
    assert trained(found) == set(IMAGES[3:8])


def test_choose_images__draws_as_many_as_wanted_by_the_seed_alone() -> None:
    pool = a_pool()
    first = chosen(pool, images=4, probe_images=0)
    assert len(trained(first)) == 4
    assert first.left_out["over_the_limit"] == 5
    turned = replace(pool, images=pool.images.reverse(), splits=pool.splits.reverse())
    assert trained(chosen(turned, images=4, probe_images=0)) == trained(first)
    assert any(trained(chosen(pool, images=4, probe_images=0, seed=seed)) != trained(first) for seed in range(1, 4))


def test_choose_images__of_a_project_without_labels_holds_nothing_out() -> None:
    pool = a_pool()
    found = chosen(replace(pool, labelled=pool.labelled.clear(), splits=pool.splits.clear()))
    assert trained(found) == set(IMAGES)
    assert not probed(found)
