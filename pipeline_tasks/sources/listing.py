"""Tonight's listing of one source, compared with what earlier cycles recorded, in memory that does not grow with known files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from pipeline_tasks.sources.known_files import Recognized, recognize
from pipeline_tasks.sources.known_versions import Digests, KnownVersions, keys_of, one_of_each
from pipeline_tasks.sources.source import FoundFile, ListsPart, SkipsKnown, Source

BATCH = 20_000
"""Files of a listing that are held and compared at once."""
RecordedVersions = Callable[[Sequence[str]], Mapping[str, Collection[str]]]
"""Keys → key → versions that earlier cycles recorded."""


@dataclass(frozen=True)
class Listing:
    """The files of one source as they are tonight."""

    files_seen: int
    recognized: Recognized
    keys: Digests
    """Of all files, in order."""
    is_whole: bool = True
    """False: what it lacks may still be there."""
    files_beyond: int = 0
    """Files to read that one night does not take; the next one lists them anew."""


def listing_of(
    source: Source, known: KnownVersions, recorded: RecordedVersions, last_look: datetime | None, at_most: int | None = None
) -> Listing:
    """List the source and keep the files that are not known, `at_most` so many, and known ones whose stamp proves nothing.

    Of a first listing, no more than these files and eight bytes for each key are held; a folder's stamps are all looked at.

    Raises:
        ServiceError: the source is away, or may not be listed.
    """
    if isinstance(source, SkipsKnown):
        source.skip_known(lambda files: known.have(files).tolist())
    seen = beyond = 0
    others: list[FoundFile] = []
    unproven: list[FoundFile] = []
    keys: list[Digests] = []
    for files in batches(source.list_files(), BATCH):
        seen += len(files)
        keys.append(keys_of(files))
        for file, is_known in zip(files, known.have(files).tolist(), strict=True):
            if not is_known and file.stamp is None and at_most is not None and len(others) >= at_most:
                beyond += 1
            elif not is_known:
                others.append(file)
            elif file.stamp is not None and not file.stamp.shows_writes_after(last_look):
                unproven.append(file)
    # Only a stamp may tell that a version which was never recorded is a known one.
    versions = recorded([file.key for file in others if file.stamp is not None])
    found = recognize(others, versions, last_look, known=seen - len(others) - beyond)
    beyond += len(found.unknown[at_most:]) if at_most is not None else 0
    found = replace(found, unknown=found.unknown[:at_most])
    found = replace(found, unproven=tuple(sorted([*found.unproven, *unproven], key=lambda file: file.key)))
    return Listing(seen, found, one_of_each(keys), source.is_whole if isinstance(source, ListsPart) else True, beyond)


def batches(files: Iterable[FoundFile], size: int) -> Iterator[list[FoundFile]]:
    """Divide files into lists of this length; the last may be shorter."""
    rest = iter(files)
    while batch := list(islice(rest, size)):
        yield batch
