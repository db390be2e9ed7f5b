"""Resolve annotations into labels."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from pipeline_tasks.annotations.gold_annotations import GoldAnnotation, gold_annotations, gold_counts
from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.annotations.resolving import LabelsVersion, meanings, resolve
from pipeline_tasks.annotations.scorecards import MOST_COMPARED, scorecards
from pipeline_tasks.annotations.votes import Votes, only_starred, read_votes
from pipeline_tasks.annotations.weighing import (
    LEAST_BELIEF,
    LEAST_SHARED,
    GoldVotes,
    NamedVotes,
    Weighed,
    for_training_only,
    judged_by_model,
    named_votes,
    weigh,
)
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.labeling import Labeling
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.label_errors.judging import judge
from pipeline_tasks.label_errors.out_of_fold import FOLDS
from pipeline_tasks.label_quality.votes import Floats
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.second_looks.audits import AUDIT
from pipeline_tasks.storage.history.embedding_rows import newest_backbone_digest, read_embeddings
from pipeline_tasks.storage.history.name_balance import name_balance
from pipeline_tasks.storage.history.set_labels import labels_of_sets
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.annotator_score import AnnotatorScore
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import AnnotationObject, LabelObject
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.tables.table import Rows, check

STAGE = "resolve_labels"

logger = logging.getLogger(__name__)


def resolve_labels(store: Store, cycle: Cycle) -> ResolveLabelsSummary:
    """Resolve each image whose annotations changed in this cycle, from all its current annotations.

    Where people are weighed, images whose label changes because more is known about these people are resolved, too.
    Annotations of gold images measure people and never change a label.

    Raises:
        MissingStageError: collect_annotations of this cycle has not been done.
    """
    standing = store.finished(cycle.cycle_id, STAGE, ResolveLabelsSummary)
    if standing is not None:
        return standing
    given = _given(store, cycle)
    kind, changed = kind_of(cycle.project), _to_resolve(store, cycle, given)
    gold = _gold(store, kind, given)
    named, weighed = _weighed(store, cycle, given, gold, changed)
    anew = [] if weighed is None else _to_resolve_anew(store, kind, weighed, changed)
    images = sorted({*changed, *anew})
    before = store.rows_of(Label, images), kind.changes.in_rows(store.rows_of(LabelObject, images))
    version = LabelsVersion(cycle.cycle_id, label_form(kind, cycle.project.labeling.question).digest)
    annotations, things = _about(store, kind, given, images)
    labels, objects = resolve(images, annotations, things, kind.labeling, version, None if weighed is None else weighed.labels)
    labels, objects, of_sets = _with_labels_of_sets(store, labels, objects)
    tonight = set(given.tonight["annotation_id"])
    of_tonight = [one for one in gold if one.annotation_id in tonight]
    summary = replace(
        _summary(labels, objects, meanings(*before, kind.labeling), kind.labeling),
        contradictions=len({image_id for image_id, _ in read_votes(annotations, things, kind.labeling).contradictions}),
        starred=annotations.filter("is_starred")["image_id"].n_unique(),
        of_sets=of_sets,
        weighed="" if weighed is None or named is None else _says(named, weighed),
        weighed_anew=len(anew),
        gold_images=len(of_tonight),
        gold_right=sum(one.is_right for one in of_tonight),
        paused=0 if weighed is None else len(weighed.paused),
    )
    summary = _with_audits(summary, store, _audits(store, kind, given, before))
    summary = _with_balance(summary, store, cycle, (labels, objects))
    cards = scorecards(_image_counts(given.annotations), given.votes, named, weighed, gold_counts(gold), kind.labeling)
    return store.finish(cycle.cycle_id, STAGE, summary, [(Label, labels), (LabelObject, objects), (AnnotatorScore, cards)])


def _with_audits(summary: ResolveLabelsSummary, store: Store, audits: list[GoldAnnotation]) -> ResolveLabelsSummary:
    """The summary with tonight's audits, and those of all nights."""
    if not audits:
        return summary
    earlier, right = store.summaries(ResolveLabelsSummary).values(), sum(one.is_right for one in audits)
    return replace(
        summary,
        audited=len(audits),
        audited_right=right,
        audited_so_far=len(audits) + sum(one.audited for one in earlier),
        audited_right_so_far=right + sum(one.audited_right for one in earlier),
    )


def _with_balance(
    summary: ResolveLabelsSummary, store: Store, cycle: Cycle, tonight: tuple[pl.DataFrame, pl.DataFrame]
) -> ResolveLabelsSummary:
    """The summary with labels of all nights by name, and a warning on rare ones, if the project states a least share."""
    least_share, kind = cycle.project.labeling.least_share, kind_of(cycle.project)
    if least_share is None:
        return summary
    balance = name_balance(store, kind.changes, kind.vocabulary, least_share, tonight)
    if balance.short:
        logger.warning("%s", balance.says())
    return replace(summary, labelled_by_name=dict(balance.by_name), why_unbalanced=balance.says())


