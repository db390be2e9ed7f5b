"""Conversion between tables and the duplicate search's arrays: image ids to numbers in history order, results to rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_tasks.images.duplicate_groups import DuplicateGroups, Link, changed, standing_groups
from pipeline_tasks.images.duplicates import Evidence, Images
from pipeline_tasks.images.likeness import likeness_of
from pipeline_tasks.images.split_groups import Key, SplitGroups
from pipeline_tasks.images.verdicts import Verdicts
from pipeline_tasks.settings import DuplicateSettings
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.duplicate_pair import DuplicatePair
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.tables.table import Rows, check


@dataclass(frozen=True)
class Known:
    """Table rows of the images that were searched before, followed by the new ones: those released tonight, then tonight's."""

    images: pl.DataFrame
    """One column, `image_id`, in history order; the new ones start at `first_new`."""
    first_new: int
    measurements: pl.DataFrame
    quarantined: frozenset[str]
    duplicate_groups: pl.DataFrame
    split_groups: pl.DataFrame
    splits: pl.DataFrame
    sightings: pl.DataFrame | None
    """None if the project has no split group keys."""
    golden: frozenset[str] = frozenset()
    """Images of the golden set."""
    released: frozenset[str] = frozenset()
    """Those of the new ones that were quarantined before, and have groups of their own among the recorded ones."""

    def numbers(self) -> dict[str, int]:
        """Image id → the image's number."""
        return {one: number for number, one in enumerate(self.images["image_id"].to_list())}


@dataclass(frozen=True)
class FoundRows:
    """Rows that the search adds to the tables: for the new images and for those whose group was merged."""

    pairs: Rows[DuplicatePair]
    groups: Rows[DuplicateGroup]
    split_groups: Rows[SplitGroup]
    splits: Rows[Split]
    """Splits of groups that had none and were merged with a group that has one, or that hold a golden image."""
    groups_with_new: int


def to_search_again(duplicate_groups: pl.DataFrame, released: frozenset[str]) -> frozenset[str]:
    """Released images that are in no group with others, and not contested: while quarantined they were compared by pixels only."""
    is_bound = ~pl.col("image_id").is_in(sorted(released)) | pl.col("is_contested")
    bound = duplicate_groups.filter(is_bound)["duplicate_group_id"]
    free = duplicate_groups.filter(~is_bound, ~pl.col("duplicate_group_id").is_in(bound.unique().implode()))
    return frozenset(free["image_id"])


def images(
    known: Known, vectors: npt.NDArray[np.float32], has_embedding: npt.NDArray[np.bool_], settings: DuplicateSettings
) -> Images:
    """Measurements and embeddings in the order of the images."""
    measured = known.images.join(known.measurements, on="image_id", how="left", maintain_order="left")
    is_searchable = has_embedding & ~measured["image_id"].is_in(list(known.quarantined)).to_numpy()
    return Images(
        pixels=measured["pixels_sha256"].to_list(),
        hashes=measured["perceptual_hash"].to_numpy().astype(np.uint64),
        likeness=likeness_of(vectors, is_searchable, settings),
        is_searchable=is_searchable,
        first_new=known.first_new,
    )


def groups(known: Known, images: Images, settings: DuplicateSettings, verdicts: Verdicts) -> DuplicateGroups:
    """Groups recorded by earlier cycles."""
    number = known.numbers()
    stays = ~pl.col("image_id").is_in(sorted(known.released))
    recorded = known.duplicate_groups.filter(stays).select("image_id", "duplicate_group_id", "is_contested")
    group_of, contested = standing_groups([(number[one], number[group], flag) for one, group, flag in recorded.iter_rows()])
    split_group_of = {number[one]: number[group] for one, group in known.split_groups.iter_rows()}
    splits = {number[group]: split for group, split in reversed(known.splits.select("split_group_id", "split").rows())}
    return DuplicateGroups(
        split_groups=SplitGroups(split_group_of, splits, {number[one] for one in known.golden if one in number}),
        group_of=group_of,
        contested=contested,
        is_searchable=images.is_searchable.tolist(),
        resembles=partial(_resembles, images, verdicts),
        mirrored_is_same=settings.mirrored_is_same,
    )


