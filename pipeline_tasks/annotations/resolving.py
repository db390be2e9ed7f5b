"""Labels from annotations: each person counts once, by their newest current annotation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from pipeline_tasks.annotations.votes import Objects, objects_by, only_starred, read_votes
from pipeline_tasks.annotations.weighing import LEAST_BELIEF
from pipeline_tasks.kinds.labeling import Agreed, Labeling
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.table import Rows, check, empty


@dataclass(frozen=True)
class LabelsVersion:
    """Name of a set of labels, and its question."""

    labels_version: str
    label_config_digest: str


def resolve(
    image_ids: Sequence[str],
    annotations: Rows[Annotation],
    objects: pl.DataFrame,
    labeling: Labeling[Any],
    version: LabelsVersion,
    weighed: Mapping[str, tuple[Objects, float]] | None = None,
) -> tuple[Rows[Label], Rows[LabelObject]]:
    """Resolve each image's label from the newest revisions of its annotations.

    Skipped and deleted annotations do not vote. A person's newest annotation of an image counts once; one that a reviewer
    starred outranks those of others. The kind decides on the consensus, unless people and a model are weighed (`weighed`: image →
    objects and belief). An image whose annotations all match no class has no label: it is `unmatched`.
    """
    wanted = sorted(set(image_ids))
    votes = read_votes(only_starred(annotations.filter(pl.col("image_id").is_in(wanted))), objects, labeling)
    beliefs = {image_id: found for image_id, found in (weighed or {}).items() if image_id in votes.by_image}
    agreed = {image_id: _agreed(votes.by_image.get(image_id, {}), labeling, beliefs.get(image_id)) for image_id in wanted}
    agreed |= {image_id: Agreed("unmatched", 0, 0.0) for image_id in votes.unmatched - votes.by_image.keys()}
    labels = [
        _label(image_id, one, version)
        | {"consensus_quality": beliefs[image_id][1] if image_id in beliefs else None}
        | {"vote_ids": sorted(votes.ids.get(image_id, {}).values())}
        for image_id, one in agreed.items()
    ]
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


def _agreed(given: Mapping[str, Objects], labeling: Labeling[Any], found: tuple[Objects, float] | None) -> Agreed[Any]:
    """Consensus of the kind, or the weighed one: then people who disagree have a label if it is believed."""
    of_kind = labeling.agree(list(given.values()))
    if found is None:
        return of_kind
    objects, belief = found
    agreement_ratio = sum(one == objects for one in given.values()) / len(given)
    if belief < LEAST_BELIEF and agreement_ratio < 1:
        return replace(of_kind, state="unsure", objects=())
    return Agreed("labelled" if objects else "empty", len(given), agreement_ratio, objects)


def _label(image_id: str, agreed: Agreed[Any], version: LabelsVersion) -> dict[str, str | float | list[str] | None]:
    return {
        "image_id": image_id,
        "labels_version": version.labels_version,
        "state": agreed.state,
        "votes": agreed.votes,
        "agreement_ratio": agreed.agreement_ratio,
        "label_config_digest": version.label_config_digest,
    }
