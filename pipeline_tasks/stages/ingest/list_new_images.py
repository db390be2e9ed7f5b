"""Freeze the plan of the cycle: the new files of the sources, by shard."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipeline_tasks.decoding.white_level import DOES_NOT_FIT
from pipeline_tasks.errors import ServiceError, ServiceUnavailableError
from pipeline_tasks.records.cycle import Cycle, utc
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.records.open_cycle import OpenCycleSummary
from pipeline_tasks.sources.file_stamps import held
from pipeline_tasks.sources.known_versions import KnownVersions, key_digests
from pipeline_tasks.sources.left_out import LeftOutFiles
from pipeline_tasks.sources.listing import BATCH, Listing, batches, listing_of
from pipeline_tasks.sources.source import ComparesBytes, LeavesFilesOut, why_waiting
from pipeline_tasks.sources.told_apart import KnownBytes, share_of_tonight, with_other_bytes
from pipeline_tasks.storage.erasure.erased_images import is_erased_in
from pipeline_tasks.storage.history.cycles import NIGHTLY
from pipeline_tasks.storage.history.store import Store, Write
from pipeline_tasks.tables.left_out_file import LeftOutFile
from pipeline_tasks.tables.missing_file import MissingFile
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


def list_new_images(
    store: Store, cycle: Cycle, sources: Sequence[Source], now: datetime | None = None, *, is_last_try: bool = True
) -> ListNewImagesSummary:
    """List the files that no earlier cycle has seen in their current state, and divide them into shards.

    `now` judges the age of files, by default the start of the cycle. If one of several sources refuses to be listed, or is away at
    the last try, the others are listed all the same.

    Raises:
        ServiceError: no source can be listed, or one does not respond and `is_last_try` is False.
    """
    standing = store.finished(cycle.cycle_id, STAGE, ListNewImagesSummary)
    if standing is not None:
        return standing
    known = _Known(store, {source.name: source.bit_depth for source in cycle.project.sources if source.bit_depth is not None})
    limits = {source.name: source.max_new_files for source in cycle.project.sources} if cycle.cycle_kind == NIGHTLY else {}
    listings, away = _listings(sources, known, _last_look(store, cycle), limits, is_last_try=is_last_try)
    listed = [source for source in sources if source.name in listings]
    left_out = {source.name: source.left_out() for source in listed if isinstance(source, LeavesFilesOut)}
    compared = _compared(store, listed, listings, known)
    unknown = {name: [*one.recognized.unknown, *compared[name].with_other_bytes] for name, one in listings.items()}
    at_rest, waiting = _divided(store, listed, unknown, now or cycle.started_at)
    plan = _dealt_out(at_rest, cycle.project.shard_images)
    gone = [_gone_and_back(store, name, one, known, left_out.get(name)) for name, one in listings.items()]
    missing = pl.concat([empty(MissingFile), *gone])
    summary = replace(
        _summary(listings, compared, left_out),
        files_new=plan.height,
        files_unsettled=len(waiting),
        shards=-(-plan.height // cycle.project.shard_images),
        waiting=_counted(str(row["reason"]) for row in waiting),
        files_missing=int(missing["is_missing"].sum()),
        files_back=int((~missing["is_missing"]).sum()),
        sources_away=away,
    )
    others: list[Write] = [(MissingFile, missing), *_frames([(WaitingFile, waiting), (LeftOutFile, _examples(left_out))])]
    return store.finish(
        cycle.cycle_id, STAGE, summary, [(NewFile, plan), *((table, rows) for table, rows in others if rows.height)]
    )


class _Known:
    """Records of earlier cycles about the sources' files.

    A file that was refused for an unknown bit depth is read again once its source states one.
    """

    def __init__(self, store: Store, bit_depths: Mapping[str, int]) -> None:
        self._store = store
        troubles = pl.col("reason").cast(pl.String).is_in(TROUBLES_OF_THE_SOURCE)
        self._is_final = ~(troubles | _is_clear_now(bit_depths))
        self.versions: defaultdict[str, KnownVersions] = defaultdict(KnownVersions)
        for rows in store.pieces(Sighting, _FILE):
            self._add(rows, are_images=True)
        for rows in store.pieces(RejectedSighting, [*_FILE, "reason", "detail"]):
            self._add(rows.filter(self._is_final), are_images=False)

    def recorded(self, source: str, keys: Sequence[str]) -> Mapping[str, set[str]]:
        """Key → versions recorded, of these keys."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        if keys:
            seen = self._store.rows_of(Sighting, keys, "key", columns=_FILE)
            rejected = self._store.rows_of(RejectedSighting, keys, "key", columns=[*_FILE, "reason", "detail"])
            for rows in (seen, rejected.filter(self._is_final).select(_FILE)):
                for _, key, version in rows.filter(pl.col("source") == source).iter_rows():
                    found[key].add(version)
        return found

    def _add(self, rows: pl.DataFrame, *, are_images: bool) -> None:
        for (source,), of_one in rows.group_by(["source"]):
            self.versions[str(source)].add(of_one, are_images=are_images)


