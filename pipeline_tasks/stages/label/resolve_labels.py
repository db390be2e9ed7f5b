"""Resolve annotations into labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.annotations.resolving import LabelsVersion, meanings, resolve
from pipeline_tasks.annotations.votes import only_starred, read_votes
from pipeline_tasks.kinds.labeling import Labeling
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.storage.history.set_labels import labels_of_sets
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import AnnotationObject, LabelObject
from pipeline_tasks.tables.table import Rows, check

STAGE = "resolve_labels"


def resolve_labels(store: Store, cycle: Cycle) -> ResolveLabelsSummary:
    """Resolve each image whose annotations changed in this cycle, from all its current annotations.

    Raises:
        MissingStageError: collect_annotations of this cycle has not been done.
    """
    standing = store.finished(cycle.cycle_id, STAGE, ResolveLabelsSummary)
    if standing is not None:
        return standing
    changed = _to_resolve(store, cycle)
    kind = kind_of(cycle.project)
    today = kind.changes.in_rows
    before, objects_before = store.rows_of(Label, changed), today(store.rows_of(LabelObject, changed))
    annotations = store.rows_of(Annotation, changed)
    things = today(store.rows_of(AnnotationObject, annotations["annotation_id"], "annotation_id"))
    version = LabelsVersion(cycle.cycle_id, label_form(kind, cycle.project.labeling.question).digest)
    labels, objects = resolve(changed, annotations, things, kind.labeling, version)
    labels, objects, of_sets = _with_labels_of_sets(store, labels, objects)
    summary = replace(
        _summary(labels, objects, meanings(before, objects_before, kind.labeling), kind.labeling),
        contradictions=len({image_id for image_id, _ in read_votes(annotations, things, kind.labeling).contradictions}),
        starred=annotations.filter("is_starred")["image_id"].n_unique(),
        of_sets=of_sets,
    )
    return store.finish(cycle.cycle_id, STAGE, summary, [(Label, labels), (LabelObject, objects)])


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


def _to_resolve(store: Store, cycle: Cycle) -> list[str]:
    """Images whose annotations changed in this cycle, and those whose annotations match the project's classes by now."""
    changed = set(store.read(Annotation, cycle.cycle_id)["image_id"])
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
