"""Find labels that are probably wrong, for people to look at again, and keep what they said about earlier ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.label_errors.judging import Doubts, judge, suspects
from pipeline_tasks.label_errors.object_doubts import SUSPECT, WORTH_A_LOOK, object_doubts
from pipeline_tasks.label_errors.out_of_fold import FOLDS
from pipeline_tasks.label_errors.verdicts import STANDS, UNCLEAR, counted, precision
from pipeline_tasks.neighbors.cosine import Floats, Integers
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.records.find_label_errors import FindLabelErrorsSummary
from pipeline_tasks.second_looks.unseen_predictions import unseen_predictions
from pipeline_tasks.second_looks.verdicts import new_verdicts
from pipeline_tasks.storage.history.embedding_rows import newest_backbone_digest, read_embeddings
from pipeline_tasks.storage.history.store import Store, Write
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.label_suspect import LabelSuspect
from pipeline_tasks.tables.label_verdict import LabelVerdict
from pipeline_tasks.tables.object_suspect import ObjectSuspect
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.tables.table import Rows, check, empty

STAGE = "find_label_errors"
LEAST_IMAGES = 20
"""Labelled images of several objects with an unseen prediction, below which the habits of the model are not known."""


@dataclass(frozen=True)
class _Labels:
    """N labels of images with an embedding."""

    rows: pl.DataFrame
    """image_id, name, votes, agreement_ratio."""
    names: list[str]
    vectors: Floats
    numbers: Integers
    groups: Integers
    """Number of each image's split group, from 0."""


def find_label_errors(store: Store, cycle: Cycle) -> FindLabelErrorsSummary:
    """Judge all labels of the project by heads and neighbours that have not seen them; no label is changed.

    Labels on which at least two people agree, or that a review let stand, are no suspects: asking once more would not tell more.

    Raises:
        MissingStageError: resolve_labels of this cycle has not been done.
    """
    standing = store.finished(cycle.cycle_id, STAGE, FindLabelErrorsSummary)
    if standing is not None:
        return standing
    store.require(Label, cycle.cycle_id)
    kind = kind_of(cycle.project)
    new = new_verdicts(store, cycle.cycle_id, kind)
    verdicts = pl.concat([store.current(LabelVerdict), new]).unique("task_key", keep="last", maintain_order=True)
    objects = empty(ObjectSuspect)
    if kind.freezing.keeps_objects:
        rows, (summary, objects) = empty(LabelSuspect), _judged_objects(store, kind, verdicts)
    else:
        summary, rows = _judged(store, cycle, verdicts)
    writes: list[Write] = [(LabelSuspect, rows), (ObjectSuspect, objects), (LabelVerdict, new)]
    return store.finish(cycle.cycle_id, STAGE, _with_reviews(summary, cycle, verdicts), writes)


def _judged(store: Store, cycle: Cycle, verdicts: pl.DataFrame) -> tuple[FindLabelErrorsSummary, Rows[LabelSuspect]]:
    """Tonight's suspects, or why there are none."""
    labels = _labels(store, cycle)
    why = _why_not(labels)
    if why:
        return _skipped(why), empty(LabelSuspect)
    doubts = judge(labels.vectors, labels.numbers, labels.groups, len(labels.names), derive_seed(cycle.seed, STAGE))
    found = _rows(labels, doubts)
    upheld = verdicts.filter(pl.col("verdict").cast(pl.String) == STANDS).select("image_id", "given_name").unique()
    found = found.join(upheld.with_columns(is_upheld=True), on=["image_id", "given_name"], how="left", maintain_order="left")
    is_agreed = ((pl.col("votes") > 1) & (pl.col("agreement_ratio") == 1)) | pl.col("is_upheld").fill_null(value=False)
    rows = check(LabelSuspect, found.filter(~is_agreed).drop("agreement_ratio", "is_upheld"))
    counts = dict(rows["given_name"].value_counts().sort("given_name").iter_rows())
    judged = set(labels.rows.filter(pl.Series(doubts.is_judged))["name"])
    summary = FindLabelErrorsSummary(
        labels_judged=int(doubts.is_judged.sum()),
        suspects=rows.height,
        suspects_by_name=counts,
        names_not_judged=sorted(set(labels.names) - judged),
        agreed=found.filter(is_agreed).height,
    )
    return summary, rows


