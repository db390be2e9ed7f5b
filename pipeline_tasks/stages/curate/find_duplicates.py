"""Find new images that show the same thing as others, and which therefore must not straddle splits."""

from __future__ import annotations

import logging
from functools import partial

import polars as pl

from pipeline_tasks.datasets.golden import check_golden, golden_images
from pipeline_tasks.decoding.jpeg import decode_jpeg
from pipeline_tasks.errors import NotFoundError
from pipeline_tasks.images import duplicate_records
from pipeline_tasks.images.duplicate_groups import Link
from pipeline_tasks.images.duplicates import add_new_images
from pipeline_tasks.images.quality import quarantined
from pipeline_tasks.images.verdicts import Verdicts
from pipeline_tasks.images.views import View
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.find_duplicates import FindDuplicatesSummary
from pipeline_tasks.storage.blobs.thumbnails import read_thumbnail
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.embedding_rows import newest_backbone_digest, read_embeddings
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.duplicate_pair import TURNS, DuplicatePair
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.time_left import with_progress

STAGE = "find_duplicates"
logger = logging.getLogger(__name__)


def find_duplicates(store: Store, cycle: Cycle) -> FindDuplicatesSummary:
    """Compare the new images with each other and all history; extend duplicate groups and split groups.

    Raises:
        MissingStageError: find_quality_issues of this cycle has not been done.
        SettingsError: the golden set names an image that is in train or val of the newest dataset version.
    """
    standing = store.finished(cycle.cycle_id, STAGE, FindDuplicatesSummary)
    if standing is not None:
        return standing
    store.require(QualityIssue, cycle.cycle_id)
    known = _known(store, cycle)
    embeddings = read_embeddings(store, known.images["image_id"].to_list(), newest_backbone_digest(store))
    settings = cycle.project.duplicates
    images = duplicate_records.images(known, embeddings.vectors, embeddings.has_embedding, settings)
    verdicts = Verdicts(partial(_view, store, known.images["image_id"].to_list()), settings)
    groups = duplicate_records.groups(known, images, settings, verdicts)
    searched = known.images.height - known.first_new
    watch = partial(with_progress, of=searched, what="new images compared", logger=logger)
    found = add_new_images(images, groups, settings, duplicate_records.keys(known, groups, settings), verdicts, watch)
    rows, evidence = duplicate_records.rows(known, groups, found), found.links
    summary = FindDuplicatesSummary(
        images_searched=searched,
        images_in_history=known.first_new,
        images_released=len(known.released),
        exact=sum(any(link.method == "pixels" for link in links) for links in evidence.values()),
        near=sum(all(link.method != "pixels" for link in links) for one, links in evidence.items() if one not in groups.contested),
        groups=rows.groups_with_new,
        images_in_groups=sum(one >= known.first_new and one != group for one, group in groups.group_of.items()),
        groups_merged=len(groups.merged_into),
        contested=sum(one >= known.first_new for one in groups.contested),
        compared_by_pixels_only=int((~images.is_searchable[known.first_new :]).sum()),
        turned=sum(any(_is_turned(link) for link in links) for one, links in evidence.items() if one not in groups.contested),
        pairs_compared=verdicts.pairs,
        told_apart=len(found.denied.keys() - evidence.keys()),
        keys_in_two_splits=["/".join(key) for key in groups.split_groups.keys_in_two_splits()],
    )
    writes = [(DuplicatePair, rows.pairs), (DuplicateGroup, rows.groups), (SplitGroup, rows.split_groups), (Split, rows.splits)]
    return store.finish(cycle.cycle_id, STAGE, summary, writes)


def _view(store: Store, image_ids: list[str], image: int) -> View | None:
    """Small view of an image, made of its thumbnail; None if that is missing or damaged, because it is only a cache."""
    try:
        pixels = decode_jpeg(read_thumbnail(store.objects, image_ids[image]))
    except NotFoundError:
        return None
    return None if pixels is None else View(pixels)


def _is_turned(link: Link) -> bool:
    return link.comparison is not None and link.comparison.turn != TURNS[0]


def _known(store: Store, cycle: Cycle) -> duplicate_records.Known:
    """All images searched before, then the new ones, with their recorded groups."""
    duplicate_groups = store.current(DuplicateGroup)
    images = store.history(Image, ["image_id"]).unique(keep="first", maintain_order=True)
    sightings = store.history(Sighting) if _wants_sightings(cycle) else None
    issues = store.history(QualityIssue, ["image_id", "rule", "value"])
    unusable = quarantined(issues, cycle.project.quality)
    released = duplicate_records.to_search_again(duplicate_groups, _quarantined_before(store, issues) - unusable)
    is_searched = pl.col("image_id").is_in(duplicate_groups["image_id"].unique().to_list())
    is_released = pl.col("image_id").is_in(sorted(released))
    new = store.read(Image, cycle.cycle_id).select("image_id").filter(~is_searched)
    searched = images.filter(is_searched & ~is_released)
    return duplicate_records.Known(
        images=pl.concat([searched, images.filter(is_released), new]),
        first_new=searched.height,
        measurements=store.current(Measurement),
        quarantined=unusable,
        released=released,
        duplicate_groups=duplicate_groups,
        split_groups=store.current(SplitGroup),
        splits=store.history(Split),
        sightings=sightings if cycle.project.duplicates.split_group_keys else None,
        golden=_golden(store, cycle, sightings),
    )


def _quarantined_before(store: Store, issues: pl.DataFrame) -> frozenset[str]:
    """Images that were quarantined when duplicates were last searched, and were compared by pixels only."""
    before = next((one for one, stages in reversed(store.state().stages.items()) if STAGE in stages), None)
    return frozenset() if before is None else quarantined(issues, read_cycle(store, before).project.quality)


def _wants_sightings(cycle: Cycle) -> bool:
    return bool(cycle.project.duplicates.split_group_keys) or cycle.project.splits.golden is not None


def _golden(store: Store, cycle: Cycle, sightings: pl.DataFrame | None) -> frozenset[str]:
    """Images of the golden set, none of which may be in train or val of the newest dataset version."""
    settings, newest = cycle.project.splits.golden, store.state().dataset
    if settings is None or sightings is None:
        return frozenset()
    if newest is not None:
        check_golden(settings, store.read(DatasetImage, newest.cycle_id), newest.dataset_id)
    return golden_images(settings, sightings)
