"""Labels from annotations: each person counts once, by their newest current annotation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline_tasks.kinds.labeling import OBJECT_COLUMNS, Agreed, Labeling, ObjectColumns
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import AnnotationObject, LabelObject
from pipeline_tasks.tables.table import Rows, check, empty

Objects = tuple[Any, ...]
"""Objects of one annotation or one label, of the kind's own type."""


@dataclass(frozen=True)
class LabelsVersion:
    """Name of a set of labels, and its question."""

    labels_version: str
    label_config_digest: str


def resolve(
    image_ids: Sequence[str],
    annotations: Rows[Annotation],
    objects: Rows[AnnotationObject],
    labeling: Labeling[Any],
    version: LabelsVersion,
) -> tuple[Rows[Label], Rows[LabelObject]]:
    """Resolve each image's label from the newest revisions of its annotations.

    Skipped and deleted annotations do not vote. A person's newest annotation of an image counts once. The kind decides on the
    consensus.
    """
    wanted = sorted(set(image_ids))
    standing = annotations.filter((pl.col("state") == "answered") & pl.col("image_id").is_in(wanted))
    given = _annotations_by_image(standing, objects, labeling)
    agreed = {image_id: labeling.agree(given.get(image_id, [])) for image_id in wanted}
    labels = [_label(image_id, one, version) for image_id, one in agreed.items()]
    named = [
        vars(labeling.as_columns(one)) | {"image_id": image_id, "object_index": index}
        for image_id, found in agreed.items()
        for index, one in enumerate(found.objects)
    ]
    return (
        check(Label, pl.DataFrame(labels, infer_schema_length=None)) if labels else empty(Label),
        check(LabelObject, pl.DataFrame(named, infer_schema_length=None)) if named else empty(LabelObject),
    )


def meanings(labels: pl.DataFrame, objects: pl.DataFrame, labeling: Labeling[Any]) -> dict[str, tuple[str, Objects]]:
    """image_id → state and objects of its label, for comparing labels; only objects of `labelled` images count."""
    labelled = objects.join(labels.filter(pl.col("state") == "labelled"), on="image_id", how="semi")
    said = objects_by(labelled.sort("image_id", "object_index"), ("image_id",), labeling)
    return {image_id: (state, said.get((image_id,), ())) for image_id, state in labels.select("image_id", "state").iter_rows()}


def objects_by(rows: pl.DataFrame, key: tuple[str, ...], labeling: Labeling[Any]) -> Mapping[tuple[str, ...], Objects]:
    """Objects of each key, in the order of the rows."""
    found: dict[tuple[str, ...], list[Any]] = {}
    for row in rows.iter_rows(named=True):
        found.setdefault(tuple(row[name] for name in key), []).append(
            labeling.from_columns(ObjectColumns(**{name: row[name] for name in OBJECT_COLUMNS}))
        )
    return {one: tuple(objects) for one, objects in found.items()}


def _annotations_by_image(
    standing: pl.DataFrame, objects: Rows[AnnotationObject], labeling: Labeling[Any]
) -> dict[str, list[Objects]]:
    """image_id → one annotation a person; a later one of the same person replaces an earlier one."""
    said = objects_by(objects.sort("annotation_id", "object_index"), ("annotation_id", "revision"), labeling)
    voices: dict[tuple[str, str], Objects] = {}
    for row in standing.sort("updated_at", "annotation_id").iter_rows(named=True):
        named = said.get((row["annotation_id"], row["revision"]), ())
        if labeling.can_vote(named):
            voices[row["image_id"], row["annotator_id"]] = named
    return _grouped((image_id, named) for (image_id, _), named in voices.items())


def _grouped(given: Iterable[tuple[str, Objects]]) -> dict[str, list[Objects]]:
    found: dict[str, list[Objects]] = {}
    for image_id, named in given:
        found.setdefault(image_id, []).append(named)
    return found


def _label(image_id: str, agreed: Agreed[Any], version: LabelsVersion) -> dict[str, str | float]:
    return {
        "image_id": image_id,
        "labels_version": version.labels_version,
        "state": agreed.state,
        "votes": agreed.votes,
        "agreement_ratio": agreed.agreement_ratio,
        "label_config_digest": version.label_config_digest,
    }
