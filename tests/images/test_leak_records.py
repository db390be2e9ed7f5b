from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from given import image_id

from pipeline_tasks.errors import LeakError
from pipeline_tasks.images.leak_records import LeakReport, leak_report
from pipeline_tasks.settings import DuplicateSettings

SPLITS = {"a": "train", "v": "val", "t": "test"}


def report(names: Sequence[str], pixels: Sequence[str], in_use: Sequence[str] = (), **settings: float) -> LeakReport:
    """Images whose split is the first letter of their names, none of them with an embedding."""
    ids = [image_id(name) for name in names]
    version = pl.DataFrame({"image_id": ids, "split": [SPLITS[name[0]] for name in names]})
    measurements = pl.DataFrame({"image_id": ids, "pixels_sha256": pixels, "perceptual_hash": [0] * len(ids)})
    groups = pl.DataFrame({"image_id": ids, "duplicate_group_id": ids, "is_contested": [False] * len(ids)})
    vectors, has_embedding = np.zeros((len(ids), 0), np.float32), np.zeros(len(ids), np.bool_)
    used = [image_id(name) for name in in_use]
    return leak_report(version, measurements, groups, vectors, has_embedding, used, DuplicateSettings(**settings))  # type: ignore[arg-type]


def test_leak_report__names_the_pair_the_reason_and_what_was_in_use() -> None:
    found = report(["a1", "a2", "a3", "v1", "t1", "a4"], ["p", "q", "r", "q", "p", "s"], in_use=["a1", "a4"])

    assert found.reasons == {image_id("a1"): "leaks_into_test", image_id("a2"): "leaks_into_val"}
    assert found.rows.select("image_id", "split", "other_image_id", "other_split", "method", "was_in_use").rows() == [
        (image_id("a1"), "train", image_id("t1"), "test", "pixels", True),
        (image_id("a2"), "train", image_id("v1"), "val", "pixels", False),
    ]
    assert found.counts == {
        "pairs_compared": 5 + 3,
        "compared_by_pixels_only": 6,
        "pairs_aligned": 0,
        "leaks_into_test": 1,
        "leaks_into_val": 1,
        "leaks_in_use": 1,
    }


def test_leak_report__of_different_images_is_empty() -> None:
    found = report(["a1", "t1"], ["p", "q"])

    assert found.rows.is_empty()
    assert found.reasons == {}


def test_leak_report__refuses_a_version_that_would_lose_too_many_and_says_what_to_do() -> None:
    with pytest.raises(LeakError, match="2 of 3 training and validation images are near-duplicates") as error:
        report(["a1", "a2", "v1", "t1"], ["p", "p", "q", "p"])

    assert f"{image_id('a1')} (train) and {image_id('t1')} (test): pixels 0" in str(error.value)
    assert "duplicates.max_leak_ratio allows 50%" in str(error.value)
    assert "split_group_keys" in str(error.value)
    assert len(report(["a1", "a2", "v1", "t1"], ["p", "p", "q", "p"], max_leak_ratio=0.7).reasons) == 2
