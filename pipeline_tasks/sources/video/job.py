"""A job for the child process that decodes a clip, and the messages that come back."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import BinaryIO

from pipeline_tasks.json_values import Json
from pipeline_tasks.sources.video.picking import PickRule

MAX_HEAD_BYTES = 100_000
MAX_FRAME_BYTES = 160_000_000
_LENGTHS = struct.Struct(">II")


@dataclass(frozen=True)
class ClipJob:
    """One look at a clip."""

    file: int
    """Number of the open file."""
    rule: PickRule
    max_frames: int
    frame_format: str
    max_s: float
    max_memory_bytes: int
    wanted: tuple[int, ...] | None = None
    """Times of the frames to encode; None: only the times of those that the rule picks."""

    @property
    def as_json(self) -> str:
        """The job as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> ClipJob:
        """Read what `as_json` wrote."""
        fields = json.loads(text)
        wanted = None if fields["wanted"] is None else tuple(fields["wanted"])
        return cls(**{**fields, "rule": PickRule(**fields["rule"]), "wanted": wanted})


def send(stream: BinaryIO, head: Mapping[str, Json], content: bytes = b"") -> None:
    """Send one message."""
    text = json.dumps(head).encode()
    stream.write(_LENGTHS.pack(len(text), len(content)) + text + content)


def receive(stream: BinaryIO) -> tuple[Mapping[str, Json], bytes] | None:
    """Read one message; None if there is no whole one any more."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head_bytes, frame_bytes = _LENGTHS.unpack(lengths)
    if head_bytes > MAX_HEAD_BYTES or frame_bytes > MAX_FRAME_BYTES:
        return None
    text, content = stream.read(head_bytes), stream.read(frame_bytes)
    if len(text) < head_bytes or len(content) < frame_bytes:
        return None
    head: Mapping[str, Json] = json.loads(text)
    return head, content
