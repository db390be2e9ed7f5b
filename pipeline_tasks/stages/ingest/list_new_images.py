"""Freeze the plan of the cycle: the new files of the sources, by shard."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from pipeline_tasks.decoding.white_level import DOES_NOT_FIT
from pipeline_tasks.records.cycle import Cycle, utc
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.records.open_cycle import OpenCycleSummary
from pipeline_tasks.sources.file_stamps import held
from pipeline_tasks.sources.known_files import Recognized, recognize
from pipeline_tasks.sources.left_out import LeftOutFiles
from pipeline_tasks.sources.source import ComparesBytes, LeavesFilesOut, why_waiting
from pipeline_tasks.sources.told_apart import KnownBytes, share_of_tonight, with_other_bytes
from pipeline_tasks.storage.erasure.erased_images import is_erased_in
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.left_out_file import LeftOutFile
from pipeline_tasks.tables.new_file import NewFile
from pipeline_tasks.tables.rejected_sighting import RejectedSighting
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.table import Table, empty
from pipeline_tasks.tables.waiting_file import WaitingFile

if TYPE_CHECKING:
    from pipeline_tasks.sources.source import FoundFile, Source

STAGE = "list_new_images"

TROUBLES_OF_THE_SOURCE = ("vanished", "unreadable", "changed_while_reading")
"""Rejections that say nothing about the file's bytes; such a file is read again."""

_FILE = ["source", "key", "object_version"]
_Rows = list[dict[str, object]]


