"""Lint a source: say which of its files a night would skip and why, before any night runs. Nothing is recorded or changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from pipeline_tasks.commands.check_project.name_findings import EXAMPLES, Finding, name_findings
from pipeline_tasks.decoding.canonical_form import CanonicalForm
from pipeline_tasks.decoding.decoder import Decoder
from pipeline_tasks.decoding.limits import DEFAULT_LIMITS
from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.measurements.modality import has_colours
from pipeline_tasks.settings import GoldenSettings, SourceSettings
from pipeline_tasks.sources.left_out import LeftOutFiles
from pipeline_tasks.sources.source import FoundFile, LeavesFilesOut, Source, why_waiting

READ_OF_EACH_ENDING = 3
"""Files of each ending that are read before the others, because an ending tells most about what is no image."""
MOST_ENDINGS = 50
_THREADS = 4


@dataclass(frozen=True)
class EndingFound:
    """Files whose names end alike."""

    ending: str
    files: int
    read: int
    refused: Mapping[str, int]
    """Reason → files, of those that were read."""
    examples: Mapping[str, str]
    """Reason → the first of them."""


@dataclass(frozen=True)
class SourceReport:
    """All that is to be said about a source's files."""

    source: str
    files: int
    would_be_taken_in: int
    """Files without a finding that skips them; of those that were not read, by name and size alone."""
    skipped: tuple[Finding, ...]
    """Files and folders that a night would not read, or would refuse by their size."""
    endings: tuple[EndingFound, ...]
    names: tuple[Finding, ...]
    modality: tuple[Finding, ...] = ()
    """Images that are not of the modality that the source states, of those that were read."""

    @property
    def is_fine(self) -> bool:
        """False if no file would be taken in, or something needs a person's attention."""
        is_refusing = any(one.refused for one in self.endings)
        findings = (*self.skipped, *self.names, *self.modality)
        return self.would_be_taken_in > 0 and not is_refusing and not any(one.needs_attention for one in findings)


def lint_source(
    source: Source, settings: SourceSettings, golden: GoldenSettings | None, decoder: Decoder, now: datetime, most_read: int
) -> SourceReport:
    """List the source, judge names, sizes and times, and decode at most `most_read` files as a night would.

    Raises:
        ServiceError: the source is away, or may not be listed.
    """
    files = list(source.list_files())
    left_out = source.left_out() if isinstance(source, LeavesFilesOut) else LeftOutFiles()
    waiting = {file.key: reason for file in files if (reason := why_waiting(source, file, None, now)) is not None}
    by_size = {file.key: reason for file in files if (reason := _refused_by_size(file)) is not None}
    others = [file for file in files if file.key not in waiting and file.key not in by_size]
    read = _read(source, settings, decoder, _sample(others, most_read))
    verdicts = {key: one.refused for key, one in read.items()}
    refused = sum(verdict is not None for verdict in verdicts.values())
    return SourceReport(
        source=source.name,
        files=len(files),
        would_be_taken_in=len(others) - refused,
        skipped=(*_left_out(left_out), *_by_reason("waits: ", waiting), *_by_reason("refused: ", by_size, needs_attention=True)),
        endings=tuple(_endings(others, verdicts)),
        names=tuple(name_findings([file.key for file in files], settings, source.metadata, golden)),
        modality=tuple(_modality(read, settings.modality)),
    )


def _refused_by_size(file: FoundFile) -> str | None:
    if file.size_bytes == 0:
        return "empty"
    return "too_many_bytes" if file.size_bytes > DEFAULT_LIMITS.max_bytes else None


def _left_out(left_out: LeftOutFiles) -> Iterator[Finding]:
    """Files and folders that the listing left out, by reason."""
    examples: defaultdict[tuple[str, bool], list[str]] = defaultdict(list)
    for one in left_out:
        examples[one.reason, one.is_folder].append(one.key)
    for is_folder in (True, False):
        for reason, count in sorted(left_out.counts(folders=is_folder).items()):
            what = "folders left out" if is_folder else "left out"
            yield Finding(f"{what}: {reason}".replace("_", " "), count, tuple(examples[reason, is_folder][:EXAMPLES]))


def _by_reason(what: str, reasons: Mapping[str, str], *, needs_attention: bool = False) -> Iterator[Finding]:
    for reason, count in sorted(Counter(reasons.values()).items()):
        keys = [key for key, why in reasons.items() if why == reason]
        yield Finding(f"{what}{reason}".replace("_", " "), count, tuple(keys[:EXAMPLES]), needs_attention)


def _sample(files: Sequence[FoundFile], most: int) -> list[FoundFile]:
    """One file of each ending, then a second and a third of each, then others spread evenly over the listing."""
    seen: Counter[str] = Counter()
    ranked: list[tuple[int, FoundFile]] = []
    for file in files:
        seen[_ending(file.key)] += 1
        if seen[_ending(file.key)] <= READ_OF_EACH_ENDING and len(seen) <= MOST_ENDINGS:
            ranked.append((seen[_ending(file.key)], file))
    first = [file for _, file in sorted(ranked, key=lambda one: one[0])][:most]
    chosen = {file.key for file in first}
    left = [file for file in files if file.key not in chosen]
    room = min(most - len(first), len(left))
    return first + [left[number * len(left) // room] for number in range(room)]


@dataclass(frozen=True)
class _Read:
    """One file that was read."""

    refused: str | None = None
    """Reason; None if it is an image."""
    is_coloured: bool = False


def _read(source: Source, settings: SourceSettings, decoder: Decoder, files: Iterable[FoundFile]) -> dict[str, _Read]:
    """Key → what was found in the file."""
    look = partial(_look, source, decoder, CanonicalForm(bit_depth=settings.bit_depth))
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="lint") as threads:
        return dict(threads.map(look, files))


def _look(source: Source, decoder: Decoder, form: CanonicalForm, file: FoundFile) -> tuple[str, _Read]:
    try:
        image = decoder.decode(source.read(file.key, file.object_version), form)
    except RejectedFileError as rejection:
        return file.key, _Read(rejection.reason)
    return file.key, _Read(is_coloured=has_colours(image.pixels))


def _modality(read: Mapping[str, _Read], stated: str) -> Iterator[Finding]:
    """Images of another modality than stated; one without colours may be a photograph, and so needs no attention."""
    is_rgb = stated == "rgb"
    keys = [key for key, one in read.items() if one.refused is None and one.is_coloured != is_rgb]
    if keys:
        says = "without colours, where rgb is stated" if is_rgb else f"with colours, where {stated} is stated"
        yield Finding(says, len(keys), tuple(keys[:EXAMPLES]), needs_attention=not is_rgb)


def _endings(files: Sequence[FoundFile], verdicts: Mapping[str, str | None]) -> Iterator[EndingFound]:
    """Endings of the files, the most frequent first."""
    counts = Counter(_ending(file.key) for file in files)
    for ending, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:MOST_ENDINGS]:
        read = {key: reason for key, reason in verdicts.items() if _ending(key) == ending}
        refused = {key: reason for key, reason in read.items() if reason is not None}
        first: dict[str, str] = {}
        for key, reason in refused.items():
            first.setdefault(reason, key)
        yield EndingFound(ending, count, len(read), dict(sorted(Counter(refused.values()).items())), first)


def _ending(key: str) -> str:
    """`.jpg` of `a/b.JPG`; empty without one."""
    stem, dot, ending = key.rpartition("/")[2].rpartition(".")
    return f".{ending.casefold()}" if dot and stem and len(ending) <= 10 else ""
