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


def freeze(inputs: ManifestInputs, kind: Kind) -> Manifest:
    """Freeze all labelled images that may be used, one row each."""
    marked = why_left_out(inputs, kind).with_columns(is_control=pl.col("image_id").is_in(list(inputs.control)))
    rows = check(DatasetImage, marked.filter(pl.col("reason").is_null()).select(DatasetImage.column_names()).sort("image_id"))
    counts = marked.drop_nulls("reason").group_by("reason").len().sort("reason")
    unknown = marked.filter(pl.col("reason") == "unknown_class").group_by(LABEL_NAME).len().sort(LABEL_NAME)
    return Manifest(
        dataset_digest(rows, kind), rows, dict(counts.iter_rows()), dict(unknown.iter_rows()), _renamed(inputs, rows, kind)
    )


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


def _renamed(inputs: ManifestInputs, rows: pl.DataFrame, kind: Kind) -> dict[str, int]:
    """`old → today's` name → images of the version whose label says the old one."""
    today = kind.changes.today
    said = inputs.label_objects.filter(pl.col(LABEL_NAME).is_in(list(today))).join(rows, on="image_id", how="semi")
    counts = said.select("image_id", LABEL_NAME).unique().group_by(LABEL_NAME).len().sort(LABEL_NAME)
    return {f"{old} → {today[old]}": count for old, count in counts.iter_rows()}


def _candidates(inputs: ManifestInputs, kind: Kind) -> pl.DataFrame:
    """One row a labelled image with its known columns, by today's names; unknown values are null."""
    splits = inputs.splits.unique("split_group_id", keep="first", maintain_order=True)
    return (
        inputs.labels.filter(pl.col("state") == "labelled")
        .select("image_id")
        .join(label_digests(kind.changes.in_rows(inputs.label_objects)), on="image_id", how="left")
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
        .when(pl.col(LABEL_NAME).is_in(list(kind.changes.removed)))
        .then(pl.lit("removed_class"))
        .when(~kind.freezing.is_known)
        .then(pl.lit("unknown_class"))
        .when(pl.col("split").is_null())
        .then(pl.lit("no_split"))
        .otherwise(pl.col("image_id").replace_strict(dict(inputs.leaks), default=None, return_dtype=pl.String))
    )