@dataclass(frozen=True)
class _Given:
    """Annotations of all nights."""

    annotations: pl.DataFrame
    """Rows of `Annotation` that may vote."""
    gold: pl.DataFrame
    """Those of gold tasks, which never do."""
    tonight: pl.DataFrame
    """Rows that this cycle collected."""
    votes: Votes
    """Votes of all images; for kinds of several objects, of those that several people annotated."""


def _given(store: Store, cycle: Cycle) -> _Given:
    kind = kind_of(cycle.project)
    annotations = store.current(Annotation)
    tasks = store.history(LabelingTask, ["task_key", "purpose"]).filter(pl.col("purpose").cast(pl.String) == "gold")
    is_gold = pl.col("task_key").is_in(tasks["task_key"].implode())
    mine = annotations.filter(~is_gold)
    compared = mine
    if kind.freezing.keeps_objects:
        several = mine.group_by("image_id").agg(people=pl.col("annotator_id").n_unique(), at=pl.col("updated_at").max())
        newest = several.filter(pl.col("people") > 1).sort("at", "image_id").tail(MOST_COMPARED)
        compared = mine.join(newest, on="image_id", how="semi")
    things = kind.changes.in_rows(store.rows_of(AnnotationObject, compared["annotation_id"], "annotation_id"))
    tonight = store.read(Annotation, cycle.cycle_id)
    return _Given(mine, annotations.filter(is_gold), tonight, read_votes(only_starred(compared), things, kind.labeling))


def _about(store: Store, kind: Kind, given: _Given, images: list[str]) -> tuple[Rows[Annotation], pl.DataFrame]:
    """Annotations that may vote on these images, and their objects."""
    annotations = check(Annotation, given.annotations.filter(pl.col("image_id").is_in(images)))
    things = store.rows_of(AnnotationObject, annotations["annotation_id"], "annotation_id")
    return annotations, kind.changes.in_rows(things)


def _weighed(
    store: Store, cycle: Cycle, given: _Given, gold: list[GoldAnnotation], changed: list[str]
) -> tuple[NamedVotes | None, Weighed | None]:
    """Votes for one name an image, and their consensus with a model; None where the kind decides."""
    kind = kind_of(cycle.project)
    if kind.freezing.keeps_objects or cycle.project.labeling.consensus == "kind":
        return None, None
    starred = given.annotations.filter("is_starred", pl.col("state").cast(pl.String) == "answered")["image_id"]
    named = named_votes(given.votes, kind.labeling, frozenset(starred))
    if named.shared_images < LEAST_SHARED:
        return named, None
    in_time = pl.concat([given.annotations, given.gold]).sort("updated_at", "annotation_id")["annotation_id"]
    order = {one: place for place, one in enumerate(in_time)}
    return named, weigh(named, given.votes, _beliefs(store, cycle, named, changed), GoldVotes(gold, order))


def _beliefs(store: Store, cycle: Cycle, named: NamedVotes, changed: list[str]) -> Floats | None:
    """Beliefs about the voted images by heads that have not seen their votes; None where there is too little to learn from."""
    has_one, numbers = judged_by_model(named, set(changed)), named.majorities
    asked = [image_id for image_id, is_asked in zip(named.image_ids, has_one.tolist(), strict=True) if is_asked]
    embeddings = read_embeddings(store, asked, newest_backbone_digest(store))
    has_one[has_one] = embeddings.has_embedding
    group_of = dict(store.current(SplitGroup).select("image_id", "split_group_id").iter_rows())
    groups = np.unique([group_of.get(one, one) for one in named.image_ids], return_inverse=True)[1].astype(np.int64)
    known, places = np.unique(numbers[has_one], return_inverse=True)
    among = np.unique(groups[has_one], return_inverse=True)[1].astype(np.int64)
    if len(known) < 2 or among.max(initial=-1) + 1 < FOLDS:
        return None
    doubts = judge(
        embeddings.vectors[embeddings.has_embedding], places.astype(np.int64), among, len(known), derive_seed(cycle.seed, STAGE)
    )
    beliefs = np.full((len(named.image_ids), len(named.names)), np.nan)
    beliefs[has_one] = 0.0
    beliefs[np.ix_(has_one, known)] = doubts.beliefs
    split_of = dict(store.history(Split, ["split_group_id", "split"]).with_columns(pl.col("split").cast(pl.String)).iter_rows())
    return for_training_only(beliefs, [split_of.get(group_of.get(one, one)) for one in named.image_ids])


def _to_resolve_anew(store: Store, kind: Kind, weighed: Weighed, changed: list[str]) -> list[str]:
    """Images without a change whose label of people is another by now, beyond doubt."""
    labels = store.current(Label, ["image_id", "state", "votes"]).filter(pl.col("votes") > 0, ~pl.col("image_id").is_in(changed))
    objects = kind.changes.in_rows(store.current(LabelObject).join(labels, on="image_id", how="semi"))
    said = meanings(labels, objects, kind.labeling)
    return [
        image_id
        for image_id, (now, belief) in weighed.labels.items()
        if image_id in said and belief >= LEAST_BELIEF and said[image_id] != ("labelled" if now else "empty", now)
    ]


