"""Say what the pretraining gained: a linear model on old and new embeddings of labelled images that it has not seen.

Nothing uses the weights until a person names them in the project file; this figure is what the person decides by.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipeline_tasks.backbones.pretrained import PretrainedBackbone, check_network
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.pretraining.probe import Labelled, probe
from pipeline_tasks.records.choose_pretraining_images import ChoosePretrainingImagesSummary
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.records.export_backbone import ExportBackboneSummary
from pipeline_tasks.records.open_pretraining import OpenPretrainingSummary
from pipeline_tasks.records.probe_backbone import ProbeBackboneSummary
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.version_rows import named_rows
from pipeline_tasks.tables.dataset_image import LABEL_NAME, DatasetImage
from pipeline_tasks.tables.pretraining_image import PretrainingImage
from pipeline_tasks.training_data.pretraining_images import PretrainingImages, find_pretrained

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.decoding.decoder import Decoder

STAGE = "probe_backbone"
FITTED_IMAGES = 2000
"""Most labelled images beside the held-out ones: the cost of a fit grows with the cube."""


def probe_backbone(store: Store, cycle: Cycle, decoder: Decoder, backbone: Backbone, work_folder: Path) -> ProbeBackboneSummary:
    """Compare the backbones, or say why they cannot be compared.

    Raises:
        MissingStageError: the pretraining has not been exported.
    """
    standing = store.finished(cycle.cycle_id, STAGE, ProbeBackboneSummary)
    if standing is not None:
        return standing
    exported = store.summary(cycle.cycle_id, ExportBackboneSummary)
    if exported.pretrained is None:
        return store.finish(cycle.cycle_id, STAGE, ProbeBackboneSummary(why=f"Nothing was trained: {exported.skipped}."))
    summary = _probed(store, cycle, decoder, backbone, exported.pretrained, work_folder)
    return store.finish(cycle.cycle_id, STAGE, summary)


def _probed(
    store: Store, cycle: Cycle, decoder: Decoder, backbone: Backbone, pretrained: str, work_folder: Path
) -> ProbeBackboneSummary:
    use = f"Nothing uses it until the project file says backbone.pretrained: {pretrained}"
    rows = _labelled_rows(store, cycle)
    if rows is None:
        return ProbeBackboneSummary(why=f"Nothing was compared: there is no dataset version. {use}", pretrained=pretrained)
    labelled = _as_arrays(rows)
    if labelled.why_not:
        return ProbeBackboneSummary(why=f"Nothing was compared: {labelled.why_not}. {use}", pretrained=pretrained)
    files = find_pretrained(store, pretrained)
    new = PretrainedBackbone(check_network(backbone, files.name, files), files, work_folder / "pretrained")
    images = PretrainingImages(store, decoder, rows["image_id"].to_list(), backbone.side_px)
    before, after = images.embedded([backbone, new])
    plan = store.summary(cycle.cycle_id, OpenPretrainingSummary)
    found = probe(before, after, labelled, derive_seed(plan.seed, "probe"))
    return ProbeBackboneSummary(
        why=f"{found.words}. {use}",
        pretrained=pretrained,
        is_gain=found.low > 0,
        images=found.images,
        groups=found.groups,
        fitted_images=found.fitted_images,
        before=found.before,
        after=found.after,
        gain=found.gain,
        gain_low=found.low,
        gain_high=found.high,
    )


def _labelled_rows(store: Store, cycle: Cycle) -> pl.DataFrame | None:
    """image_id, split_group_id, is_probed and names of the version's labelled training images; None without a version."""
    dataset_cycle_id = store.summary(cycle.cycle_id, ChoosePretrainingImagesSummary).dataset_cycle_id
    if dataset_cycle_id is None:
        return None
    probed = store.read(PretrainingImage, cycle.cycle_id).filter("is_probed")["image_id"].to_list()
    named = kind_of(cycle.project).changes.in_rows(named_rows(store, dataset_cycle_id)).filter(pl.col(LABEL_NAME).is_not_null())
    names = named.group_by("image_id").agg(pl.col(LABEL_NAME).unique().sort().alias("names"))
    rows = store.read(DatasetImage, dataset_cycle_id).filter(pl.col("split").cast(pl.String) == "train")
    rows = rows.select("image_id", "split_group_id").join(names, on="image_id").sort("image_id")
    rows = rows.with_columns(is_probed=pl.col("image_id").is_in(probed))
    return pl.concat([rows.filter("is_probed"), rows.filter(~pl.col("is_probed")).head(FITTED_IMAGES)])


def _as_arrays(rows: pl.DataFrame) -> Labelled:
    vocabulary = sorted({name for names in rows["names"] for name in names})
    return Labelled(
        names=np.array([[one in names for one in vocabulary] for names in rows["names"].to_list()], np.bool_),
        groups=(rows["split_group_id"].rank("dense") - 1).to_numpy().astype(np.int64),
        is_probed=rows["is_probed"].to_numpy().astype(np.bool_),
    )
