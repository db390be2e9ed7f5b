"""Freeze the project's labels into a dataset version, named by its content, and decide whether to train on it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial

import polars as pl

from pipeline_tasks.datasets.doubted import doubted_in_training, doubted_objects_in_training
from pipeline_tasks.datasets.golden import golden_images, refused
from pipeline_tasks.datasets.label_quality import LabelQuality, QualityRule, label_quality, why_gold_does_not_suffice
from pipeline_tasks.datasets.manifest import EMPTY_DIGEST, Manifest, ManifestInputs, freeze
from pipeline_tasks.datasets.slices import slice_test_images
from pipeline_tasks.datasets.synthetic import outside_training, over_ratio, synthetic_images
from pipeline_tasks.datasets.training_decision import TrainingDecision, decide_training, decide_training_again, new_labels
from pipeline_tasks.decoding.jpeg import decode_jpeg
from pipeline_tasks.errors import NotFoundError
from pipeline_tasks.images.leak_records import LeakReport, leak_report
from pipeline_tasks.images.quality import quarantined
from pipeline_tasks.images.views import View
from pipeline_tasks.kinds.name_changes import NameChanges
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.label_errors.object_doubts import SUSPECT
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.records.dataset_version import GoldenSet, VersionAbout
from pipeline_tasks.records.open_cycle import OpenCycleSummary
from pipeline_tasks.records.project_state import Dataset, RestoredDataset
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.settings import QualitySettings
from pipeline_tasks.storage.blobs.thumbnails import read_thumbnail
from pipeline_tasks.storage.blobs.version_index import index_key
from pipeline_tasks.storage.history.cycles import NIGHTLY, read_cycle
from pipeline_tasks.storage.history.embedding_rows import newest_backbone_digest, read_embeddings
from pipeline_tasks.storage.history.store import Store, Write
from pipeline_tasks.storage.versions.dataset_versions import write_version
from pipeline_tasks.storage.versions.restored_version import check_restorable, restored_version
from pipeline_tasks.storage.versions.version_rows import named_rows, with_objects
from pipeline_tasks.tables.dataset_image import LABEL_NAME, DatasetImage
from pipeline_tasks.tables.duplicate_group import DuplicateGroup
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import DatasetObject, LabelObject
from pipeline_tasks.tables.label_suspect import LabelSuspect
from pipeline_tasks.tables.leak import Leak
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.object_suspect import ObjectSuspect
from pipeline_tasks.tables.quality_issue import QualityIssue
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.slice_image import SLICES, SliceImage
from pipeline_tasks.tables.split import SPLITS, Split
from pipeline_tasks.tables.split_group import SplitGroup
from pipeline_tasks.tables.table import Rows, check, empty

STAGE = "build_dataset_version"


def build_dataset_version(store: Store, cycle: Cycle) -> BuildDatasetVersionSummary:
    """Freeze all current labels by the recorded splits; write a version only if it differs from the newest one.

    While an earlier version is restored, that one is used instead.

    Raises:
        SettingsError: the restored version's classes differ from the project's.
        LeakError: too many images show the same as an image of another split; the message names pairs and the remedy.
    """
    standing = store.finished(cycle.cycle_id, STAGE, BuildDatasetVersionSummary)
    if standing is not None:
        return standing
    if (restored := restored_version(store)) is not None:
        summary = _summary_of_restored(store, cycle, restored)
        return store.finish(cycle.cycle_id, STAGE, summary, sets=[restored.dataset])
    newest = store.state().dataset
    golden = frozenset[str]()
    if cycle.project.splits.golden is not None:
        golden = golden_images(cycle.project.splits.golden, store.history(Sighting, ["source", "key", "image_id"]))
    synthetic = synthetic_images(store.history(Sighting, ["image_id", "is_synthetic"]))
    manifest, leaks = _freeze(store, cycle, newest, golden, synthetic)
    slices = _slices(store, cycle, manifest, golden)
    is_changed = manifest.rows.height > 0 and (newest is None or newest.dataset_id != manifest.dataset_id)
    summary = replace(_summary(store, cycle, manifest, newest, is_changed=is_changed), leak_report=leaks.counts)
    summary = replace(
        summary,
        slices=_slice_counts(cycle, slices if is_changed else _standing_slices(store, newest)),
        golden_not_in_test=_counts(manifest.rows.filter(pl.col("split") != "test", pl.col("image_id").is_in(list(golden)))),
        synthetic_images=manifest.rows.filter(pl.col("image_id").is_in(list(synthetic))).height,
    )
    if not is_changed:
        return store.finish(cycle.cycle_id, STAGE, summary, [(Leak, leaks.rows)])
    write_version(
        store.objects,
        manifest.dataset_id,
        _lines(manifest),
        about=_about(cycle, leaks, slices),
        earlier=None if newest is None else newest.dataset_id,
    )
    sets = [Dataset(manifest.dataset_id, cycle.cycle_id)]
    writes: list[Write] = [(DatasetImage, manifest.rows), (Leak, leaks.rows)]
    writes += [(SliceImage, slices)] if summary.slices else []
    kind = kind_of(cycle.project)
    writes += [(DatasetObject, check(DatasetObject, manifest.objects))] if kind.freezing.keeps_objects else []
    return store.finish(cycle.cycle_id, STAGE, summary, writes, sets=sets)


def _freeze(
    store: Store, cycle: Cycle, newest: Dataset | None, golden: frozenset[str], synthetic: frozenset[str]
) -> tuple[Manifest, LeakReport]:
    """Freeze the usable images, then leave out those that would leak, and golden, synthetic and doubted ones in a wrong split."""
    inputs, kind = manifest_inputs(store, cycle.project.quality), kind_of(cycle.project)
    before = frozenset[str]() if newest is None else frozenset(store.read(DatasetImage, newest.cycle_id)["image_id"])
    if golden:
        not_test = refused(golden, freeze(inputs, kind).rows, before)
        inputs = replace(inputs, leaks=dict.fromkeys(not_test, "golden_not_in_test"))
    rows = freeze(inputs, kind).rows
    if outside := outside_training(rows, synthetic):
        inputs = replace(inputs, leaks={**inputs.leaks, **outside})
        rows = freeze(inputs, kind).rows
    if doubted := _doubted(store, cycle, rows):
        inputs = replace(inputs, leaks={**doubted, **inputs.leaks})
        rows = freeze(inputs, kind).rows
    embeddings = read_embeddings(store, rows["image_id"].to_list(), newest_backbone_digest(store))
    leaks = leak_report(
        rows,
        store.current(Measurement),
        store.current(DuplicateGroup),
        embeddings.vectors,
        embeddings.has_embedding,
        in_use=before,
        settings=cycle.project.duplicates,
        read_view=partial(_view, store),
        settled=before if _was_searched_alike(store, cycle, newest) else (),
    )
    if cycle.project.splits.golden:
        into_golden = leaks.rows.filter(pl.col("other_image_id").is_in(list(golden))).height
        leaks = replace(leaks, counts=leaks.counts | {"leaks_into_golden": into_golden})
    manifest = freeze(replace(inputs, leaks={**inputs.leaks, **leaks.reasons}), kind)
    if too_many := over_ratio(manifest.rows, synthetic, cycle.project.training.max_synthetic_ratio):
        manifest = freeze(replace(inputs, leaks={**inputs.leaks, **leaks.reasons, **too_many}), kind)
    return manifest, leaks


def _doubted(store: Store, cycle: Cycle, rows: pl.DataFrame) -> dict[str, str]:
    """Training images that the project leaves out because tonight's look at all labels doubts theirs."""
    if cycle.project.training.doubted_labels == "keep" or not store.has(LabelSuspect, cycle.cycle_id):
        return {}
    if kind_of(cycle.project).freezing.keeps_objects:
        named = store.rows_of(LabelObject, rows["image_id"], columns=["image_id", LABEL_NAME])
        named = kind_of(cycle.project).changes.in_rows(named)
        suspects = store.read(ObjectSuspect, cycle.cycle_id).filter(pl.col("doubt") >= SUSPECT)
        return doubted_objects_in_training(rows, named, suspects["image_id"])
    return doubted_in_training(rows, store.read(LabelSuspect, cycle.cycle_id))


