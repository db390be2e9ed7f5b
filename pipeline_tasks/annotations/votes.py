"""Votes: each person's newest annotation of an image that fits the project's form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline_tasks.kinds.labeling import OBJECT_COLUMNS, Labeling, ObjectColumns
from pipeline_tasks.kinds.refused import object_of, problems

Objects = tuple[Any, ...]
"""Objects of one annotation or one label, of the kind's own type."""


@dataclass(frozen=True)
class Votes:
    """Votes about some images."""

    by_image: Mapping[str, Mapping[str, Objects]]
    """Image → annotator → objects."""
    unmatched: frozenset[str]
    """Images with an annotation that matches no class or has an object that is refused."""
    contradictions: frozenset[tuple[str, str]]
    """Image and annotator whose annotations of its copies disagree."""
    ids: Mapping[str, Mapping[str, str]]
    """Image → annotator → annotation that counts."""
    order: Mapping[str, int]
    """Annotation → its place in time."""


def read_votes(annotations: pl.DataFrame, objects: pl.DataFrame, labeling: Labeling[Any]) -> Votes:
    """Votes from rows of `Annotation` and `AnnotationObject`; skipped and deleted annotations do not count."""
    said = objects_by(objects.sort("annotation_id", "object_index"), ("annotation_id", "revision"), labeling)
    by_image: dict[str, dict[str, Objects]] = {}
    ids: dict[str, dict[str, str]] = {}
    unmatched, contradictions = set(), set()
    standing = annotations.filter(pl.col("state").cast(pl.String) == "answered").sort("updated_at", "annotation_id")
    for one in standing.iter_rows(named=True):
        image_id, annotator_id = one["image_id"], one["annotator_id"]
        named = said.get((one["annotation_id"], one["revision"]), ())
        if problems(named) or not labeling.can_vote(named):
            unmatched.add(image_id)
            continue
        before = by_image.setdefault(image_id, {}).get(annotator_id)
        if before is not None and not is_unanimous([before, named], labeling):
            contradictions.add((image_id, annotator_id))
        by_image[image_id][annotator_id] = named
        ids.setdefault(image_id, {})[annotator_id] = one["annotation_id"]
    order = {one: place for place, one in enumerate(standing["annotation_id"])}
    return Votes(by_image, frozenset(unmatched), frozenset(contradictions), ids, order)


def is_unanimous(annotations: Sequence[Objects], labeling: Labeling[Any]) -> bool:
    """Return True if every two annotations of one image are alike enough, by the kind's own measure."""
    return least_alike(annotations, labeling) >= labeling.agreement_measure.disagree_below


def least_alike(annotations: Sequence[Objects], labeling: Labeling[Any]) -> float:
    """The kind's measure of the two annotations of one image that are least alike; 1 for one annotation."""
    found = labeling.agreement({"": {str(number): one for number, one in enumerate(annotations)}})
    return min((total for _, total in found.pairwise.values()), default=1.0)


def only_starred(annotations: pl.DataFrame) -> pl.DataFrame:
    """Drop the other annotations of images with a starred one, because a reviewer has the last word."""
    is_annotation = pl.col("state").cast(pl.String) == "answered"
    starred = annotations.filter(is_annotation & pl.col("is_starred"))["image_id"].unique()
    return annotations.filter(pl.col("is_starred") | ~pl.col("image_id").is_in(starred.implode()))


def objects_by(rows: pl.DataFrame, key: tuple[str, ...], labeling: Labeling[Any]) -> Mapping[tuple[str, ...], Objects]:
    """Objects of each key, in the order of the rows."""
    found: dict[tuple[str, ...], list[Any]] = {}
    for row in rows.iter_rows(named=True):
        found.setdefault(tuple(row[name] for name in key), []).append(
            object_of(ObjectColumns(**{name: row[name] for name in OBJECT_COLUMNS}), labeling)
        )
    return {one: tuple(objects) for one, objects in found.items()}
