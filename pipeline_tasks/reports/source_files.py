"""Section on the files of the sources that were not taken in: rejected, waiting or left out."""

from __future__ import annotations

import polars as pl

from pipeline_tasks.records.cycle import local_time
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.reports.cycle_data import CycleData
from pipeline_tasks.reports.html import Html, paragraph, table, together
from pipeline_tasks.tables.left_out_file import LeftOutFile
from pipeline_tasks.tables.rejected_sighting import RejectedSighting
from pipeline_tasks.tables.waiting_file import WaitingFile

EXAMPLES = 5
WAITING = {
    "changing": "changed between two looks of this night",
    "young": "changed less than settle_s ago",
    "age_unknown": "its times give no age (in the future, or missing); read once a later night finds it unchanged",
}
LEFT_OUT = {
    "thumbnail": "a thumbnail or preview that a program made",
    "trash": "in a recycle bin",
    "snapshot": "an earlier version that a storage system keeps",
    "unfinished": "still being written or downloaded",
    "conflict_copy": "a conflict copy; its original is in the same folder",
    "cache": "a program's cache",
    "sidecar": "a program's notes on a file beside it",
    "system": "a file of an operating or storage system",
    "hidden": "its name begins with a dot",
    "ignored": "the source's ignore patterns",
    "closed": "a folder that may not be read",
    "linked_folder": "a link to a folder",
    "not_a_file": "no plain file",
    "archived": "an archived object; restore it in the bucket to have it read",
    "no_address": "a row or item without a web address that can be asked for",
    "other_host": "at a host that is not in the source's `hosts`",
    "other_licence": "not among the source's `allow_licences`, or of no known licence",
    "beyond_limit": "more items or frames than the source's limit; they were not looked at",
    "not_received": "in the inbox of a receiver, and not written by it",
    "did_not_answer": "the host of its address did not answer; it is asked again the next night",
}


def not_taken_in(data: CycleData) -> Html | None:
    """Rejected, waiting and left-out files by reason, with examples of their keys."""
    listed = data.records.find(ListNewImagesSummary)
    parts = [_rejected(data), _waiting(data)]
    if listed is not None:
        parts += [_beyond(listed), _read_again(listed), _left_out(data, listed)]
    return together([*parts, _exif_troubles(data)]) or None


def _exif_troubles(data: CycleData) -> Html | None:
    """Fields of EXIF data that cannot be used; their files were taken in."""
    recorded = data.records.find(RecordImagesSummary)
    if recorded is None or not recorded.exif_troubles:
        return None
    note = paragraph("Files that were taken in without a field of their EXIF data, because it cannot be right:", quiet=True)
    rows = [
        (one.partition(": ")[0], one.partition(": ")[2].replace("_", " "), files) for one, files in recorded.exif_troubles.items()
    ]
    return together([note, table(("field", "why", "files"), rows, numbers_from=2)])


def _rejected(data: CycleData) -> Html | None:
    """Rejected files by reason, with examples of their keys."""
    rejected = data.rows(RejectedSighting)
    if rejected is None:
        return None
    if rejected.is_empty():
        return paragraph("No file was rejected.", quiet=True)
    rows = [(reason.replace("_", " "), named(files), files["detail"][0], files.height) for reason, files in _by_reason(rejected)]
    rows.sort(key=lambda row: -row[3])
    note = paragraph("The files stay in the source and are read again when they change.", quiet=True)
    return together([table(("reason", "files", "for example", "count"), rows, numbers_from=3), note])


def _waiting(data: CycleData) -> Html | None:
    """Files that wait for a later cycle."""
    waiting = data.rows(WaitingFile)
    if waiting is None or waiting.is_empty():
        return None
    rows = [
        (WAITING[reason], named(files), local_time(min(files["first_seen_at"].to_list()), data.time_zone), files.height)
        for reason, files in _by_reason(waiting)
    ]
    note = paragraph("These files wait for the next night, because they may not be complete yet.")
    return together([note, table(("waiting", "files", "first seen so", "count"), rows, numbers_from=3)])


def _beyond(listed: ListNewImagesSummary) -> Html | None:
    """New files that are too many for one night."""
    if not listed.files_beyond:
        return None
    said = (
        f"{listed.files_beyond} more new files wait for the next nights, because one night takes a source's max_new_files at most."
    )
    return paragraph(said)


def _read_again(listed: ListNewImagesSummary) -> Html | None:
    """Known files that were read again, and those that were not."""
    said = []
    if listed.files_read_again:
        said.append(
            f"{listed.files_read_again} files with the name, size and time of known ones were written or moved since; their bytes "
            "were compared."
        )
    if listed.files_renumbered:
        said.append(
            f"{listed.files_renumbered} known files have another inode and are otherwise unchanged (a new mount); not read again."
        )
    if listed.files_compared:
        said.append(
            f"{listed.files_compared} known files have times that cannot show a change (FAT, exFAT, compare: times); their bytes "
            f"were compared, and {listed.files_of_other_bytes} hold other bytes."
        )
    if listed.files_not_compared:
        said.append(f"{listed.files_not_compared} more of that kind are left to later nights (the source's check_again).")
    return paragraph(" ".join(said), quiet=True) if said else None


def _left_out(data: CycleData, listed: ListNewImagesSummary) -> Html | None:
    """Files and folders that the sources left out."""
    left_out = data.rows(LeftOutFile)
    if left_out is None or left_out.is_empty():
        return None
    rows = [
        (LEFT_OUT[reason], named(files), listed.folders_left_out.get(reason, 0), listed.files_left_out.get(reason, 0))
        for reason, files in _by_reason(left_out)
    ]
    note = paragraph("Left out by name and never read; the source's setting `ignore` includes them or leaves out more.", quiet=True)
    return together([table(("left out", "for example", "folders", "files"), rows, numbers_from=2), note])


def _by_reason(rows: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """Reason → its rows, sorted."""
    texts = rows.with_columns(pl.col("reason").cast(pl.String)).sort("reason", "source", "key")
    return [(str(reason), group) for (reason,), group in texts.group_by("reason", maintain_order=True)]


def named(files: pl.DataFrame) -> str:
    """The first files by name, and the number of the others."""
    more = f" and {files.height - EXAMPLES} more" if files.height > EXAMPLES else ""
    return ", ".join(f"{one['source']}:{one['key']}" for one in files.head(EXAMPLES).iter_rows(named=True)) + more