def _was_searched_alike(store: Store, cycle: Cycle, newest: Dataset | None) -> bool:
    """Return True if the newest version's leak report aligned its images, all of them with embeddings, by today's settings."""
    if newest is None:
        return False
    built = store.summary(newest.cycle_id, BuildDatasetVersionSummary)
    same_settings = read_cycle(store, newest.cycle_id).project.duplicates == cycle.project.duplicates
    had_embeddings = built.leak_report.get("compared_by_pixels_only") == 0
    return same_settings and had_embeddings and "pairs_aligned" in built.leak_report


def _view(store: Store, image_id: str) -> View | None:
    """Small view of an image, made of its thumbnail; None if that is missing or damaged, because it is only a cache."""
    try:
        pixels = decode_jpeg(read_thumbnail(store.objects, image_id))
    except NotFoundError:
        return None
    return None if pixels is None else View(pixels)


def _slices(store: Store, cycle: Cycle, manifest: Manifest, golden: frozenset[str]) -> Rows[SliceImage]:
    """Slices of the version's test images that the project asks for; recent ones by the cycle that took them in."""
    settings, recent = cycle.project.splits, frozenset[str]()
    if settings.recent_cycles is not None:
        taken_in = [one for one in dict.fromkeys(file.cycle_id for file in store.files(Image)) if _is_night(store, one)]
        taken_in = taken_in[-settings.recent_cycles :]
        recent = recent.union(*(store.read(Image, cycle_id)["image_id"] for cycle_id in taken_in))
    return slice_test_images(manifest.rows, golden, recent, is_curated=settings.policy == "curated")


