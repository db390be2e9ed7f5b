"""Make the labels of a labelled set those of the project's images; answers of people stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.annotations.votes import objects_by
from pipeline_tasks.datasets.manifest import EMPTY_DIGEST, label_digests
from pipeline_tasks.errors import NotFoundError
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.labelled_sets.joining import CONTRADICTING, OTHER_SIZE, Joined, joined
from pipeline_tasks.labelled_sets.reading import left_out_rows
from pipeline_tasks.labelled_sets.splitting import SetSplits, set_splits
from pipeline_tasks.labelled_sets.unpacking import forget_unpacked
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.records.import_labels import ImportLabelsSummary
from pipeline_tasks.records.labelled_set import TRAIN
from pipeline_tasks.records.open_import import OpenImportSummary
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.reports.import_page import MOST_SHOWN, ImportData, ShownLabel, render_import
from pipeline_tasks.storage.blobs.report_files import PAGE, write_report_file
from pipeline_tasks.storage.blobs.thumbnails import read_thumbnail
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.dataset_image import LABEL_NAME
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.imported_label import ImportedLabel
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject, SetObject
from pipeline_tasks.tables.rejected_sighting import RejectedSighting
from pipeline_tasks.tables.set_image import SetImage
from pipeline_tasks.tables.set_left_out import SetLeftOut
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.tables.table import Rows, check

STAGE = "import_labels"
SHOWN_PLACES = 3
OF_KNOWN_IMAGES = (OTHER_SIZE, CONTRADICTING)
"""Reasons whose places name images of the project: an erasure must find no name of one on the page."""


@dataclass(frozen=True)
class _Sorted:
    """The set's labels by what becomes of them; each has the columns of `Joined.labels`."""

    new: pl.DataFrame
    changed: pl.DataFrame
    unchanged: pl.DataFrame
    of_people: pl.DataFrame

    @property
    def written(self) -> pl.DataFrame:
        """Labels that this import writes."""
        return pl.concat([self.new, self.changed]).sort("image_id")


def import_labels(store: Store, cycle: Cycle, space: Path) -> ImportLabelsSummary:
    """Join the frozen labels with the images that were taken in, and record those that are new, with their origin and splits.

    An image that people have answered about keeps their label. One that has this label already gets no second row. What the import
    unpacked below `space` is removed. A page says what came of the set, as a night's report does.

    Raises:
        MissingStageError: open_import or find_duplicates of this cycle has not been done.
    """
    summary = store.finished(cycle.cycle_id, STAGE, ImportLabelsSummary) or _imported(store, cycle)
    write_report_file(store.objects, cycle.cycle_id, PAGE, render_import(_page(store, cycle, summary)).encode())
    forget_unpacked(space)
    return summary


def _imported(store: Store, cycle: Cycle) -> ImportLabelsSummary:
    opened = store.summary(cycle.cycle_id, OpenImportSummary)
    store.require(SplitGroup, cycle.cycle_id)
    found = _joined(store, cycle, opened.set_name)
    labels = _sorted(store, cycle, found.labels)
    splits, splits_standing = _splits(store, cycle, opened, found.labels)
    objects = _objects(store, cycle, labels.written)
    summary = ImportLabelsSummary(
        set_name=opened.set_name,
        images=opened.images,
        labels_new=labels.new.height,
        labels_changed=labels.changed.height,
        labels_unchanged=labels.unchanged.height,
        kept_of_people=labels.of_people.height,
        left_out={one.reason: one.count for one in found.left_out},
        images_by_class=dict(sorted(Counter(objects[LABEL_NAME].drop_nulls()).items())),
        splits=dict(splits.images),
        splits_standing=splits_standing,
        groups_in_two_splits=splits.in_two,
    )
    return store.finish(
        cycle.cycle_id,
        STAGE,
        summary,
        [
            (Label, _labels(cycle, labels.written)),
            (LabelObject, objects),
            (ImportedLabel, _origins(cycle, opened, labels.written)),
            (Split, splits.rows),
            (SetLeftOut, left_out_rows(opened.set_name, found.left_out)),
        ],
    )


def _page(store: Store, cycle: Cycle, summary: ImportLabelsSummary) -> ImportData:
    """Data of the page on this import, which is derived: a later call replaces it."""
    places: dict[str, list[str]] = {}
    for reason, place in (
        store.read(SetLeftOut, cycle.cycle_id).filter(pl.col("number") < SHOWN_PLACES).select("reason", "place").rows()
    ):
        if reason not in OF_KNOWN_IMAGES:
            places.setdefault(reason, []).append(place)
    return ImportData(
        project=cycle.project.project,
        cycle_id=cycle.cycle_id,
        started_at=cycle.started_at,
        time_zone=cycle.project.time_zone,
        code_version=cycle.code_version,
        opened=store.summary(cycle.cycle_id, OpenImportSummary),
        taken=store.summary(cycle.cycle_id, RecordImagesSummary),
        labels=summary,
        places=places,
        shown=tuple(_shown(store, cycle)),
    )


def _shown(store: Store, cycle: Cycle) -> Iterator[ShownLabel]:
    """Some images of the import, in the order of their ids, which says nothing about them."""
    labeling = kind_of(cycle.project).labeling
    origins = store.read(ImportedLabel, cycle.cycle_id).sort("image_id").head(MOST_SHOWN)
    rows = store.read(LabelObject, cycle.cycle_id).filter(pl.col("image_id").is_in(origins["image_id"].implode()))
    said = objects_by(rows.sort("image_id", "object_index"), ("image_id",), labeling)
    for image_id, key, split in origins.select("image_id", "key", "set_split").iter_rows():
        try:
            thumbnail = read_thumbnail(store.objects, image_id)
        except NotFoundError:
            thumbnail = None
        yield ShownLabel(image_id, key, labeling.says(said.get((image_id,), ())), split, thumbnail)


