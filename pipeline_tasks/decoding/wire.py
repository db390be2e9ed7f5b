"""Protocol between a decoding pool and its children over pipes: a length, then bytes."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from pipeline_tasks.decoding.canonical_form import CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage, Pixels
from pipeline_tasks.decoding.intake_image import IntakeImage, IntakeSizes
from pipeline_tasks.errors import RejectedFileError

READY = b"nightlens decoding child is ready\n"
"""First bytes from a child; if it ends before sending them, no file is to blame."""

_LENGTH = struct.Struct(">Q")
_FORM = struct.Struct(">BB?HH")
_NO_SIZES = IntakeSizes(0, 0)


@dataclass(frozen=True)
class Request:
    """A file, the form in which to decode it, and what to make of it."""

    content: bytes
    form: CanonicalForm
    sizes: IntakeSizes | None = None
    """None: send back the canonical image."""


def send_file(stream: BinaryIO, request: Request) -> None:
    """Send a file to a child."""
    form, sizes = request.form, request.sizes or _NO_SIZES
    stream.write(_FORM.pack(form.version, form.bit_depth or 0, form.is_small, sizes.model_px, sizes.thumbnail_px))
    stream.write(_LENGTH.pack(len(request.content)))
    stream.write(request.content)
    stream.flush()


def receive_file(stream: BinaryIO) -> Request | None:
    """Read a file from the parent; None when there will be no more.

    Raises:
        EOFError: the parent ended in the middle of one.
    """
    form = stream.read(_FORM.size)
    if len(form) < _FORM.size:
        return None
    version, bit_depth, is_small, *sides = _FORM.unpack(form)
    content = _exactly(stream, *_LENGTH.unpack(_exactly(stream, _LENGTH.size)))
    sizes = IntakeSizes(*sides) if any(sides) else None
    return Request(content, CanonicalForm(version, bit_depth or None, is_small), sizes)


def send_result(stream: BinaryIO, result: CanonicalImage | IntakeImage | RejectedFileError) -> None:
    """Send an image or a rejection to the parent."""
    head, thumbnail, pixels = _parts(result)
    line = json.dumps(head).encode()
    stream.write(_LENGTH.pack(len(line)))
    stream.write(line)
    stream.write(thumbnail)
    stream.write(np.ascontiguousarray(pixels).data)
    stream.flush()


def receive_image(stream: BinaryIO) -> CanonicalImage:
    """Read a child's response to a request without sizes.

    Raises:
        RejectedFileError: the child refused the file.
        EOFError: the child ended before it responded.
    """
    head = _head(stream)
    pixels, whole_px = _pixels(stream, head.pop("shape")), head.pop("whole_px")
    return CanonicalImage(pixels, **head, whole_px=whole_px and tuple(whole_px))


def receive_intake_image(stream: BinaryIO) -> IntakeImage:
    """Read a child's response to a request with sizes.

    Raises:
        RejectedFileError: the child refused the file.
        EOFError: the child ended before it responded.
    """
    head = _head(stream)
    thumbnail = _exactly(stream, head.pop("thumbnail_bytes"))
    pixels, size_px = _pixels(stream, head.pop("shape")), tuple(head.pop("size_px"))
    return IntakeImage(**head, size_px=size_px, thumbnail=thumbnail, model_image=pixels)


def _parts(result: CanonicalImage | IntakeImage | RejectedFileError) -> tuple[dict[str, object], bytes, Pixels]:
    """Parts of a result that are sent: a line, a thumbnail and pixels."""
    if isinstance(result, RejectedFileError):
        return {"reason": result.reason, "detail": result.detail}, b"", np.empty(0, np.uint8)
    head: dict[str, object] = {"file_format": result.file_format, "orientation": result.orientation, "frames": result.frames}
    if isinstance(result, CanonicalImage):
        head |= {"shape": result.pixels.shape, "whole_px": result.whole_px, "digest": result.digest}
        return head, b"", result.pixels
    head |= {"size_px": result.size_px, "measured": result.measured, "has_colours": result.has_colours}
    head |= {"thumbnail_bytes": len(result.thumbnail)}
    return head | {"shape": result.model_image.shape}, result.thumbnail, result.model_image


def _head(stream: BinaryIO) -> Any:
    head = json.loads(_exactly(stream, *_LENGTH.unpack(_exactly(stream, _LENGTH.size))))
    if "reason" in head:
        raise RejectedFileError(head["reason"], head["detail"])
    return head


def _pixels(stream: BinaryIO, shape: Sequence[int]) -> Pixels:
    pixels = np.empty(shape, np.uint8)
    if pixels.size:  # A view of nothing cannot be cast.
        _fill(stream, pixels.data.cast("B"))
    return pixels


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