def list_new_images(store: Store, cycle: Cycle, sources: Sequence[Source], now: datetime | None = None) -> ListNewImagesSummary:
    """List the files that no earlier cycle has seen in their current state, and divide them into shards.

    `now` judges the age of files, by default the start of the cycle.

    Raises:
        ServiceUnavailableError: a source does not respond.
    """
    standing = store.finished(cycle.cycle_id, STAGE, ListNewImagesSummary)
    if standing is not None:
        return standing
    found = {source.name: list(source.list_files()) for source in sources}
    left_out = {source.name: source.left_out() for source in sources if isinstance(source, LeavesFilesOut)}
    keys = [file.key for files in found.values() for file in files]
    bit_depths = {source.name: source.bit_depth for source in cycle.project.sources if source.bit_depth is not None}
    recorded, last_look = _recorded(store, keys, bit_depths), _last_look(store)
    recognized = {name: recognize(files, recorded[name], last_look) for name, files in found.items()}
    compared = _compared(store, sources, recognized, recorded)
    unknown = {name: [*one.unknown, *compared[name].with_other_bytes] for name, one in recognized.items()}
    rows, waiting = _divided(store, sources, unknown, now or cycle.started_at)
    plan = _dealt_out(rows, cycle.project.shard_images)
    summary = ListNewImagesSummary(
        files_seen=len(keys),
        files_new=plan.height,
        files_unsettled=len(waiting),
        shards=-(-plan.height // cycle.project.shard_images),
        waiting=_counted(str(row["reason"]) for row in waiting),
        files_left_out=_added(one.counts(folders=False) for one in left_out.values()),
        folders_left_out=_added(one.counts(folders=True) for one in left_out.values()),
        files_read_again=sum(one.read_again for one in recognized.values()),
        files_compared=sum(one.files for one in compared.values()),
        files_of_other_bytes=sum(len(one.with_other_bytes) for one in compared.values()),
        files_not_compared=sum(len(one.unproven) - compared[name].files for name, one in recognized.items()),
        files_renumbered=sum(one.renumbered for one in recognized.values()),
    )
    others = _frames([(WaitingFile, waiting), (LeftOutFile, _examples(left_out))])
    return store.finish(cycle.cycle_id, STAGE, summary, [(NewFile, plan), *others])


def _recorded(store: Store, keys: Sequence[str], bit_depths: Mapping[str, int]) -> Mapping[str, Mapping[str, set[str]]]:
    """Source → key → versions that earlier cycles have handled, of these keys.

    A file that was refused for an unknown bit depth is read again once its source states one.
    """
    seen = store.rows_of(Sighting, keys, "key", columns=_FILE)
    rejected = store.rows_of(RejectedSighting, keys, "key", columns=[*_FILE, "reason", "detail"])
    is_final = ~(pl.col("reason").cast(pl.String).is_in(TROUBLES_OF_THE_SOURCE) | _is_clear_now(bit_depths))
    recorded: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for rows in (seen, rejected.filter(is_final).select(_FILE)):
        for source, key, version in rows.iter_rows():
            recorded[source][key].add(version)
    return recorded


def _is_clear_now(bit_depths: Mapping[str, int]) -> pl.Expr:
    """Files that were refused because the bit depth was unknown, or another one than today's."""
    named = [
        (pl.col("source") == name) & ~pl.col("detail").str.contains(DOES_NOT_FIT.format(bits), literal=True)
        for name, bits in bit_depths.items()
    ]
    return (pl.col("reason").cast(pl.String) == "unclear_bit_depth") & pl.any_horizontal(pl.lit(False), *named)


def _last_look(store: Store) -> datetime | None:
    """Start of the newest cycle that has listed the sources."""
    for cycle_id, stages in reversed(store.state().stages.items()):
        if STAGE in stages:
            return utc(store.summary(cycle_id, OpenCycleSummary).started_at)
    return None


@dataclass(frozen=True)
class _Compared:
    """Known files of one source whose bytes were compared, because their stamps prove nothing."""

    files: int
    with_other_bytes: Sequence[FoundFile]


def _compared(
    store: Store, sources: Sequence[Source], recognized: Mapping[str, Recognized], recorded: Mapping[str, Mapping[str, set[str]]]
) -> dict[str, _Compared]:
    """Compare the bytes of unproven files with what earlier cycles found under their keys, no more than each source allows."""
    earlier = sum(STAGE in stages for stages in store.state().stages.values())
    chosen = {source.name: share_of_tonight(recognized[source.name].unproven, _limit(source), earlier) for source in sources}
    seen = _images_seen(store, [file.key for files in chosen.values() for file in files])
    is_erased = is_erased_in(store)
    compared = {}
    for source in sources:
        files, known = chosen[source.name], KnownBytes(seen[source.name], recorded[source.name], is_erased)
        compared[source.name] = _Compared(len(files), list(with_other_bytes(source, files, known)))
    return compared


def _limit(source: Source) -> int:
    return source.check_again if isinstance(source, ComparesBytes) else 0


def _images_seen(store: Store, keys: Sequence[str]) -> Mapping[str, Mapping[str, set[str]]]:
    """Source → key → images that earlier cycles saw there."""
    seen: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    if keys:
        for source, key, image_id in store.rows_of(Sighting, keys, "key", columns=["source", "key", "image_id"]).iter_rows():
            seen[source][key].add(image_id)
    return seen


def _divided(
    store: Store, sources: Sequence[Source], unknown: Mapping[str, Sequence[FoundFile]], now: datetime
) -> tuple[_Rows, _Rows]:
    """Rows of the files to work on, and of those that wait."""
    keys = [file.key for files in unknown.values() for file in files]
    waited = store.rows_of(WaitingFile, keys, "key", columns=[*_FILE, "first_seen_at"])
    first_seen = {row[:3]: row[3] for row in waited.reverse().iter_rows()}
    at_rest: _Rows = []
    waiting: _Rows = []
    for source in sources:
        for file in unknown[source.name]:
            since = first_seen.get((source.name, file.key, file.object_version))
            reason, row = why_waiting(source, file, since, now), _row(source.name, file)
            if reason is None:
                at_rest.append(row)
            else:
                waiting.append(row | {"reason": reason, "first_seen_at": since or now})
    return at_rest, waiting


def _row(source: str, file: FoundFile) -> dict[str, object]:
    return {
        "source": source,
        "key": file.key,
        "object_version": file.object_version,
        "size_bytes": file.size_bytes,
        "modified_at": held(file.modified_at),
    }


def _dealt_out(rows: _Rows, shard_images: int) -> pl.DataFrame:
    """Sort by source and key and assign shards, so that the same files are always in the same shards."""
    plan = _frame(NewFile, rows, without=("shard",)).sort("source", "key")
    return plan.with_columns(shard=(pl.int_range(pl.len()) // shard_images).cast(pl.Int32))


def _counted(reasons: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(reasons).items()))


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Reason → files of all sources."""
    return dict(sorted(sum(map(Counter, counts), Counter[str]()).items()))


def _examples(left_out: Mapping[str, LeftOutFiles]) -> _Rows:
    """The first files and folders of each source and reason."""
    return [
        {"source": source, "key": one.key, "reason": one.reason, "is_folder": one.is_folder}
        for source, ones in left_out.items()
        for one in ones
    ]


def _frames(others: Sequence[tuple[type[Table], _Rows]]) -> Iterator[tuple[type[Table], pl.DataFrame]]:
    """The tables that have rows tonight."""
    yield from ((table, _frame(table, rows)) for table, rows in others if rows)


def _frame(table: type[Table], rows: _Rows, without: tuple[str, ...] = ()) -> pl.DataFrame:
    schema = {name: kind for name, kind in empty(table).schema.items() if name not in without}
    return pl.DataFrame(rows, schema=schema, infer_schema_length=None)
