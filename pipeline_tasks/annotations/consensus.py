"""From what people answered to what is taken as the truth: each person once, the majority, else unsure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline_tasks.annotations.label_kinds import KINDS, Thing
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import AnnotationObject, LabelObject
from pipeline_tasks.tables.table import Rows, check, empty


@dataclass(frozen=True)
class LabelsVersion:
    """What names a set of labels, and what their answers must fit."""

    labels_version: str
    label_kind: str
    class_names: tuple[str, ...]
    label_config_digest: str


@dataclass(frozen=True)
class Consensus:
    """What the votes on one image add up to."""

    state: str
    votes: int
    agreement_ratio: float
    things: tuple[Thing, ...] = ()


def resolve(
    image_ids: Sequence[str], annotations: Rows[Annotation], objects: Rows[AnnotationObject], version: LabelsVersion
) -> tuple[Rows[Label], Rows[LabelObject]]:
    """Give each image a label from the newest revisions of its answers.

    Skipped and deleted answers do not vote. A person's newest answer on an image counts, once. A label is what most people
    say, if that is one thing and at least half of the votes; a tie, less than half, or no vote is `unsure`.
    """
    wanted = sorted(set(image_ids))
    standing = annotations.filter((pl.col("state") == "answered") & pl.col("image_id").is_in(wanted))
    votes = _votes_by_image(standing, objects, version)
    agreed = {image_id: _agree(votes.get(image_id, []), version.label_kind) for image_id in wanted}
    labels = [_label(image_id, consensus, version) for image_id, consensus in agreed.items()]
    nothing = dict.fromkeys(LabelObject.column_names())
    things = [
        nothing | dict(thing) | {"image_id": image_id, "object_index": index}
        for image_id, consensus in agreed.items()
        for index, thing in enumerate(consensus.things)
    ]
    return (
        check(Label, pl.DataFrame(labels, infer_schema_length=None)) if labels else empty(Label),
        check(LabelObject, pl.DataFrame(things, infer_schema_length=None)) if things else empty(LabelObject),
    )


def _votes_by_image(answered: pl.DataFrame, objects: Rows[AnnotationObject], version: LabelsVersion) -> dict[str, list[Hashable]]:
    """image_id → one vote a person; a later answer of the same person takes the place of an earlier one."""
    kind = KINDS[version.label_kind]
    things: dict[tuple[str, str], list[Thing]] = {}
    for thing in objects.sort("annotation_id", "object_index").iter_rows(named=True):
        things.setdefault((thing["annotation_id"], thing["revision"]), []).append(thing)
    voices: dict[tuple[str, str], Hashable] = {}
    for answer in answered.sort("updated_at", "annotation_id").iter_rows(named=True):
        vote = kind.vote(things.get((answer["annotation_id"], answer["revision"]), []), version.class_names)
        if vote is not None:
            voices[answer["image_id"], answer["annotator_id"]] = vote
    votes: dict[str, list[Hashable]] = {}
    for (image_id, _), vote in voices.items():
        votes.setdefault(image_id, []).append(vote)
    return votes


def _agree(votes: Sequence[Hashable], label_kind: str) -> Consensus:
    if not votes:
        return Consensus("unsure", 0, 0.0)
    counts = Counter(votes).most_common(2)
    winner, count = counts[0]
    agreement = count / len(votes)
    is_tie = len(counts) > 1 and counts[1][1] == count
    things = tuple(KINDS[label_kind].things_of_vote(winner))
    if is_tie or agreement < 0.5 or (winner != () and not things):
        return Consensus("unsure", len(votes), agreement)
    return Consensus("labelled" if things else "empty", len(votes), agreement, things)


def _label(image_id: str, consensus: Consensus, version: LabelsVersion) -> dict[str, Any]:
    return {
        "image_id": image_id,
        "labels_version": version.labels_version,
        "state": consensus.state,
        "votes": consensus.votes,
        "agreement_ratio": consensus.agreement_ratio,
        "label_config_digest": version.label_config_digest,
    }
