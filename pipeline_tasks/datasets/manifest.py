"""Content of a dataset version: the labelled images in it with their splits, and the reason why each other one is left out."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.tables.dataset_image import LABEL_NAME, DatasetImage
from pipeline_tasks.tables.table import Rows, check

_CHUNK_ROWS = 100_000
EMPTY_DIGEST = hashlib.sha256(b"[]").hexdigest()
"""`label_digest` of an image in which nothing is there."""


@dataclass(frozen=True)
class ManifestInputs:
    """Tables that a version is frozen from; only the columns named here are read."""

    labels: pl.DataFrame
    """image_id, state."""
    label_objects: pl.DataFrame
    """Label objects of those images."""
    split_groups: pl.DataFrame
    """image_id, split_group_id."""
    splits: pl.DataFrame
    """split_group_id, split; the first row of a group wins."""
    contested: frozenset[str] = frozenset()
    """Images that resemble groups of different splits."""
    quarantined: frozenset[str] = frozenset()
    control: frozenset[str] = frozenset()
    """Images that were drawn at random."""
    leaks: Mapping[str, str] = field(default_factory=dict)
    """Image that is a near-duplicate of one of another split → reason to leave it out."""


@dataclass(frozen=True)
class Manifest:
    """A dataset version."""

    dataset_id: str
    rows: Rows[DatasetImage]
    """Sorted by image_id."""
    left_out: dict[str, int]
    """Reason to leave a labelled image out → number of images; each image counts under its first reason."""
    unknown_names: dict[str, int] = field(default_factory=dict)
    """Names of labels that are left out as unknown → number of images."""
    renamed: dict[str, int] = field(default_factory=dict)
    """`old → today's` name of labels in the version → number of images."""
    objects: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Label objects of the version's images, by today's names."""
    removed_objects: dict[str, int] = field(default_factory=dict)
    """Removed name → objects that are left out while their image stays; only of kinds that keep objects."""


def freeze(inputs: ManifestInputs, kind: Kind) -> Manifest:
    """Freeze all labelled images that may be used, one row each."""
    marked = why_left_out(inputs, kind).with_columns(is_control=pl.col("image_id").is_in(list(inputs.control)))
    rows = check(DatasetImage, marked.filter(pl.col("reason").is_null()).select(DatasetImage.column_names()).sort("image_id"))
    counts = marked.drop_nulls("reason").group_by("reason").len().sort("reason")
    objects = frozen_objects(inputs.labels, inputs.label_objects, kind)
    unknown = objects.filter(~kind.freezing.is_known).join(
        marked.filter(pl.col("reason") == "unknown_class"), on="image_id", how="semi"
    )
    return Manifest(
        dataset_id=dataset_digest(rows, kind),
        rows=rows,
        left_out=dict(counts.iter_rows()),
        unknown_names=_images_by_name(unknown),
        renamed=_renamed(inputs, rows, kind),
        objects=objects.join(rows, on="image_id", how="semi").sort("image_id", "object_index"),
        removed_objects=_removed_objects(inputs, rows, kind),
    )


