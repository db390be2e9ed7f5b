"""Conversion between tables and the leak search's arrays: a version's rows to numbers, results to rows and reasons."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_tasks.errors import LeakError
from pipeline_tasks.images.leaks import Leaks, SplitImages, find_leaks
from pipeline_tasks.images.verdicts import no_views
from pipeline_tasks.images.views import View
from pipeline_tasks.settings import DuplicateSettings
from pipeline_tasks.tables.leak import Leak
from pipeline_tasks.tables.table import Rows, check

NAMED_PAIRS = 5


@dataclass(frozen=True)
class LeakReport:
    """Leak report of a version: images that are left out, and the number of comparisons."""

    rows: Rows[Leak]
    reasons: dict[str, str]
    """Image → `leaks_into_test` or `leaks_into_val`."""
    counts: dict[str, int]
    """JSON-able: pairs_compared, compared_by_pixels_only, leaks_into_test, leaks_into_val, leaks_in_use."""


def leak_report(
    version: pl.DataFrame,
    measurements: pl.DataFrame,
    duplicate_groups: pl.DataFrame,
    vectors: npt.NDArray[np.float32],
    has_embedding: npt.NDArray[np.bool_],
    in_use: Collection[str],
    settings: DuplicateSettings,
    read_view: Callable[[str], View | None] = no_views,
    settled: Collection[str] = (),
) -> LeakReport:
    """Report on a version's rows (image_id, split); `vectors` are in row order, `in_use` are the previous version's images.

    `read_view` gives an image's small view by its id, if it has one. Pairs of `settled` ones were compared before.

    Raises:
        LeakError: more than `settings.max_leak_ratio` of the training and validation images would be left out.
    """
    images = _images(version, measurements, duplicate_groups, vectors, has_embedding)
    image_ids = version["image_id"].to_list()
    images = replace(images, settled={number for number, one in enumerate(image_ids) if one in settled})
    leaks = find_leaks(images, settings, lambda image: read_view(image_ids[image]))
    rows = [
        (*_named(image_ids, images, one.image), *_named(image_ids, images, one.other), one.method, one.value) for one in leaks.found
    ]
    frame = pl.DataFrame(rows, schema=Leak.column_names()[:-1], orient="row") if rows else Leak.create_empty().drop("was_in_use")
    frame = frame.with_columns(was_in_use=pl.col("image_id").is_in(list(in_use)))
    _refuse_too_many(frame, int((images.splits != "test").sum()), settings.max_leak_ratio)
    reasons = {row["image_id"]: f"leaks_into_{row['other_split']}" for row in frame.iter_rows(named=True)}
    return LeakReport(check(Leak, frame), reasons, _counts(frame, leaks, has_embedding))


def _named(image_ids: list[str], images: SplitImages, image: int) -> tuple[str, str]:
    return image_ids[image], str(images.splits[image])


def _images(
    version: pl.DataFrame,
    measurements: pl.DataFrame,
    duplicate_groups: pl.DataFrame,
    vectors: npt.NDArray[np.float32],
    has_embedding: npt.NDArray[np.bool_],
) -> SplitImages:
    """Measurements and groups in the order of the version's rows."""
    groups = duplicate_groups.filter(~pl.col("is_contested")).select("image_id", "duplicate_group_id")
    known = version.select("image_id").join(
        measurements.unique("image_id", keep="first"), on="image_id", how="left", maintain_order="left"
    )
    known = known.join(groups, on="image_id", how="left", maintain_order="left")
    return SplitImages(
        splits=version["split"].cast(pl.String).to_numpy().astype(np.str_),
        pixels=known["pixels_sha256"].to_list(),
        groups=known["duplicate_group_id"].to_list(),
        hashes=known["perceptual_hash"].fill_null(0).to_numpy().astype(np.uint64),
        vectors=vectors,
        has_embedding=has_embedding & known["perceptual_hash"].is_not_null().to_numpy(),
    )


def _refuse_too_many(frame: pl.DataFrame, images: int, max_ratio: float) -> None:
    if frame.height <= max_ratio * images:
        return
    raise LeakError(
        f"{frame.height} of {images} training and validation images are near-duplicates of another split; "
        f"duplicates.max_leak_ratio allows {max_ratio:.0%}. Look at some pairs (`python -m pipeline_tasks explain IMAGE_ID`). "
        "If they show different things, raise duplicates.min_agreement or lower max_difference; where thumbnails are gone, raise "
        "min_embedding_cosine and min_centred_cosine, or lower max_hash_distance. If they show the same, add what they share "
        "(clip, site, device, day) to duplicates.split_group_keys, for later images. The next cycle uses the changed settings."
        + "".join(map(_pair, frame.rows(named=True)[:NAMED_PAIRS]))
    )


def _pair(row: dict[str, object]) -> str:
    said = f"{row['method']} {row['value']:.4g}"
    return f"\n  {row['image_id']} ({row['split']}) and {row['other_image_id']} ({row['other_split']}): {said}"


def _counts(frame: pl.DataFrame, leaks: Leaks, has_embedding: npt.NDArray[np.bool_]) -> dict[str, int]:
    return {
        "pairs_compared": leaks.pairs_compared,
        "compared_by_pixels_only": int((~has_embedding).sum()),
        "pairs_aligned": leaks.pairs_aligned,
        "leaks_into_test": frame.filter(pl.col("other_split").cast(pl.String) == "test").height,
        "leaks_into_val": frame.filter(pl.col("other_split").cast(pl.String) == "val").height,
        "leaks_in_use": frame.filter(pl.col("was_in_use")).height,
    }