def _is_night(store: Store, cycle_id: str) -> bool:
    """Return False for an import: images of a labelled set are not recent, whenever it came."""
    return store.summary(cycle_id, OpenCycleSummary).cycle_kind == NIGHTLY


def _standing_slices(store: Store, newest: Dataset | None) -> Rows[SliceImage]:
    """Slices of the newest version."""
    if newest is None or not store.has(SliceImage, newest.cycle_id):
        return empty(SliceImage)
    return store.read(SliceImage, newest.cycle_id)


def _slice_counts(cycle: Cycle, slices: pl.DataFrame) -> dict[str, int]:
    """Slice → number of test images; includes requested slices without images."""
    settings = cycle.project.splits
    wishes = {
        "golden": settings.golden is not None,
        "recent": settings.recent_cycles is not None,
        "control": settings.policy == "curated",
    }
    counts = dict(slices.group_by(pl.col("slice").cast(pl.String)).len().iter_rows())
    return {name: counts.get(name, 0) for name in SLICES if wishes[name] or name in counts}


def _counts(rows: pl.DataFrame) -> dict[str, int]:
    return {split: rows.filter(pl.col("split") == split).height for split in rows["split"].cast(pl.String).unique().sort()}


def _about(cycle: Cycle, leaks: LeakReport, slices: pl.DataFrame) -> VersionAbout:
    """Description for the version's index; the golden set is named by its content."""
    project, kind = cycle.project, kind_of(cycle.project)
    about = VersionAbout(project.label_kind, list(kind.vocabulary), leaks.counts, options=dict(kind.options))
    if project.splits.golden is None:
        return about
    members = slices.filter(pl.col("slice").cast(pl.String) == "golden")["image_id"].to_list()
    sha256 = hashlib.sha256("\n".join(members).encode()).hexdigest()
    return replace(about, golden=GoldenSet(project.splits.golden.name, len(members), sha256))


def manifest_inputs(store: Store, quality: QualitySettings) -> ManifestInputs:
    """Current tables that a version is frozen from."""
    groups, selected = store.current(DuplicateGroup), store.history(SelectedImage, ["image_id", "arm"])
    return ManifestInputs(
        labels=store.current(Label),
        label_objects=store.current(LabelObject),
        split_groups=store.current(SplitGroup),
        splits=store.history(Split),
        contested=frozenset(groups.filter(pl.col("is_contested"))["image_id"]),
        quarantined=quarantined(store.history(QualityIssue, ["image_id", "rule", "value"]), quality),
        control=frozenset(selected.filter(pl.col("arm") == "control")["image_id"]),
    )


def _summary(
    store: Store, cycle: Cycle, manifest: Manifest, newest: Dataset | None, *, is_changed: bool
) -> BuildDatasetVersionSummary:
    """Summary of the frozen version, with the training decision."""
    candidate, quality = store.state().candidate, _quality(store, cycle)
    trained_labels = None if candidate is None else store.read(DatasetImage, candidate.dataset_cycle_id)
    training = cycle.project.training
    decision = decide_training(
        manifest.rows,
        trained_labels,
        cycle.arguments.training,
        training.min_new_labels,
        _why_not(cycle, manifest.rows, manifest.objects)
        or (_why_labels_do_not_suffice(store, cycle, quality) if cycle.project.gates.rules.of("label_quality") == "must" else ""),
        "" if candidate is None else _why_at_once(named_rows(store, candidate.dataset_cycle_id), kind_of(cycle.project).changes),
    )
    named = Dataset(manifest.dataset_id, cycle.cycle_id) if is_changed else newest
    described = _described(store, cycle, manifest.rows, manifest.objects, decision, named)
    described = replace(described, unknown_names=manifest.unknown_names, renamed=manifest.renamed)
    described = replace(
        described,
        removed_objects=manifest.removed_objects,
        agreement=quality.agreement,
        agreement_low=quality.low,
        agreement_high=quality.high,
        agreement_images=quality.images,
        label_quality=quality.says,
        is_label_quality_kept=quality.is_kept,
    )
    return replace(described, is_changed=is_changed, left_out=manifest.left_out)