def _is_clear_now(bit_depths: Mapping[str, int]) -> pl.Expr:
    """Files that were refused because the bit depth was unknown, or another one than today's."""
    named = [
        (pl.col("source") == name) & ~pl.col("detail").str.contains(DOES_NOT_FIT.format(bits), literal=True)
        for name, bits in bit_depths.items()
    ]
    return (pl.col("reason").cast(pl.String) == "unclear_bit_depth") & pl.any_horizontal(pl.lit(False), *named)


def _last_look(store: Store, cycle: Cycle) -> datetime | None:
    """Start of the newest night that has listed the sources; None for an import, as others may have looked at other sets."""
    if cycle.cycle_kind != NIGHTLY:
        return None
    for cycle_id, stages in reversed(store.state().stages.items()):
        if STAGE in stages and (opened := store.summary(cycle_id, OpenCycleSummary)).cycle_kind == NIGHTLY:
            return utc(opened.started_at)
    return None


def _listings(
    sources: Sequence[Source], known: _Known, last_look: datetime | None, limits: Mapping[str, int], *, is_last_try: bool
) -> tuple[dict[str, Listing], dict[str, str]]:
    """Source → its listing, and source → why it cannot be listed."""
    found: dict[str, Listing] = {}
    away: dict[str, str] = {}
    for source in sources:
        try:
            recorded = partial(known.recorded, source.name)
            versions, at_most = known.versions[source.name], limits.get(source.name)
            found[source.name] = listing_of(source, versions, recorded, last_look, at_most)
        except ServiceError as error:
            may_come_back = isinstance(error, ServiceUnavailableError) and not is_last_try
            if may_come_back or len(away) == len(sources) - 1:
                raise
            away[source.name] = str(error)
    return found, away


@dataclass(frozen=True)
class _Compared:
    """Known files of one source whose bytes were compared, because their stamps prove nothing."""

    files: int
    with_other_bytes: Sequence[FoundFile]


def _compared(store: Store, sources: Sequence[Source], listings: Mapping[str, Listing], known: _Known) -> dict[str, _Compared]:
    """Compare the bytes of unproven files with what earlier cycles found under their keys, no more than each source allows."""
    earlier = sum(STAGE in stages for stages in store.state().stages.values())
    chosen = {
        source.name: share_of_tonight(listings[source.name].recognized.unproven, _limit(source), earlier) for source in sources
    }
    seen = _images_seen(store, [file.key for files in chosen.values() for file in files])
    is_erased = is_erased_in(store)
    compared = {}
    for source in sources:
        files, name = chosen[source.name], source.name
        bytes_known = KnownBytes(seen[name], known.recorded(name, [file.key for file in files]), is_erased)
        compared[name] = _Compared(len(files), list(with_other_bytes(source, files, bytes_known)))
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
) -> tuple[list[pl.DataFrame], _Rows]:
    """The files to work on, and rows of those that wait."""
    keys = [file.key for files in unknown.values() for file in files]
    waited = store.rows_of(WaitingFile, keys, "key", columns=[*_FILE, "first_seen_at"])
    first_seen = {row[:3]: row[3] for row in waited.reverse().iter_rows()}
    at_rest: list[pl.DataFrame] = []
    waiting: _Rows = []
    for source in sources:
        for files in batches(unknown[source.name], BATCH):
            rows: _Rows = []
            for file in files:
                since = first_seen.get((source.name, file.key, file.object_version))
                reason, row = why_waiting(source, file, since, now), _row(source.name, file)
                if reason is None:
                    rows.append(row)
                else:
                    waiting.append(row | {"reason": reason, "first_seen_at": since or now})
            at_rest.append(_frame(NewFile, rows, without=("shard",)))
    return at_rest, waiting


