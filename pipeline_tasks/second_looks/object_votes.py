"""People's votes on the doubted objects of reviewed labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from pipeline_tasks.kinds.compared_objects import Compared
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.object_reporting import ObjectReporting
from pipeline_tasks.label_errors.object_verdicts import shares_doubt, verdict_on_objects
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.version_rows import with_objects
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label_object import AnnotationObject, DoubtedObject


@dataclass(frozen=True)
class _Vote:
    """One person's annotation beside one doubt."""

    key: str
    look: tuple[str, str]
    """Image and round."""
    number: int
    wrong: str
    likeness: float


def verdicts_on_objects(
    store: Store, kind: Kind, looks: pl.DataFrame, annotations: pl.DataFrame
) -> Mapping[tuple[str, str], str] | None:
    """Image and round of each review → verdict by everybody's newest vote; None for kinds without objects.

    `looks`: image_id, round_id in the order of sending. A review that follows one which settled nothing is about the same doubts.
    """
    if not kind.freezing.keeps_objects:
        return None
    if not isinstance(kind.reporting, ObjectReporting):
        return {}
    doubts = kind.changes.in_rows(store.rows_of(DoubtedObject, looks["image_id"])).with_columns(pl.col("wrong").cast(pl.String))
    votes, true, said = [], [], []
    things = kind.changes.in_rows(store.rows_of(AnnotationObject, annotations["annotation_id"], "annotation_id"))
    for look, rows in _by_look(looks, doubts):
        for vote, doubted, objects in _votes(look, rows, _newest(annotations, look[0]), things):
            votes.append(vote)
            true.append(doubted)
            said.append(objects)
    if not votes:
        return {}
    found = _compared(store, kind.reporting, votes, pl.concat(true), pl.concat(said))
    shared: dict[tuple[str, str], dict[int, list[bool]]] = {}
    for vote in votes:
        outcome = next(one for one in found[vote.key].outcomes if one.true is not None)
        shared.setdefault(vote.look, {}).setdefault(vote.number, []).append(shares_doubt(vote.wrong, vote.likeness, outcome))
    return {look: verdict_on_objects(by_doubt) for look, by_doubt in shared.items()}


def _by_look(looks: pl.DataFrame, doubts: pl.DataFrame) -> Iterator[tuple[tuple[str, str], pl.DataFrame]]:
    """Each review with the rows of its doubts, which may be those of an earlier round."""
    newest: dict[str, pl.DataFrame] = {}
    for image_id, round_id in looks.select("image_id", "round_id").iter_rows():
        rows = doubts.filter(pl.col("image_id") == image_id, pl.col("round_id") == round_id)
        if not rows.is_empty():
            newest[image_id] = rows
        if image_id in newest:
            yield (image_id, round_id), newest[image_id]


def _newest(annotations: pl.DataFrame, image_id: str) -> pl.DataFrame:
    """Everybody's newest annotation of an image that is a vote; where some are starred, those alone."""
    votes = annotations.filter(pl.col("image_id") == image_id, pl.col("is_vote"))
    starred = votes.filter("is_starred")
    return (votes if starred.is_empty() else starred).unique("annotator_id", keep="last", maintain_order=True)


def _votes(
    look: tuple[str, str], doubts: pl.DataFrame, annotations: pl.DataFrame, things: pl.DataFrame
) -> Iterator[tuple[_Vote, pl.DataFrame, pl.DataFrame]]:
    for (number,), doubted in doubts.group_by("number", maintain_order=True):
        for row in annotations.iter_rows(named=True):
            key = " ".join([*look, str(number), row["annotation_id"]])
            objects = things.filter(annotation_id=row["annotation_id"], revision=row["revision"])
            vote = _Vote(key, look, int(str(number)), doubted["wrong"][0], doubted["likeness"][0])
            yield vote, _keyed(doubted, key), _keyed(objects, key)


def _keyed(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """Objects under a name of their own, so that all are compared at once."""
    others = ("round_id", "number", "wrong", "likeness", "annotation_id", "revision", "image_id")
    return rows.drop(others, strict=False).with_columns(image_id=pl.lit(key))


def _compared(
    store: Store, reporting: ObjectReporting, votes: list[_Vote], true: pl.DataFrame, said: pl.DataFrame
) -> dict[str, Compared]:
    """Each vote's comparison: the doubted object as the label, the person's objects as the prediction."""
    images = pl.DataFrame({"image_id": [one.key for one in votes], "of": [one.look[0] for one in votes]})
    sizes = store.rows_of(Image, images["of"], columns=["image_id", "width_px", "height_px"]).unique("image_id")
    rows = images.join(sizes, left_on="of", right_on="image_id", maintain_order="left")
    return {one.image_id: one for one in reporting.compare(with_objects(rows, true), said)}