def _judged_objects(store: Store, kind: Kind, verdicts: pl.DataFrame) -> tuple[FindLabelErrorsSummary, Rows[ObjectSuspect]]:
    """The same for labels of several objects, by models that predicted in the images before they could learn the labels.

    Whoever looks again sees the whole image, so a verdict settles all doubts about its label. Rows go on below the suspects, so
    that the places for second looks are filled.
    """
    unseen = unseen_predictions(store, kind)
    if len(unseen.images) < LEAST_IMAGES:
        wanted = f"wanted {LEAST_IMAGES} labelled images in which a model predicted before it could learn them"
        return _skipped(f"There are too few labels to judge: {wanted}, found {len(unseen.images)}."), empty(ObjectSuspect)
    settled = set(verdicts.filter(pl.col("verdict").cast(pl.String) != UNCLEAR)["image_id"])
    found = [one for one in object_doubts(unseen.images) if one.doubt >= WORTH_A_LOOK]
    doubts = [one for one in found if one.image_id not in settled]
    rows = [
        {"number": number, "image_id": one.image_id, "wrong": one.wrong, "doubt": one.doubt}
        | {"given_name": one.given_name, "suggested_name": one.suggested_name}
        | {"label_place": one.outcome.true, "predicted_place": one.outcome.predicted}
        | {"model_digest": unseen.models[one.image_id], "votes": unseen.votes[one.image_id]}
        for number, one in enumerate(doubts)
    ]
    suspects = [one for one in doubts if one.doubt >= SUSPECT]
    summary = FindLabelErrorsSummary(
        labels_judged=len(unseen.images),
        suspects=len(suspects),
        suspects_by_name=dict(sorted(Counter(one.wrong for one in suspects).items())),
        names_not_judged=[],
        agreed=len({one.image_id for one in found if one.image_id in settled and one.doubt >= SUSPECT}),
        worth_a_look=len({one.image_id for one in doubts}),
        not_judged=unseen.others,
    )
    return summary, check(ObjectSuspect, pl.DataFrame(rows, infer_schema_length=None)) if rows else empty(ObjectSuspect)


def _with_reviews(summary: FindLabelErrorsSummary, cycle: Cycle, verdicts: pl.DataFrame) -> FindLabelErrorsSummary:
    """The same with what people said about doubted labels, tonight and before."""
    counts, confidence = counted(verdicts), cycle.project.gates.confidence
    found = precision(counts, confidence)
    return replace(
        summary,
        reviews=counts,
        same_person=verdicts.filter("is_same_person").height,
        precision=[] if found is None else [found.value, found.low, found.high],
        confidence=confidence,
    )


def _skipped(why: str) -> FindLabelErrorsSummary:
    return FindLabelErrorsSummary(0, 0, {}, [], skipped=why)


def _labels(store: Store, cycle: Cycle) -> _Labels:
    """All labels that name something, in order of image_id, with embeddings of the newest backbone."""
    kind = kind_of(cycle.project)
    labels = store.current(Label, ["image_id", "state", "votes", "agreement_ratio"])
    labelled = labels.filter(pl.col("state").cast(pl.String) == "labelled").sort("image_id")
    named = kind.choosing.names_of(store.current(LabelObject).join(labelled, on="image_id", how="semi"))
    is_known = pl.col("name").is_in(list(kind.vocabulary))
    rows = labelled.with_columns(name=pl.col("image_id").replace_strict(named, default=None, return_dtype=pl.String)).filter(
        is_known
    )
    embeddings = read_embeddings(store, rows["image_id"].to_list(), newest_backbone_digest(store))
    rows = rows.filter(pl.Series(embeddings.has_embedding, dtype=pl.Boolean))
    names = sorted(set(rows["name"]))
    place = {name: number for number, name in enumerate(names)}
    group_of = dict(store.current(SplitGroup).select("image_id", "split_group_id").iter_rows())
    groups = np.unique([group_of.get(one, one) for one in rows["image_id"]], return_inverse=True)[1]
    numbers = np.array([place[name] for name in rows["name"]], np.int64)
    return _Labels(rows, names, embeddings.vectors[embeddings.has_embedding], numbers, groups.astype(np.int64))


def _why_not(labels: _Labels) -> str:
    """Reason why these labels cannot be judged; empty if they can."""
    groups = int(labels.groups.max(initial=-1)) + 1
    if len(labels.names) < 2 or groups < FOLDS:
        said = f"wanted two names and {FOLDS} split groups, found {len(labels.names)} and {groups}"
        return f"There are too few labels to judge one by the others: {said}."
    return ""


def _rows(labels: _Labels, doubts: Doubts) -> pl.DataFrame:
    """Rows of `LabelSuspect`, the most doubted first, with the agreement of their votes."""
    at = suspects(doubts)
    suggested = doubts.suggested[at]
    rows: pl.DataFrame = labels.rows[at.tolist()].select(
        "image_id",
        given_name="name",
        suggested_name=pl.Series([labels.names[number] for number in suggested], dtype=pl.String),
        belief_given=pl.Series(doubts.given[at], dtype=pl.Float64).clip(0, 1),
        belief_suggested=pl.Series(doubts.beliefs[at, suggested], dtype=pl.Float64).clip(0, 1),
        votes="votes",
        agreement_ratio="agreement_ratio",
    )
    return rows
