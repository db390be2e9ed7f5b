from __future__ import annotations

import polars as pl
from given import image_id

from pipeline_tasks.datasets.slices import members_of, slice_test_images, without_golden

NAMES = {image_id(name): name for name in "abcdef"}
ROWS = pl.DataFrame(
    {
        "image_id": [image_id(name) for name in "abcdef"],
        "split": ["test", "test", "test", "train", "val", "test"],
        "is_control": [True, True, False, False, False, False],
    }
)


def slices(golden: str = "", recent: str = "", *, is_curated: bool = False) -> pl.DataFrame:
    ids = ({image_id(name) for name in names} for names in (golden, recent))
    return slice_test_images(ROWS, *ids, is_curated=is_curated)


def members(found: pl.DataFrame) -> dict[str, str]:
    test = ROWS.filter(pl.col("split") == "test")
    return {name: "".join(sorted(NAMES[one] for one in rows["image_id"])) for name, rows in members_of(test, found).items()}


def test_slice_test_images__holds_test_images_only_and_golden_ones_once() -> None:
    assert members(slices(golden="ade", recent="abdef")) == {"golden": "a", "recent": "bf"}
    assert members(slices(golden="a", is_curated=True)) == {"golden": "a", "control": "b"}
    assert members(slices()) == {}


def test_without_golden__keeps_the_representative_test_images() -> None:
    test = ROWS.filter(pl.col("split") == "test")
    assert [NAMES[one] for one in without_golden(test, slices(golden="af", recent="bc"))["image_id"]] == ["b", "c"]
    assert without_golden(test, slices()).equals(test)
