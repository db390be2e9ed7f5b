"""Files with the stamp of known ones, told from them by their bytes."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.sources.file_stamps import FileStamp
from pipeline_tasks.sources.source import FoundFile, Source


@dataclass(frozen=True)
class KnownBytes:
    """Bytes that earlier cycles found under a source's keys."""

    image_ids: Mapping[str, Collection[str]]
    """Key → images seen there."""
    versions: Mapping[str, Collection[str]]
    """Key → versions recorded, some with a check sum."""
    is_erased: Callable[[str], bool]
    """Predicate over image ids."""

    def include(self, key: str, image_id: str, content: str) -> bool:
        """Return True if these bytes were found under this key before, or were erased."""
        sums = {stamp.content for version in self.versions.get(key, ()) if (stamp := FileStamp.parse(version)) is not None}
        return image_id in self.image_ids.get(key, ()) or content in sums or self.is_erased(image_id)


def share_of_tonight(files: Sequence[FoundFile], at_most: int, earlier_nights: int) -> list[FoundFile]:
    """As many of the files as one night may compare; the nights go through all of them in turn."""
    if len(files) <= at_most:
        return list(files)
    if at_most == 0:
        return []
    first = earlier_nights * at_most % len(files)
    return [*files[first:], *files[:first]][:at_most]


def with_other_bytes(source: Source, files: Sequence[FoundFile], known: KnownBytes) -> Iterator[FoundFile]:
    """Read the files, and yield those whose bytes are new under their key, with a check sum in their version.

    A file that cannot be read now is left to a later night.
    """
    for file in files:
        assert file.stamp is not None
        try:
            content = source.read(file.key, file.object_version)
        except RejectedFileError:
            continue
        check_sum = f"{zlib.crc32(content):08x}"
        if not known.include(file.key, hashlib.sha256(content).hexdigest(), check_sum):
            stamp = replace(file.stamp, content=check_sum)
            yield replace(file, object_version=stamp.version, stamp=stamp)