def _quality(store: Store, cycle: Cycle) -> LabelQuality:
    """The quality of today's labels, by the project's gate."""
    gates = cycle.project.gates
    rule = QualityRule(gates.min_agreement, gates.confidence, gates.bootstrap_samples, derive_seed(cycle.seed, STAGE))
    labels = store.current(Label, ["image_id", "state", "votes", "agreement_ratio"])
    return label_quality(labels, store.current(SplitGroup), kind_of(cycle.project).labeling.agreement_measure, rule)


def _why_labels_do_not_suffice(store: Store, cycle: Cycle, quality: LabelQuality) -> str:
    """Reason not to train on these labels, or after tonight's gold; empty if both keep the gate, or if there is no limit."""
    if quality.is_kept is False:
        return f"the gate on label quality holds. {quality.says.rstrip('.')}"
    limit, confidence = cycle.project.gates.min_gold_accuracy, cycle.project.gates.confidence
    resolved = None if limit is None else store.find_summary(cycle.cycle_id, ResolveLabelsSummary)
    return "" if resolved is None else why_gold_does_not_suffice(resolved.gold_right, resolved.gold_images, limit, confidence)


def _why_at_once(trained: pl.DataFrame, changes: NameChanges) -> str:
    """Reason to train: the newest model still uses names that the project file renames or removes."""
    former = set(trained[LABEL_NAME].drop_nulls()) & {*changes.today, *changes.removed}
    names = ", ".join(repr(name) for name in sorted(former))
    return f"the newest model still says {names}, which the project file renames or removes" if former else ""


def _summary_of_restored(store: Store, cycle: Cycle, restored: RestoredDataset) -> BuildDatasetVersionSummary:
    """Summary of the restored version; it is trained on unless the newest candidate already was."""
    project = cycle.project
    check_restorable(store, restored.dataset_id, project.label_kind, kind_of(project))
    rows, candidate = store.read(DatasetImage, restored.cycle_id), store.state().candidate
    is_trained_on = candidate is not None and candidate.dataset_id == restored.dataset_id
    objects = store.read(DatasetObject, restored.cycle_id) if store.has(DatasetObject, restored.cycle_id) else empty(DatasetObject)
    decision = decide_training_again(
        rows, cycle.arguments.training, restored.restored_in, _why_not(cycle, rows, objects), is_trained_on=is_trained_on
    )
    slices = _slice_counts(cycle, _standing_slices(store, restored.dataset))
    described = _described(store, cycle, rows, objects, decision, restored.dataset)
    return replace(described, restored_in=restored.restored_in, slices=slices)


def _why_not(cycle: Cycle, rows: pl.DataFrame, objects: pl.DataFrame) -> str:
    """Reason why the kind cannot train on a version; empty if it can."""
    kind, train = kind_of(cycle.project), rows.filter(pl.col("split") == "train")
    return kind.modelling.why_not_train(with_objects(train, objects) if kind.freezing.keeps_objects else train)


def _described(
    store: Store, cycle: Cycle, rows: pl.DataFrame, objects: pl.DataFrame, decision: TrainingDecision, named: Dataset | None
) -> BuildDatasetVersionSummary:
    """Fields common to all versions; `named` says where its rows are."""
    kind = kind_of(cycle.project)
    said = objects if kind.freezing.keeps_objects else rows
    images_by_class = dict(said.select("image_id", LABEL_NAME).unique().group_by(LABEL_NAME).len().iter_rows())
    newest = store.state().dataset
    earlier = None if newest is None else store.read(DatasetImage, newest.cycle_id)
    return BuildDatasetVersionSummary(
        dataset_id=None if named is None else named.dataset_id,
        dataset_cycle_id=None if named is None else named.cycle_id,
        is_changed=False,
        should_train=decision.should_train,
        why=decision.why,
        images=rows.height,
        labels_new=new_labels(rows, earlier),
        images_by_split={split: rows.filter(pl.col("split") == split).height for split in SPLITS},
        images_by_class={name: images_by_class.get(name, 0) for name in kind.vocabulary},
        objects=said.height,
        empty_images=rows.filter(pl.col("label_digest") == EMPTY_DIGEST).height,
        index_key=None if named is None else index_key(named.dataset_id),
    )


def _lines(manifest: Manifest) -> pl.DataFrame:
    """The manifest's rows for the version's leaves: the columns of the dataset_id, and the label's name for readers."""
    return manifest.rows.select("image_id", pl.col("split").cast(pl.String), "label_kind", LABEL_NAME, "label_digest")
