"""Protocol between a decoding pool and its children over pipes: a length, then bytes."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict
from typing import BinaryIO

import numpy as np

from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage, Whole
from pipeline_tasks.errors import RejectedFileError

READY = b"nightlens decoding child is ready\n"
"""First bytes from a child; if it ends before sending them, no file is to blame."""

_LENGTH = struct.Struct(">Q")
_FORM = struct.Struct(">BB?")


def send_file(stream: BinaryIO, content: bytes, form: CanonicalForm = NEWEST) -> None:
    """Send a file to a child, and the form in which to decode it."""
    stream.write(_FORM.pack(form.version, form.bit_depth or 0, form.is_small))
    stream.write(_LENGTH.pack(len(content)))
    stream.write(content)
    stream.flush()


def receive_file(stream: BinaryIO) -> tuple[bytes, CanonicalForm] | None:
    """Read a file and its form from the parent; None when there will be no more.

    Raises:
        EOFError: the parent ended in the middle of one.
    """
    form = stream.read(_FORM.size)
    if len(form) < _FORM.size:
        return None
    version, bit_depth, is_small = _FORM.unpack(form)
    content = _exactly(stream, *_LENGTH.unpack(_exactly(stream, _LENGTH.size)))
    return content, CanonicalForm(version, bit_depth or None, is_small)


def send_result(stream: BinaryIO, result: CanonicalImage | RejectedFileError) -> None:
    """Send an image or a rejection to the parent."""
    if isinstance(result, RejectedFileError):
        head: dict[str, object] = {"reason": result.reason, "detail": result.detail}
        pixels = memoryview(b"")
    else:
        head = {"file_format": result.file_format, "orientation": result.orientation, "frames": result.frames}
        head |= {"shape": result.pixels.shape, "whole": None if result.whole is None else asdict(result.whole)}
        pixels = np.ascontiguousarray(result.pixels).data
    line = json.dumps(head).encode()
    stream.write(_LENGTH.pack(len(line)))
    stream.write(line)
    stream.write(pixels)
    stream.flush()


def receive_result(stream: BinaryIO) -> CanonicalImage:
    """Read a child's response.

    Raises:
        RejectedFileError: the child refused the file.
        EOFError: the child ended before it responded.
    """
    head = json.loads(_exactly(stream, *_LENGTH.unpack(_exactly(stream, _LENGTH.size))))
    if "reason" in head:
        raise RejectedFileError(head["reason"], head["detail"])
    pixels, whole = np.empty(head.pop("shape"), np.uint8), head.pop("whole")
    _fill(stream, pixels.data.cast("B"))
    return CanonicalImage(pixels, **head, whole=None if whole is None else Whole(tuple(whole["size_px"]), whole["digest"]))


def _exactly(stream: BinaryIO, length: int) -> bytes:
    content = stream.read(length)
    if len(content) < length:
        raise EOFError(f"wanted {length} bytes from the pipe, found {len(content)}")
    return content


def _fill(stream: BinaryIO, buffer: memoryview) -> None:
    """Fill the buffer directly, so that the image is never in memory twice."""
    filled = 0
    while filled < len(buffer):
        count = stream.readinto(buffer[filled:])  # type: ignore[attr-defined]  # BinaryIO lacks what every buffered reader has.
        if not count:
            raise EOFError(f"wanted {len(buffer)} bytes from the pipe, found {filled}")
        filled += count