def _gone_and_back(store: Store, source: str, listing: Listing, known: _Known, left_out: LeftOutFiles | None) -> pl.DataFrame:
    """Files of images that this listing misses for the first time, and missing ones that it has again.

    What lies in a folder that is left out tonight is not missing: nobody has looked. Nor is what a part of a listing lacks.
    """
    standing = store.current(MissingFile).filter("is_missing", pl.col("source") == source)
    before = key_digests(standing)
    back = standing.filter(pl.Series(np.isin(before, listing.keys))).with_columns(is_missing=pl.lit(value=False))
    images = known.versions[source].images() if listing.is_whole else np.empty(0, np.uint64)
    gone = np.setdiff1d(np.setdiff1d(images, listing.keys), before)
    found = [pl.DataFrame(schema=back.schema)]
    for rows in store.pieces(Sighting, ["source", "key", "image_id"], pl.col("source") == source) if len(gone) else ():
        found.append(rows.filter(pl.Series(np.isin(key_digests(rows), gone))).with_columns(is_missing=pl.lit(value=True)))
    missed = pl.concat(found).unique(["source", "key"], keep="last", maintain_order=True)
    if left_out is not None:
        missed = missed.filter(pl.Series([not left_out.is_below(key) for key in missed["key"]], dtype=pl.Boolean))
    return pl.concat([missed, back])


def _summary(
    listings: Mapping[str, Listing], compared: Mapping[str, _Compared], left_out: Mapping[str, LeftOutFiles]
) -> ListNewImagesSummary:
    """The numbers of the listings themselves."""
    recognized = {name: one.recognized for name, one in listings.items()}
    return ListNewImagesSummary(
        files_seen=sum(one.files_seen for one in listings.values()),
        files_new=0,
        files_unsettled=0,
        shards=0,
        files_left_out=_added(one.counts(folders=False) for one in left_out.values()),
        folders_left_out=_added(one.counts(folders=True) for one in left_out.values()),
        files_read_again=sum(one.read_again for one in recognized.values()),
        files_compared=sum(one.files for one in compared.values()),
        files_of_other_bytes=sum(len(one.with_other_bytes) for one in compared.values()),
        files_not_compared=sum(len(one.unproven) - compared[name].files for name, one in recognized.items()),
        files_renumbered=sum(one.renumbered for one in recognized.values()),
        files_beyond=sum(one.files_beyond for one in listings.values()),
    )


def _row(source: str, file: FoundFile) -> dict[str, object]:
    return {
        "source": source,
        "key": file.key,
        "object_version": file.object_version,
        "size_bytes": file.size_bytes,
        "modified_at": held(file.modified_at),
        "note": file.note,
    }


def _dealt_out(files: Sequence[pl.DataFrame], shard_images: int) -> pl.DataFrame:
    """Sort by source and key and assign shards, so that the same files are always in the same shards.

    A store may list an object twice that is written meanwhile; the later entry counts.
    """
    rows = pl.concat([_frame(NewFile, [], without=("shard",)), *files])
    plan = rows.unique(["source", "key"], keep="last", maintain_order=True).sort("source", "key")
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
