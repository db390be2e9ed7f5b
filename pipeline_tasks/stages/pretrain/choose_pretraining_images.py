"""Choose the images that the backbone is pretrained on, and labelled ones to compare on; no image that judges models is used."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.datasets.golden import golden_images
from pipeline_tasks.images.quality import quarantined
from pipeline_tasks.pretraining.choosing import Pool, choose_images
from pipeline_tasks.records.choose_pretraining_images import ChoosePretrainingImagesSummary
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.records.open_pretraining import OpenPretrainingSummary
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.pretraining_image import PretrainingImage
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup

STAGE = "choose_pretraining_images"


def choose_pretraining_images(store: Store, cycle: Cycle) -> ChoosePretrainingImagesSummary:
    """Record the images. Erased ones are in no table any more.

    Raises:
        MissingStageError: the pretraining was not opened.
    """
    standing = store.finished(cycle.cycle_id, STAGE, ChoosePretrainingImagesSummary)
    if standing is not None:
        return standing
    plan, settings = store.summary(cycle.cycle_id, OpenPretrainingSummary), cycle.project.pretraining
    seed = derive_seed(plan.seed, "pretraining images")
    chosen = choose_images(_pool(store, cycle), images=settings.images, probe_images=settings.probe_images, seed=seed)
    version = store.state().dataset
    summary = ChoosePretrainingImagesSummary(
        trained_images=int(chosen.rows["is_trained"].sum()),
        probed_images=int(chosen.rows["is_probed"].sum()),
        left_out=chosen.left_out,
        dataset_id=None if version is None else version.dataset_id,
        dataset_cycle_id=None if version is None else version.cycle_id,
    )
    return store.finish(cycle.cycle_id, STAGE, summary, [(PretrainingImage, chosen.rows)])


def _pool(store: Store, cycle: Cycle) -> Pool:
    return Pool(
        images=_sizes(store),
        duplicate_groups=store.current(DuplicateGroup),
        split_groups=store.current(SplitGroup),
        splits=store.history(Split),
        quarantined=quarantined(store.history(QualityIssue, ["image_id", "rule", "value"]), cycle.project.quality),
        golden=_golden(store, cycle),
        labelled=_labelled(store),
        representative=cycle.project.duplicates.representative,
    )


def _sizes(store: Store) -> pl.DataFrame:
    """All images in history order, with what decides which of several copies is the best."""
    columns = ["image_id", "width_px", "height_px", "size_bytes"]
    images = store.history(Image, columns).unique("image_id", keep="first", maintain_order=True)
    return images.join(store.current(Measurement, ["image_id", "sharpness"]), on="image_id", how="left", maintain_order="left")


def _golden(store: Store, cycle: Cycle) -> frozenset[str]:
    settings = cycle.project.splits.golden
    return frozenset() if settings is None else golden_images(settings, store.history(Sighting, ["source", "key", "image_id"]))


def _labelled(store: Store) -> pl.DataFrame:
    """Training images of the newest dataset version."""
    columns, version = ["image_id", "split_group_id"], store.state().dataset
    if version is None:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    return store.read(DatasetImage, version.cycle_id).filter(pl.col("split").cast(pl.String) == "train").select(columns)
