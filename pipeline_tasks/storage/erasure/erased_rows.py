"""Removal of an erased image from tables, and new names for groups whose first image is erased.

Rows about the image are removed. In rows about others its name becomes its tombstone. A group that was named by it takes the
name of the first image left in it, so that the decisions about the group (its split) stay valid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline_tasks.storage.erasure.erasure_plan import ErasurePlan
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.tables.table_files import TableFile, read_table
from pipeline_tasks.tables.catalog import ALL_TABLES
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.duplicate_pair import DuplicatePair
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label_object import AnnotationObject, SetObject
from pipeline_tasks.tables.left_out_file import LeftOutFile
from pipeline_tasks.tables.new_file import NewFile
from pipeline_tasks.tables.set_image import SetImage
from pipeline_tasks.tables.set_left_out import SetLeftOut
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.tables.table import Table
from pipeline_tasks.tables.unneeded_object import UnneededObject
from pipeline_tasks.tables.waiting_file import WaitingFile

Heirs = Mapping[str, Mapping[str, str]]
"""Column that names groups → erased first image → first image left in its group."""
_FILE = ["source", "key", "object_version"]


@dataclass(frozen=True)
class ChangedFile:
    """A table file that names an erased image, and the rows that stay."""

    table: type[Table]
    file: TableFile
    rows: pl.DataFrame


def changed_files(store: Store, plan: ErasurePlan) -> Iterator[ChangedFile]:
    """Yield every file of every table that must be replaced; reads all tables.

    Raises:
        CorruptObjectError: a file does not have the digest in its event; mend it before erasing.
    """
    heirs = heirs_of(store, plan)
    for table in ALL_TABLES:
        for file in store.files(table):
            before = read_table(store.objects, table, file)
            after = rows_left(table, before, plan, heirs)
            if not after.equals(before):
                yield ChangedFile(table, file, after)


def heirs_of(store: Store, plan: ErasurePlan) -> Heirs:
    """New names of the groups that erased images have named, by the order in which images arrived."""
    order = {one: number for number, one in enumerate(store.every_row(Image)["image_id"].to_list())}
    groups = store.every_row(DuplicateGroup).filter(~pl.col("is_contested"))
    return {
        "duplicate_group_id": _first_left(groups.select("image_id", "duplicate_group_id"), plan, order),
        "split_group_id": _first_left(store.every_row(SplitGroup), plan, order),
    }


def rows_left(table: type[Table], rows: pl.DataFrame, plan: ErasurePlan, heirs: Heirs) -> pl.DataFrame:
    """Rows of a table without erased images and their names."""
    left = _without_rows_about(table, rows, plan)
    if table is Split:
        left = left.filter(~pl.col("split_group_id").is_in(list(plan.tombstones.keys() - heirs["split_group_id"].keys())))
    left = left.with_columns(
        _renamed_group(table, column, plan, heirs[column]) for column in left.columns if column in heirs and left.height
    )
    texts = [name for name, kind in left.schema.items() if kind == pl.String()]
    instead = plan.tombstones | {plan.md5s[one]: tombstone for one, tombstone in plan.tombstones.items()}
    left = left.with_columns(pl.col(texts).str.replace_many(list(instead), list(instead.values())))
    key = table.primary_key()
    return left.unique(key, keep="first", maintain_order=True) if key and table in (Split, DuplicateGroup) else left


def _first_left(members: pl.DataFrame, plan: ErasurePlan, order: Mapping[str, int]) -> dict[str, str]:
    """Erased first image → the earliest other image that was ever in its group."""
    left = members.rows()
    found: dict[str, str] = {}
    for image_id, group in left:
        if group not in plan.tombstones or image_id in plan.tombstones:
            continue
        if group not in found or order.get(image_id, len(order)) < order.get(found[group], len(order)):
            found[group] = image_id
    return found


def _without_rows_about(table: type[Table], rows: pl.DataFrame, plan: ErasurePlan) -> pl.DataFrame:
    if "image_id" in rows.columns:
        # A pair's figures compare two images: they go with either.
        names = ["image_id", "other_image_id"] if table is DuplicatePair else ["image_id"]
        return rows.filter(~pl.any_horizontal(pl.col(names).is_in(list(plan.tombstones))))
    if table is UnneededObject:
        is_named = rows["key"].map_elements(plan.is_named_in, return_dtype=pl.Boolean)
        return rows.filter(~is_named) if rows.height else rows
    if table is AnnotationObject:
        return rows.filter(~pl.col("annotation_id").is_in(list(plan.annotation_ids)))
    if table is SetLeftOut:
        names = [key for _, key, _ in plan.files]
        return rows.filter(~pl.col("place").str.contains_any(names)) if names else rows
    if table in (LeftOutFile, WaitingFile, SetImage, SetObject):
        is_of_one = pl.struct("source", "key").is_in([{"source": source, "key": key} for source, key, _ in plan.files])
        return rows.filter(~is_of_one) if plan.files else rows
    if table is NewFile:
        files: dict[str, Any] = dict(zip(_FILE, zip(*plan.files, strict=True), strict=True)) if plan.files else {}
        return rows.join(pl.DataFrame(files), on=_FILE, how="anti", maintain_order="left") if files else rows
    return rows


def _renamed_group(table: type[Table], column: str, plan: ErasurePlan, heirs: Mapping[str, str]) -> pl.Expr:
    """Expression for a group column's new name; a contested image linked to an emptied group is linked to itself."""
    renamed = pl.col(column).replace_strict(dict(heirs), default=pl.col(column), return_dtype=pl.String)
    if table is DuplicateGroup:
        return pl.when(renamed.is_in(list(plan.tombstones))).then(pl.col("image_id")).otherwise(renamed).alias(column)
    return renamed