def _gold(store: Store, kind: Kind, given: _Given) -> list[GoldAnnotation]:
    """Annotations of gold images of all nights, judged by the labels that stand."""
    if given.gold.is_empty():
        return []
    images = given.gold["image_id"].unique()
    labels = store.rows_of(Label, images)
    said = meanings(labels, kind.changes.in_rows(store.rows_of(LabelObject, images)), kind.labeling)
    things = kind.changes.in_rows(store.rows_of(AnnotationObject, given.gold["annotation_id"], "annotation_id"))
    own = set(given.annotations.join(given.gold, on="image_id", how="semi").select("image_id", "annotator_id").iter_rows())
    return gold_annotations(read_votes(given.gold, things, kind.labeling), own, said, kind.labeling)


def _audits(store: Store, kind: Kind, given: _Given, before: tuple[pl.DataFrame, pl.DataFrame]) -> list[GoldAnnotation]:
    """Tonight's annotations of audited labels, judged by the labels that stood before."""
    tasks = store.history(LabelingTask, ["task_key", "purpose"]).filter(pl.col("purpose").cast(pl.String) == AUDIT)
    if tasks.is_empty():
        return []
    audited = given.tonight.join(tasks, on="task_key", how="semi")
    things = kind.changes.in_rows(store.rows_of(AnnotationObject, audited["annotation_id"], "annotation_id"))
    others = given.annotations.join(audited, on="image_id", how="semi").join(tasks, on="task_key", how="anti")
    own = set(others.select("image_id", "annotator_id").iter_rows())
    return gold_annotations(read_votes(audited, things, kind.labeling), own, meanings(*before, kind.labeling), kind.labeling)


def _image_counts(annotations: pl.DataFrame) -> dict[str, int]:
    """Annotator → images with an answer."""
    answered = annotations.filter(pl.col("state").cast(pl.String) == "answered")
    return dict(answered.group_by("annotator_id").agg(pl.col("image_id").n_unique()).iter_rows())


def _says(named: NamedVotes, weighed: Weighed) -> str:
    """The consensus in a sentence."""
    model = (
        "and a model that has not seen the image's votes" if weighed.has_model else "alone, as a model has too little to learn from"
    )
    return (
        f"Labels weigh {len(named.annotator_ids)} people {model}, by how often they are right; "
        f"{named.shared_images} images with several votes say how often that is."
    )


def _with_labels_of_sets(
    store: Store, labels: Rows[Label], objects: Rows[LabelObject]
) -> tuple[Rows[Label], Rows[LabelObject], int]:
    """Give images about which nobody answers the label of a labelled set, if one has it; and the number of these images."""
    without_vote = labels.filter(pl.col("state") == "unsure", pl.col("votes") == 0)["image_id"]
    of_sets, things = labels_of_sets(store, without_vote)
    is_theirs = pl.col("image_id").is_in(of_sets["image_id"].implode())
    merged = pl.concat([labels.filter(~is_theirs), of_sets]).sort("image_id")
    merged_objects = pl.concat([objects.filter(~is_theirs), things]).sort("image_id", "object_index")
    return check(Label, merged), check(LabelObject, merged_objects), of_sets.height


def _to_resolve(store: Store, cycle: Cycle, given: _Given) -> list[str]:
    """Images whose annotations changed in this cycle, and those whose annotations match the project's classes by now."""
    changed = set(given.tonight.join(given.gold, on="task_key", how="anti")["image_id"])
    labels = store.current(Label, ["image_id", "state"])
    unmatched = labels.filter(pl.col("state").cast(pl.String) == "unmatched")["image_id"].to_list()
    if unmatched:
        annotations = store.rows_of(Annotation, unmatched)
        kind = kind_of(cycle.project)
        objects = kind.changes.in_rows(store.rows_of(AnnotationObject, annotations["annotation_id"], "annotation_id"))
        changed |= read_votes(only_starred(annotations), objects, kind.labeling).by_image.keys()
    return sorted(changed)


def _summary(
    labels: Rows[Label], objects: Rows[LabelObject], before: Mapping[str, object], labeling: Labeling[Any]
) -> ResolveLabelsSummary:
    after = meanings(labels, objects, labeling)
    states = labels["state"].cast(str).to_list()
    shared = labels.filter(pl.col("votes") >= 2)["agreement_ratio"]
    return ResolveLabelsSummary(
        images=labels.height,
        labelled=states.count("labelled"),
        empty=states.count("empty"),
        unsure=states.count("unsure"),
        unmatched=states.count("unmatched"),
        changed_labels=sum(after[image_id] != meaning for image_id, meaning in before.items()),
        mean_agreement_ratio=sum(shared) / len(shared) if len(shared) else None,
        images_by_class=labeling.counts(one for _, said in after.values() for one in said),
    )
