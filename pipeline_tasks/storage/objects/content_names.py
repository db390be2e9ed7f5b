"""Checks of an object's bytes by its name: most names contain a digest of the content, others a field of it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable

from pipeline_tasks.errors import CorruptObjectError
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.seal import unsealed
from pipeline_tasks.storage.objects.self_checked import without_digest

Promise = Callable[[bytes], str | None]
"""Check of bytes: returns the problem as a sentence, or None if they match the name."""


def promise_of(key: str) -> Promise | None:
    """Check that belongs to a key, also in the trash; None if its bytes cannot be checked (shards, reports, thumbnails)."""
    key = key.removeprefix(layout.TRASH)
    for pattern, make in _PROMISES:
        match = pattern.fullmatch(key)
        if match:
            return make(*match.groups())
    return None


def has_digest(algorithm: str, wanted: str) -> Promise:
    """Check that the bytes have a digest that begins with `wanted`."""

    def problem_of(content: bytes) -> str | None:
        found = hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
        return None if found.startswith(wanted) else f"wanted {algorithm} {wanted}, found {found[: len(wanted)]}"

    return problem_of


def _is_sha256(wanted: str) -> Promise:
    return has_digest("sha256", wanted)


def _is_md5(first: str, rest: str) -> Promise:
    return has_digest("md5", first + rest)


def _is_event(sequence: str) -> Promise:
    return _is_sealed("sequence", int(sequence), "cycle_id stage summary tables sets")


def _is_import(sequence: str) -> Promise:
    return _is_sealed("sequence", int(sequence), "service responses")


def _is_index(dataset_id: str) -> Promise:
    return _is_sealed("dataset_id", dataset_id, "format about rows prefix_digits leaves tombstones")


def _is_pointer() -> Promise:
    return _is_sealed(None, None, "generation project routes class_names dataset_id min_confidence max_waiting max_body_bytes")


def _is_sealed(name: str | None, wanted: object, others: str) -> Promise:
    """Check that the bytes are a JSON object with a valid seal and a field that matches the key.

    An object of a release without seals has only `name` and these `others`; another name in it is a damaged name of a seal.
    """

    def problem_of(content: bytes) -> str | None:
        """Problem of a sealed object; of one without a seal, only its fields can be checked."""
        try:
            fields = json.loads(content)
            rest = unsealed(fields, "found")
        except (ValueError, AttributeError, CorruptObjectError) as error:
            return f"wanted a sealed JSON object: {error}"
        strange = set(rest) - {name, *others.split()} if len(rest) == len(fields) else ()
        if strange:
            return f"wanted a seal, or no field but {others}; found {', '.join(sorted(strange))}"
        found = None if name is None else rest.get(name)
        return None if found == wanted else f"wanted {name} {wanted}, found {found}"

    return problem_of


def _begins_with_its_digest(name: str = "") -> Promise:
    def problem_of(content: bytes) -> str | None:
        is_whole = without_digest(content, name) is not None
        return None if is_whole else "wanted bytes of the sha256 that they begin with, found others"

    return problem_of


_PROMISES: tuple[tuple[re.Pattern[str], Callable[..., Promise]], ...] = (
    (re.compile(r"files/md5/([0-9a-f]{2})/([0-9a-f]{30})(?:\.dir)?"), _is_md5),
    (re.compile(r"tables/[^/]+/[^/]+/part-([0-9a-f]{24})\.parquet"), _is_sha256),
    (re.compile(r"ledger/(\d{12})\.json"), _is_event),
    (re.compile(r"versions/[^/]+/(?:[0-9a-f]{2}/)?[^/]*-([0-9a-f]{24})\.(?:csv|jsonl)"), _is_sha256),
    (re.compile(r"versions/([^/]+)/index\.json"), _is_index),
    (re.compile(r"models/([0-9a-f]{64})\.onnx"), _is_sha256),
    (re.compile(r"cycles/[^/]+/([0-9a-f]{24})\.json"), _is_sha256),
    (re.compile(r"annotation_log/[^/]+/([0-9a-f]{64})\.json"), _is_sha256),
    (re.compile(re.escape(layout.RESPONSES) + r"(\d{12})\.json"), _is_import),
    (re.compile(r"checkpoints/.*-([0-9a-f]{24})\.(?:ckpt|npz)"), _is_sha256),
    (re.compile(r"derived/.*\.npy"), _begins_with_its_digest),
    (re.compile(f"({re.escape(layout.COMPACTED)}.+)"), _begins_with_its_digest),
    (re.compile(re.escape(layout.SERVING_POINTER)), _is_pointer),
)
