"""Section on what happened in the sources to files that earlier nights had seen, and on sources that could not be listed."""

from __future__ import annotations

from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.reports import other_modality
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, paragraph, table, together
from pipeline_tasks.reports.source_files import named
from pipeline_tasks.tables.missing_file import MissingFile


def section(data: CycleData) -> Html | None:
    """Sources that were away, files that are missing, back, renamed, overwritten or written again, images of another modality."""
    listed, recorded = data.records.find(ListNewImagesSummary), data.records.find(RecordImagesSummary)
    if listed is None:
        return None
    parts = [
        paragraph(f"The source {name} was not listed, so its new images come with the next night that can list it: {why}")
        for name, why in sorted(listed.sources_away.items())
    ]
    return together([*parts, _changes(data, recorded), other_modality.part(data)])


def _changes(data: CycleData, recorded: RecordImagesSummary | None) -> Html:
    """Numbers of changed files, with examples of those that are not in the tables of images."""
    rows = [row for row in (*_missing(data), *_changed(data, recorded)) if row[2]]
    if not rows:
        return paragraph("No file that was known is missing, back, renamed or overwritten.", quiet=True)
    note = paragraph(
        "The originals of all images are in the project's root, so nothing is lost, and no image is taken in twice.", quiet=True
    )
    return together([table(("known files", "for example", "count"), rows, numbers_from=2), note])


def _missing(data: CycleData) -> list[tuple[str, str, int]]:
    missing = data.rows(MissingFile)
    if missing is None:
        return []
    is_renamed = set() if data.renamed is None else set(data.renamed["was"])
    files = missing.sort("source", "key")
    names = [f"{source}:{key}" for source, key in files.select("source", "key").iter_rows()]
    gone = [is_missing and name not in is_renamed for name, is_missing in zip(names, files["is_missing"], strict=True)]
    told = {
        "no longer there: deleted, or left out by the settings": files.filter(gone),
        "back again": files.filter(~files["is_missing"]),
    }
    return [(says, named(ones), ones.height) for says, ones in told.items()]


def _changed(data: CycleData, recorded: RecordImagesSummary | None) -> list[tuple[str, str, int]]:
    if recorded is None:
        return []
    first = [] if data.renamed is None else data.renamed.head(5).iter_rows()
    renamed = ", ".join(f"{was} → {source}:{key}" for source, key, was in first)
    return [
        ("renamed: the same image under another name", renamed, recorded.files_renamed),
        ("overwritten with another image", "", recorded.files_overwritten),
        ("written again or put back, with the same image", "", recorded.files_written_again),
    ]
