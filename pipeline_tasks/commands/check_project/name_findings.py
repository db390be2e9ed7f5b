"""Findings about the names of a source's files: what patterns do not find, and names that cause trouble elsewhere."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline_tasks.settings import GoldenSettings, SourceSettings
from pipeline_tasks.sources.source import FileMetadata

EXAMPLES = 3
LEAST_FILES = 10
"""With fewer files, each may well have a site or clip of its own."""
LONGEST_NAME_BYTES = 255


@dataclass(frozen=True)
class Finding:
    """Files of a source of which one thing is to be said."""

    says: str
    files: int
    examples: tuple[str, ...]
    needs_attention: bool = False


def name_findings(
    keys: Sequence[str], settings: SourceSettings, metadata: Callable[[str], FileMetadata], golden: GoldenSettings | None
) -> Iterator[Finding]:
    """Findings about keys alone; no file is read."""
    yield from _metadata(keys, settings, metadata)
    yield from _golden(keys, settings, golden)
    yield from _licences(keys, settings)
    alike = [key for ones in _alike(keys) for key in ones]
    yield from _found("names that differ only by case or Unicode form: one file on some systems", alike)
    odd = [key for key in keys if _is_odd(key)]
    yield from _found("names with control characters, a dash in front, or a space or dot at the end", odd)
    long = [key for key in keys if any(len(name.encode()) > LONGEST_NAME_BYTES for name in key.split("/"))]
    yield from _found(f"names of more than {LONGEST_NAME_BYTES} bytes: file systems refuse them", long)


def _metadata(keys: Sequence[str], settings: SourceSettings, metadata: Callable[[str], FileMetadata]) -> Iterator[Finding]:
    """Files of which `key_pattern` does not tell what it should, and tags that tell each file apart."""
    names = sorted(settings.metadata_keys())
    found = [metadata(key) for key in keys] if names else []
    for name in names:
        values = [getattr(one, name, None) for one in found]
        without = [key for key, value in zip(keys, values, strict=True) if value is None]
        yield from _found(f"key_pattern finds no {name}", without, needs_attention=True)
        different = {value for value in values if value is not None}
        if len(different) == len(keys) - len(without) >= LEAST_FILES:
            yield Finding(f"each file has a {name} of its own; is key_pattern right?", len(different), tuple(keys[:EXAMPLES]), True)


def _golden(keys: Sequence[str], settings: SourceSettings, golden: GoldenSettings | None) -> Iterator[Finding]:
    if golden is None or golden.key_pattern is None:
        return
    pattern = re.compile(golden.key_pattern)
    fit = [key for key in keys if pattern.search(f"{settings.name}:{key}")]
    yield from _found("golden by splits.golden.key_pattern: for testing only", fit)


def _licences(keys: Sequence[str], settings: SourceSettings) -> Iterator[Finding]:
    rules = [re.compile(rule.key_pattern) for rule in settings.licences if rule.licence is not None]
    without = [key for key in keys if not any(rule.search(key) for rule in rules)] if rules else []
    yield from _found("no rule of licences finds a licence", without)


def _alike(keys: Sequence[str]) -> Iterator[list[str]]:
    by_form: defaultdict[str, list[str]] = defaultdict(list)
    for key in keys:
        by_form[unicodedata.normalize("NFC", key).casefold()].append(key)
    return (ones for ones in by_form.values() if len(ones) > 1)


def _is_odd(key: str) -> bool:
    return not key.isprintable() or any(name.startswith("-") or name.endswith((" ", ".")) for name in key.split("/"))


def _found(says: str, keys: Sequence[str], *, needs_attention: bool = False) -> Iterator[Finding]:
    if keys:
        yield Finding(says, len(keys), tuple(keys[:EXAMPLES]), needs_attention)
