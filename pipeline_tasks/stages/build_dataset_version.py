"""Freeze the project's labels into a dataset version, named by its content, and decide whether it is worth a training."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import polars as pl

from pipeline_tasks.cycle import Cycle
from pipeline_tasks.datasets.manifest import Facts, Manifest, freeze
from pipeline_tasks.datasets.training_decision import TrainingDecision, decide_training, decide_training_again, new_labels
from pipeline_tasks.images.leak_records import LeakReport, leak_report
from pipeline_tasks.storage.dataset_versions import index_key, write_version
from pipeline_tasks.storage.embedding_rows import newest_backbone_digest, read_embeddings
from pipeline_tasks.storage.restored_version import check_restorable, restored_version
from pipeline_tasks.storage.store import Store
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.leak import Leak
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.split import SPLITS, Split
from pipeline_tasks.tables.split_group import SplitGroup

STAGE = "build_dataset_version"


@dataclass(frozen=True)
class BuildDatasetVersionSummary:
    """What is in the version, what is new in it, and whether it is worth a training."""

    dataset_id: str | None
    """None as long as no picture is labelled."""
    dataset_cycle_id: str | None
    """The cycle whose `dataset_images` holds the version: an earlier one, if nothing changed."""
    is_changed: bool
    should_train: bool
    why: str
    images: int = 0
    labels_new: int = 0
    """Labels that the version before does not have, or has otherwise."""
    images_by_split: dict[str, int] = field(default_factory=dict)
    images_by_class: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    """Labelled pictures that are not in the version: reason → how many."""
    index_key: str | None = None
    restored_in: str | None = None
    """The cycle in which a person restored this version; None: it was frozen from the labels."""
    leak_report: dict[str, int] = field(default_factory=dict)
    """How many pairs of different splits were compared, and how many images were left out for being the same as another split's:
    pairs_compared, compared_by_pixels_only, leaks_into_test, leaks_into_val, leaks_in_use (of these, in the version before)."""


def build_dataset_version(store: Store, cycle: Cycle) -> BuildDatasetVersionSummary:
    """Freeze all current labels by the recorded splits; write a version only if it differs from the newest one.

    As long as a person has an earlier version restored, that one is named instead.

    Raises:
        SettingsError: the restored version has other classes than the project has now.
        LeakError: too many images show the same as an image of another split; the message names pairs, and what to do.
    """
    standing = store.finished(cycle.cycle_id, STAGE, BuildDatasetVersionSummary)
    if standing is not None:
        return standing
    if (restored := restored_version(store)) is not None:
        sets = {"dataset": {"dataset_id": restored["dataset_id"], "cycle_id": restored["cycle_id"]}}
        return store.finish(cycle.cycle_id, STAGE, _summary_of_restored(store, cycle, restored), sets=sets)
    newest = store.state().values.get("dataset")
    manifest, leaks = _freeze(store, cycle, newest)
    is_changed = manifest.rows.height > 0 and (newest is None or newest["dataset_id"] != manifest.dataset_id)
    summary = replace(_summary(store, cycle, manifest, newest, is_changed=is_changed), leak_report=leaks.counts)
    if not is_changed:
        return store.finish(cycle.cycle_id, STAGE, summary, [(Leak, leaks.rows)])
    write_version(
        store.objects,
        manifest.dataset_id,
        _lines(manifest),
        about={"label_kind": cycle.project.label_kind, "class_names": list(cycle.project.classes), "leak_report": leaks.counts},
        earlier=None if newest is None else newest["dataset_id"],
    )
    sets = {"dataset": {"dataset_id": manifest.dataset_id, "cycle_id": cycle.cycle_id}}
    return store.finish(cycle.cycle_id, STAGE, summary, [(DatasetImage, manifest.rows), (Leak, leaks.rows)], sets=sets)


def _freeze(store: Store, cycle: Cycle, newest: dict[str, str] | None) -> tuple[Manifest, LeakReport]:
    """Freeze what may be used, then leave out what would leak between splits."""
    facts, kind, classes = facts_of(store), cycle.project.label_kind, cycle.project.classes
    rows = freeze(facts, kind, classes).rows
    embeddings = read_embeddings(store, rows["image_id"].to_list(), newest_backbone_digest(store))
    leaks = leak_report(
        rows,
        store.history(Measurement),
        store.current(DuplicateGroup),
        embeddings.vectors,
        embeddings.has_embedding,
        in_use=frozenset() if newest is None else frozenset(store.read(DatasetImage, newest["cycle_id"])["image_id"]),
        settings=cycle.project.duplicates,
    )
    return freeze(replace(facts, leaks=leaks.reasons), kind, classes), leaks


def facts_of(store: Store) -> Facts:
    """Everything that a version is frozen from, as it is now."""
    groups, selected = store.current(DuplicateGroup), store.history(SelectedImage)
    return Facts(
        labels=store.current(Label),
        label_objects=store.current(LabelObject),
        split_groups=store.current(SplitGroup),
        splits=store.history(Split),
        contested=frozenset(groups.filter(pl.col("is_contested"))["image_id"]),
        quarantined=frozenset(store.history(QualityIssue)["image_id"]),
        control=frozenset(selected.filter(pl.col("arm") == "control")["image_id"]),
    )


def _summary(
    store: Store, cycle: Cycle, manifest: Manifest, newest: dict[str, str] | None, *, is_changed: bool
) -> BuildDatasetVersionSummary:
    """Describe what was frozen, and decide about the training."""
    candidate = store.state().values.get("candidate")
    trained_labels = None if candidate is None else store.read(DatasetImage, candidate["dataset_cycle_id"])
    training = cycle.project.training
    decision = decide_training(manifest.rows, trained_labels, cycle.arguments.training, training.min_new_labels)
    named = {"dataset_id": manifest.dataset_id, "cycle_id": cycle.cycle_id} if is_changed else newest
    described = _described(store, cycle, manifest.rows, decision, named)
    return replace(described, is_changed=is_changed, left_out=manifest.left_out)


def _summary_of_restored(store: Store, cycle: Cycle, restored: dict[str, str]) -> BuildDatasetVersionSummary:
    """Describe the version that a person restored; it is trained on unless the newest candidate already was."""
    project = cycle.project
    check_restorable(store, restored["dataset_id"], project.label_kind, project.classes)
    rows, candidate = store.read(DatasetImage, restored["cycle_id"]), store.state().values.get("candidate")
    is_trained_on = candidate is not None and candidate["dataset_id"] == restored["dataset_id"]
    decision = decide_training_again(rows, cycle.arguments.training, restored["restored_in"], is_trained_on=is_trained_on)
    return replace(_described(store, cycle, rows, decision, restored), restored_in=restored["restored_in"])


def _described(
    store: Store, cycle: Cycle, rows: pl.DataFrame, decision: TrainingDecision, named: dict[str, str] | None
) -> BuildDatasetVersionSummary:
    """What is said of any version; `named` is where its rows lie."""
    newest = store.state().values.get("dataset")
    earlier = None if newest is None else store.read(DatasetImage, newest["cycle_id"])
    return BuildDatasetVersionSummary(
        dataset_id=None if named is None else named["dataset_id"],
        dataset_cycle_id=None if named is None else named["cycle_id"],
        is_changed=False,
        should_train=decision.should_train,
        why=decision.why,
        images=rows.height,
        labels_new=new_labels(rows, earlier),
        images_by_split={split: rows.filter(pl.col("split") == split).height for split in SPLITS},
        images_by_class={name: rows.filter(pl.col("class_name") == name).height for name in cycle.project.classes},
        index_key=None if named is None else index_key(named["dataset_id"]),
    )


def _lines(manifest: Manifest) -> pl.DataFrame:
    """The manifest's rows as they lie in the version's leaves: what the dataset_id digests, and the class for readers."""
    return manifest.rows.select("image_id", pl.col("split").cast(pl.String), "label_kind", "class_name", "label_digest")
