"""Sections on the process: images by stage, classes of the dataset version."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.kinds.shown_names import shown_names
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.find_duplicates import FindDuplicatesSummary
from pipeline_tasks.records.find_quality_issues import FindQualityIssuesSummary
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.records.resolve_labels import ResolveLabelsSummary
from pipeline_tasks.records.select_images import SelectImagesSummary
from pipeline_tasks.records.train_model import TrainModelSummary
from pipeline_tasks.reports.charts import bars, stacked
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, paragraph, table, together

SPLITS = ("train", "val", "test")
SLICE_WORDS = {
    "golden": "in the golden set and scored only there",
    "recent": "recent",
    "control": "drawn at random, while the rest is curated",
}
SYNTHETIC_WORDS = {
    "synthetic_not_in_train": "their group is in val or test, where only real images count",
    "over_synthetic_ratio": "above training.max_synthetic_ratio",
}
LEAKS_INTO = (("test", "test"), ("val", "validation"))


def funnel(data: CycleData) -> Html | None:
    """Number of tonight's images at each stage."""
    find = data.records.find
    recorded, quality, duplicates = find(RecordImagesSummary), find(FindQualityIssuesSummary), find(FindDuplicatesSummary)
    if recorded is None:
        return None
    listed, selected, trained = find(ListNewImagesSummary), find(SelectImagesSummary), find(TrainModelSummary)
    rows = [
        ("files seen", recorded.files if listed is None else listed.files_seen, f"{recorded.files} of them new"),
        ("taken in", recorded.images_new, f"{recorded.rejected} files rejected, {recorded.files_already_known} known"),
    ]
    if recorded.embedded_again:
        rows.append(("embedded again", recorded.embedded_again, "images of earlier nights, by another backbone than before"))
    if quality is not None:
        fine = recorded.images_new - quality.images_quarantined
        rows.append(("after quality", fine, f"{quality.images_quarantined} quarantined"))
    if quality is not None and duplicates is not None:
        rows.append(("after duplicates", _unique(quality, duplicates), f"{duplicates.contested} contested"))
    if selected is not None:
        rows.append(("selected", selected.images_selected, f"of {selected.images_eligible} eligible, of all nights"))
    if data.annotations is not None:
        rows.append(("annotated", data.annotations["image_id"].n_unique(), "images of this round"))
    labels = find(ResolveLabelsSummary)
    if labels is not None:
        rows.append(("labelled", labels.labelled, _without_label(labels)))
    if trained is not None and not trained.skipped:
        rows.append(("trained on", trained.train_images, "of all nights"))
    return bars(rows)


def _without_label(labels: ResolveLabelsSummary) -> str:
    """Images that people annotated without a label as the result."""
    counts = ((labels.empty, "with nothing there"), (labels.unsure, "unsure"), (labels.unmatched, "match no class"))
    return ", ".join(f"{count} {words}" for count, words in counts if count or words == "unsure")


def class_balance(data: CycleData) -> Html | None:
    """Classes of the newest dataset version, by split."""
    if data.dataset_images is None or data.dataset_images.is_empty():
        return None
    vocabulary = data.kind.vocabulary
    counted = shown_names(data.kind, data.dataset_images).group_by("split", "name").len()
    counts: dict[str, dict[str, int]] = {split: {} for split in SPLITS}
    for split, name, count in counted.iter_rows():
        counts[split][str(name)] = count
    names = [*vocabulary, *sorted({name for of in counts.values() for name in of} - set(vocabulary))]
    rows = [
        (name, *(counts[split].get(name, 0) for split in SPLITS), sum(counts[s].get(name, 0) for s in SPLITS)) for name in names
    ]
    images = dict(data.dataset_images.group_by(pl.col("split").cast(pl.String)).len().iter_rows())
    has_several = counted["len"].sum() > data.dataset_images.height
    return together(
        [
            paragraph("An image counts once for each class that it shows.", quiet=True) if has_several else None,
            stacked(counts, names, images),
            table((data.kind.reporting.names_word, *SPLITS, "all"), rows),
            _changed_names(data),
            _slices(data),
            _synthetic(data),
            _leaks(data),
        ]
    )


def _changed_names(data: CycleData) -> Html | None:
    """Labels that count by another name than people chose, and those left out for their name."""
    built, changes = data.records.find(BuildDatasetVersionSummary), data.kind.changes
    if built is None or not (built.renamed or built.unknown_names or built.left_out.get("removed_class")):
        return None
    lines = [
        f"{count} images whose label says {one.split(' → ')[0]!r} count as {one.split(' → ')[1]!r}."
        for one, count in built.renamed.items()
    ]
    lines += [
        f"{count} images are left out: their label says {name!r}, which is no class." for name, count in built.unknown_names.items()
    ]
    if count := built.left_out.get("removed_class"):
        lines.append(f"{count} images are left out: their label says one of the removed names {', '.join(changes.removed)}.")
    return together([paragraph(line) for line in lines])


def _slices(data: CycleData) -> Html | None:
    """Number of test images in each slice, and golden ones outside test."""
    built = data.records.find(BuildDatasetVersionSummary)
    if built is None or not built.slices:
        return None
    slices, outside = built.slices, built.golden_not_in_test
    counts = ", ".join(f"{slices[name]} are {words}" for name, words in SLICE_WORDS.items() if name in slices)
    said = f"Of the test images {counts}."
    if outside:
        where = ", ".join(f"{count} in {split}" for split, count in outside.items())
        said += f" Matching the golden set's pattern but not golden, because models may have been trained on them: {where}."
    return paragraph(said, quiet=not outside)


def _synthetic(data: CycleData) -> Html | None:
    """Number of rendered or generated images in training, and of those left out."""
    built = data.records.find(BuildDatasetVersionSummary)
    if built is None:
        return None
    left_out = {reason: built.left_out[reason] for reason in SYNTHETIC_WORDS if built.left_out.get(reason)}
    if not built.synthetic_images and not left_out:
        return None
    said = f"Of the training images {built.synthetic_images} are rendered or generated."
    said += "".join(f" {count} more are left out: {SYNTHETIC_WORDS[reason]}." for reason, count in left_out.items())
    return paragraph(said, quiet=not left_out)


def _leaks(data: CycleData) -> Html | None:
    """Leak report of the version in one line."""
    built = data.records.find(BuildDatasetVersionSummary)
    if built is None or not built.leak_report:
        return None
    report = built.leak_report
    into = [f"{report[f'leaks_into_{split}']} near-duplicates of {word} images" for split, word in LEAKS_INTO]
    left_out = report["leaks_into_test"] + report["leaks_into_val"]
    said = f"Leak report: {report['pairs_compared']} pairs of images of different splits were compared; "
    said += f"excluded from the version are {' and '.join(into)}" if left_out else "no near-duplicates were found"
    if report["leaks_in_use"]:
        said += f"; {report['leaks_in_use']} of them were in the previous version, so earlier models may have been trained on them"
    if report.get("leaks_into_golden"):
        said += f"; {report['leaks_into_golden']} of them are near-duplicates of golden images"
    if report["compared_by_pixels_only"]:
        said += f"; {report['compared_by_pixels_only']} images without an embedding were compared by their pixels only"
    return paragraph(f"{said}.", quiet=not left_out)


def _unique(quality: FindQualityIssuesSummary, duplicates: FindDuplicatesSummary) -> int:
    """New images that are neither quarantined nor duplicates; quarantined ones are grouped by pixels only."""
    left = duplicates.images_searched - quality.images_quarantined
    return max(0, left - duplicates.images_in_groups - duplicates.contested)