def frozen_objects(labels: pl.DataFrame, label_objects: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    """Objects of labelled images as a version keeps them: by today's names, and without removed ones if it keeps more than a name.

    An image without anything has no objects, even if an earlier label of it had some.
    """
    labelled = labels.filter(pl.col("state").cast(pl.String) == "labelled")
    objects = kind.changes.in_rows(label_objects.join(labelled, on="image_id", how="semi"))
    return objects.filter(~_is_removed(kind)) if kind.freezing.keeps_objects else objects


def with_digests(image_ids: pl.DataFrame, labels: pl.DataFrame, label_objects: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    """Rows of `image_ids` with label_digest and LABEL_NAME; null for an image whose label a version cannot hold."""
    found = image_ids.join(label_digests(frozen_objects(labels, label_objects, kind)), on="image_id", how="left")
    if not kind.freezing.keeps_empty:
        return found
    empty = labels.filter(pl.col("state").cast(pl.String) == "empty")["image_id"]
    cleared = label_objects.filter(_is_removed(kind))["image_id"] if kind.changes.removed else empty.clear()
    is_empty = pl.col("label_digest").is_null() & pl.col("image_id").is_in(pl.concat([empty, cleared]).implode())
    return found.with_columns(label_digest=pl.when(is_empty).then(pl.lit(EMPTY_DIGEST)).otherwise("label_digest"))


def why_left_out(inputs: ManifestInputs, kind: Kind) -> pl.DataFrame:
    """One row a labelled image with its known columns and the `reason` why it is left out of the version, or null."""
    return _candidates(inputs, kind).with_columns(reason=_first_reason(inputs, kind))


def dataset_digest(rows: pl.DataFrame, kind: Kind) -> str:
    """Digest of a version's images, labels, split and class list, and of nothing else."""
    digest = hashlib.sha256(json.dumps({"label_kind": kind.name, **kind.about}).encode())
    for chunk in rows.select("image_id", "split", "label_digest").sort("image_id").iter_slices(_CHUNK_ROWS):
        # CSV is many times faster than a loop; no column can hold a space or a line break.
        lines = io.BytesIO()
        chunk.write_csv(lines, separator=" ", include_header=False, quote_style="never")
        digest.update(b"\n" + lines.getvalue()[:-1])
    return digest.hexdigest()


def label_digests(label_objects: pl.DataFrame) -> pl.DataFrame:
    """Digest of each image's label objects, in order: columns image_id, label_digest, LABEL_NAME of the first object."""
    ordered = label_objects.sort("image_id", "object_index")
    said = ordered.select("image_id", LABEL_NAME, thing=pl.struct(pl.exclude("image_id")))
    said = said.with_columns(thing=_mapped(said["thing"], lambda thing: json.dumps(thing, sort_keys=True)))
    # Grouping is slow and most images have one object, so only images with several are grouped.
    is_one_of_many = said["image_id"].is_duplicated()
    several = said.filter(is_one_of_many).group_by("image_id", maintain_order=True)
    joined = several.agg(pl.col(LABEL_NAME).first(), pl.col("thing").str.join(", "))
    grouped = pl.concat([said.filter(~is_one_of_many), joined]).sort("image_id")
    digests = _mapped(grouped["thing"], lambda things: hashlib.sha256(f"[{things}]".encode()).hexdigest())
    return grouped.select("image_id", LABEL_NAME, label_digest=digests)


def _mapped(values: pl.Series, function: Callable[[Any], str]) -> pl.Series:
    """Apply a function once to each distinct value; a million classified images have only as many as there are classes."""
    distinct = values.unique(maintain_order=True)
    results = pl.Series([function(value) for value in distinct.to_list()], dtype=pl.String)
    table = pl.DataFrame({"value": distinct, "result": results})
    return pl.DataFrame({"value": values}).join(table, on="value", how="left", nulls_equal=True, maintain_order="left")["result"]


def _is_removed(kind: Kind) -> pl.Expr:
    """True for objects whose name the project file states as removed."""
    return pl.col(LABEL_NAME).is_in(list(kind.changes.removed)).fill_null(value=False)


def _removed_objects(inputs: ManifestInputs, rows: pl.DataFrame, kind: Kind) -> dict[str, int]:
    """Removed name → objects of the version's images that are not in it."""
    if not kind.freezing.keeps_objects:
        return {}
    gone = inputs.label_objects.filter(_is_removed(kind)).join(rows, on="image_id", how="semi")
    return dict(gone.group_by(LABEL_NAME).len().sort(LABEL_NAME).iter_rows())


def _images_by_name(objects: pl.DataFrame) -> dict[str, int]:
    """Name of objects → number of their images."""
    return dict(objects.select("image_id", LABEL_NAME).unique().group_by(LABEL_NAME).len().sort(LABEL_NAME).iter_rows())


def _renamed(inputs: ManifestInputs, rows: pl.DataFrame, kind: Kind) -> dict[str, int]:
    """`old → today's` name → images of the version whose label says the old one."""
    today = kind.changes.today
    said = inputs.label_objects.filter(pl.col(LABEL_NAME).is_in(list(today))).join(rows, on="image_id", how="semi")
    counts = said.select("image_id", LABEL_NAME).unique().group_by(LABEL_NAME).len().sort(LABEL_NAME)
    return {f"{old} → {today[old]}": count for old, count in counts.iter_rows()}


def _candidates(inputs: ManifestInputs, kind: Kind) -> pl.DataFrame:
    """One row an image with a label that a version may hold, with its known columns by today's names; unknown values are null."""
    splits = inputs.splits.unique("split_group_id", keep="first", maintain_order=True)
    states = ["labelled", "empty"] if kind.freezing.keeps_empty else ["labelled"]
    objects = frozen_objects(inputs.labels, inputs.label_objects, kind)
    unknown = objects.filter(~kind.freezing.is_known).select("image_id").unique().with_columns(is_unknown=pl.lit(value=True))
    labelled = inputs.labels.filter(pl.col("state").cast(pl.String).is_in(states)).select("image_id")
    return (
        with_digests(labelled, inputs.labels, inputs.label_objects, kind)
        .join(unknown, on="image_id", how="left")
        .join(inputs.split_groups.select("image_id", "split_group_id"), on="image_id", how="left")
        .join(splits.select("split_group_id", "split"), on="split_group_id", how="left")
        .with_columns(label_kind=pl.lit(kind.name))
    )


def _first_reason(inputs: ManifestInputs, kind: Kind) -> pl.Expr:
    """The first reason to leave an image out of the version; null if there is none."""
    return (
        pl.when(pl.col("image_id").is_in(list(inputs.contested)))
        .then(pl.lit("contested"))
        .when(pl.col("image_id").is_in(list(inputs.quarantined)))
        .then(pl.lit("quarantined"))
        .when(pl.col("label_digest").is_null())
        .then(pl.lit("no_label_object"))
        .when(_is_removed(kind))
        .then(pl.lit("removed_class"))
        .when(pl.col("is_unknown"))
        .then(pl.lit("unknown_class"))
        .when(pl.col("split").is_null())
        .then(pl.lit("no_split"))
        .otherwise(pl.col("image_id").replace_strict(dict(inputs.leaks), default=None, return_dtype=pl.String))
    )
