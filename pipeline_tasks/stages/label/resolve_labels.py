"""Turn what people answered into what is taken as the truth."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipeline_tasks.annotations.consensus import LabelsVersion, resolve
from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import AnnotationObject, LabelObject
from pipeline_tasks.tables.table import Rows

STAGE = "resolve_labels"


def resolve_labels(store: Store, cycle: Cycle) -> ResolveLabelsSummary:
    """Resolve anew each image whose answers changed in this cycle, from all its answers that still stand.

    Raises:
        MissingStageError: collect_annotations of this cycle has not been done.
    """
    standing = store.finished(cycle.cycle_id, STAGE, ResolveLabelsSummary)
    if standing is not None:
        return standing
    changed = store.read(Annotation, cycle.cycle_id)["image_id"].unique().to_list()
    before = store.current(Label).filter(pl.col("image_id").is_in(changed))
    objects_before = store.current(LabelObject).filter(pl.col("image_id").is_in(changed))
    project = cycle.project
    digest = label_form(project.label_kind, project.classes, project.labeling.question).digest
    version = LabelsVersion(cycle.cycle_id, project.label_kind, project.classes, digest)
    labels, objects = resolve(changed, store.current(Annotation), store.current(AnnotationObject), version)
    summary = _summary(labels, objects, _meanings(before, objects_before))
    return store.finish(cycle.cycle_id, STAGE, summary, [(Label, labels), (LabelObject, objects)])


def _meanings(labels: pl.DataFrame, objects: pl.DataFrame) -> dict[str, Any]:
    """image_id → what its label says, to compare labels by; objects of a label that is not `labelled` no longer count."""
    labelled = objects.join(labels.filter(pl.col("state") == "labelled"), on="image_id", how="semi").sort(
        "image_id", "object_index"
    )
    said: dict[str, list[Any]] = {}
    for thing in labelled.drop("object_index").iter_rows(named=True):
        said.setdefault(thing["image_id"], []).append(thing)
    return {image_id: (state, said.get(image_id)) for image_id, state in labels.select("image_id", "state").iter_rows()}


def _summary(labels: Rows[Label], objects: Rows[LabelObject], before: dict[str, Any]) -> ResolveLabelsSummary:
    after = _meanings(labels, objects)
    states = labels["state"].cast(str).to_list()
    shared = labels.filter(pl.col("votes") >= 2)["agreement_ratio"]
    by_class = objects["class_name"].drop_nulls().value_counts(sort=True)
    return ResolveLabelsSummary(
        images=labels.height,
        labelled=states.count("labelled"),
        empty=states.count("empty"),
        unsure=states.count("unsure"),
        changed_labels=sum(after[image_id] != meaning for image_id, meaning in before.items()),
        mean_agreement_ratio=sum(shared) / len(shared) if len(shared) else None,
        images_by_class=dict(sorted(by_class.iter_rows())),
    )