def _joined(store: Store, cycle: Cycle, set_name: str) -> Joined:
    """The set's labels by image: of the newest bytes of each file."""
    images, objects = store.read(SetImage, cycle.cycle_id), store.read(SetObject, cycle.cycle_id)
    is_of_set = pl.col("source") == set_name
    seen = store.rows_of(Sighting, images["key"], "key", columns=["source", "key", "image_id"]).filter(is_of_set)
    tonight = store.read(RejectedSighting, cycle.cycle_id).filter(is_of_set)
    # A file that is refused tonight may have been an image before; the label is of what it is now.
    seen = seen.filter(~pl.col("key").is_in(tonight["key"].implode())).unique("key", keep="last", maintain_order=True)
    refused = store.rows_of(RejectedSighting, images["key"], "key", columns=["source", "key", "reason"]).filter(is_of_set)
    sizes = store.rows_of(Image, seen["image_id"], columns=["image_id", "width_px", "height_px"])
    return joined(images, objects, seen.select("key", "image_id"), refused, sizes.select("image_id", "width_px", "height_px"))


def _sorted(store: Store, cycle: Cycle, rows: pl.DataFrame) -> _Sorted:
    """Compare with the labels that stand."""
    kind = kind_of(cycle.project)
    standing = store.rows_of(Label, rows["image_id"])
    objects = kind.changes.in_rows(store.rows_of(LabelObject, standing["image_id"]))
    state = standing["state"].cast(pl.String)
    of_people = standing.filter((standing["votes"] > 0) | (state == "unmatched"))["image_id"].implode()
    has_label = state.is_in(["labelled", "empty"])
    said = (
        standing.filter(has_label)
        .select("image_id", standing_state=pl.col("state").cast(pl.String))
        .join(label_digests(objects).select("image_id", standing_digest="label_digest"), on="image_id", how="left")
        .with_columns(
            standing_digest=pl.when(pl.col("standing_state") == "empty").then(pl.lit(EMPTY_DIGEST)).otherwise("standing_digest")
        )
    )
    both = rows.join(said, on="image_id", how="left", maintain_order="left")
    is_of_people = pl.col("image_id").is_in(of_people)
    is_same = (pl.col("state") == pl.col("standing_state")) & (pl.col("digest") == pl.col("standing_digest"))
    is_new = pl.col("standing_state").is_null()
    ours = both.filter(~is_of_people)
    parts = (ours.filter(is_new), ours.filter(~is_new & ~is_same), ours.filter(~is_new & is_same), both.filter(is_of_people))
    return _Sorted(*(part.select(rows.columns) for part in parts))


def _splits(store: Store, cycle: Cycle, opened: OpenImportSummary, rows: pl.DataFrame) -> tuple[SetSplits, int]:
    """Splits of the images' groups that have none, and the number of images in groups with one."""
    groups = store.rows_of(SplitGroup, rows["image_id"]).select("image_id", "split_group_id")
    standing = store.history(Split, ["split_group_id"])["split_group_id"].implode()
    contested = store.rows_of(DuplicateGroup, rows["image_id"]).filter("is_contested")["image_id"].implode()
    usable = rows.join(groups, on="image_id", how="inner", maintain_order="left").filter(~pl.col("image_id").is_in(contested))
    has_split = pl.col("split_group_id").is_in(standing)
    found = set_splits(
        list(usable.filter(~has_split).select("split_group_id", "split").iter_rows()),
        splitting=TRAIN if opened.is_synthetic else opened.splitting,
        test_ratio=opened.test_ratio,
        val_ratio=0.0 if opened.is_synthetic else cycle.project.selection.val_ratio,
        seed=derive_seed(cycle.seed, STAGE, "splits"),
    )
    return found, usable.filter(has_split).height


def _labels(cycle: Cycle, rows: pl.DataFrame) -> Rows[Label]:
    form = label_form(kind_of(cycle.project), cycle.project.labeling.question)
    return check(
        Label,
        rows.select(
            "image_id",
            "state",
            labels_version=pl.lit(cycle.cycle_id),
            votes=pl.lit(0),
            agreement_ratio=pl.lit(0.0),
            label_config_digest=pl.lit(form.digest),
            consensus_quality=None,
            vote_ids=None,
        ),
    )


def _objects(store: Store, cycle: Cycle, rows: pl.DataFrame) -> Rows[LabelObject]:
    """The objects of these labels, by image."""
    objects = store.read(SetObject, cycle.cycle_id).join(rows.select("image_id", "key"), on="key", how="inner")
    return check(LabelObject, objects.drop("source", "key").sort("image_id", "object_index"))


def _origins(cycle: Cycle, opened: OpenImportSummary, rows: pl.DataFrame) -> Rows[ImportedLabel]:
    return check(
        ImportedLabel,
        rows.select(
            "image_id",
            "key",
            "annotation_file",
            "annotators",
            labels_version=pl.lit(cycle.cycle_id),
            set_name=pl.lit(opened.set_name),
            format_name=pl.lit(opened.format_name),
            licence=pl.lit(opened.licence, pl.String),
            set_split="split",
        ),
    )
