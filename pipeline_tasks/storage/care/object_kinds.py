"""Kinds of objects in a project's root, by key."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline_tasks.storage.objects import layout


@dataclass(frozen=True)
class Kind:
    """One kind of object."""

    name: str
    pattern: re.Pattern[str]
    is_collected: bool
    """True if objects of this kind may be deleted once unneeded; histories never are."""
    is_made_again: bool = False
    """True if Nightlens makes it again when needed: an intermediate output."""


def _kind(name: str, pattern: str, *, is_collected: bool = True, is_made_again: bool = False) -> Kind:
    return Kind(name, re.compile(pattern), is_collected, is_made_again)


KINDS = (
    _kind("original", r"files/md5/[0-9a-f]{2}/[0-9a-f]{30}"),
    _kind("published folder", r"files/md5/[0-9a-f]{2}/[0-9a-f]{30}\.dir"),
    _kind("thumbnail", r"derived/thumbnail-[^/]+/.*", is_made_again=True),
    _kind("embedded views", r"derived/[^/]+/.*\.npy", is_made_again=True),
    _kind("table", r"tables/[^/]+/cycle=[^/]+/part-[0-9a-f]{24}\.parquet"),
    _kind("compacted rows", re.escape(layout.COMPACTED) + r".+", is_made_again=True),
    _kind("part", r"parts/[^/]+/cycle=(?P<cycle_id>[^/]+)/shard-\d+\.parquet", is_made_again=True),
    _kind("checkpoint", r"checkpoints/(?P<cycle_id>[^/]+)/.+", is_made_again=True),
    _kind("frozen settings", r"cycles/[^/]+/[0-9a-f]{24}\.json"),
    _kind("version index", r"versions/[^/]+/index\.json"),
    _kind("version leaf", r"versions/.+"),
    _kind("model", r"models/[0-9a-f]{64}\.onnx"),
    _kind("snapshot", r"snapshots/\d{12}\.json", is_made_again=True),
    _kind("damaged bytes", re.escape(layout.SET_ASIDE) + r".+"),
    _kind("report", r"reports/.+", is_collected=False, is_made_again=True),
    _kind("annotation revision", r"annotation_log/.+", is_collected=False),
    _kind("imported responses", re.escape(layout.RESPONSES) + r"\d{12}\.json", is_collected=False),
    _kind("publication", re.escape(layout.PUBLICATIONS) + r".+", is_collected=False),
    _kind("event", r"ledger/\d{12}\.json", is_collected=False),
    _kind("serving pointer", re.escape(layout.SERVING_POINTER), is_collected=False),
    _kind("erasure key", re.escape(layout.ERASURE_KEY), is_collected=False),
    _kind("erasure under way", re.escape(layout.ERASURE_PLANS) + r".+", is_collected=False),
    _kind("generation", re.escape(layout.GENERATION), is_collected=False),
)
FOREIGN = Kind("not ours", re.compile(""), is_collected=False)
"""Objects that Nightlens did not write: never touched."""


def kind_of(key: str) -> Kind:
    """The kind of the object at this key; one in the trash keeps its kind."""
    key = key.removeprefix(layout.TRASH)
    return next((kind for kind in KINDS if kind.pattern.fullmatch(key)), FOREIGN)


def cycle_of(key: str) -> str | None:
    """The cycle that a shard or checkpoint belongs to."""
    match = kind_of(key).pattern.fullmatch(key)
    return match.groupdict().get("cycle_id") if match else None