def _resembles(images: Images, verdicts: Verdicts, image: int, anchor: int) -> bool:
    """Return True if an image may stay with an anchor when groups merge."""
    comparison = None if image == anchor else verdicts.of(image, anchor)
    return images.likeness.is_near(image, anchor) if comparison is None else verdicts.same(comparison)


def keys(known: Known, groups: DuplicateGroups, settings: DuplicateSettings) -> dict[int, list[Key]]:
    """Split group keys of each image from all its sightings; earlier images that share one are joined unless splits differ.

    A clip is specific to its source; a site, a device or a day is the same in all sources. If a sighting has no value for a key,
    the image shares that key with no other.
    """
    found: dict[int, list[Key]] = {}
    number = known.numbers()
    for row in [] if known.sightings is None else known.sightings.iter_rows(named=True):
        image = number.get(row["image_id"])
        if image is not None:
            values = [(key, row[key]) for key in settings.split_group_keys if row[key]]
            found.setdefault(image, []).extend(
                (key, row["source"], value) if key == "clip" else (key, value) for key, value in values
            )
    for image in sorted(found):
        if image < known.first_new and image in groups.group_of:
            groups.split_groups.join_by_keys(image, found[image])
    return found


def rows(known: Known, groups: DuplicateGroups, evidence: Evidence) -> FoundRows:
    """Rows that are new or differ from the tables, in history order."""
    image_ids = known.images["image_id"].to_list()
    number = known.numbers()
    recorded = known.duplicate_groups.filter(~pl.col("is_contested")).select("image_id", "duplicate_group_id")
    moved = changed({number[one]: number[group] for one, group in recorded.iter_rows()}, groups.group_of)
    members = [(image_ids[one], image_ids[group], False) for one, group in moved.items()]
    split_before = {number[one]: number[group] for one, group in known.split_groups.iter_rows()}
    split_now = {one: groups.split_groups.find(one) for one in groups.group_of}
    split_rows = [(image_ids[one], image_ids[group]) for one, group in changed(split_before, split_now).items()]
    pair_rows = [
        _pair(image_ids, one, link) for found in (evidence.links, evidence.denied) for one, links in found.items() for link in links
    ]
    recorded_splits = [(image_ids[group], split, "merged") for group, split in sorted(groups.split_groups.inherited.items())]
    recorded_splits += [(image_ids[group], "test", "golden") for group in groups.split_groups.claimed()]
    return FoundRows(
        pairs=check(DuplicatePair, _frame(DuplicatePair, sorted(pair_rows, key=lambda row: row[:3]))),
        groups=check(DuplicateGroup, _frame(DuplicateGroup, members + _contested_rows(known, groups, image_ids))),
        split_groups=check(SplitGroup, _frame(SplitGroup, split_rows)),
        splits=check(Split, _frame(Split, recorded_splits)),
        groups_with_new=sum(len(group) > 1 and group[-1] >= known.first_new for group in groups.members.values()),
    )


def _pair(image_ids: Sequence[str], image: int, link: Link) -> tuple[object, ...]:
    """Row of a link, with the figures of the comparison if there was one."""
    names, found = (image_ids[image], image_ids[link.other]), link.comparison
    figures = (None,) * 4 if found is None else (found.turn, found.overlap_ratio, found.agreement, found.difference)
    return (*names, link.method, link.value, link.is_same, *figures)


def _contested_rows(known: Known, groups: DuplicateGroups, image_ids: Sequence[str]) -> list[tuple[str, str, bool]]:
    """New contested images, and earlier ones that are linked to a group which was merged since."""
    found: list[tuple[str, str, bool]] = []
    for image, linked in sorted(groups.contested.items()):
        if image >= known.first_new or any(group in groups.merged_into for group in linked):
            found += [(image_ids[image], image_ids[group], True) for group in sorted({groups.current(one) for one in linked})]
    return found


def _frame(table: type[DuplicatePair | DuplicateGroup | SplitGroup | Split], rows: Sequence[tuple[object, ...]]) -> pl.DataFrame:
    return (
        pl.DataFrame(list(rows), schema=table.column_names(), orient="row", infer_schema_length=None)
        if rows
        else table.create_empty()
    )
