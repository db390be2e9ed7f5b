"""Frames of one clip, decoded with FFmpeg through PyAV: only in a child process, and with nothing but the clip open."""

from __future__ import annotations

import io
import resource
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, BinaryIO

import av
import av.error
import numpy as np
from av.video.reformatter import Colorspace
from numpy.typing import NDArray
from PIL import Image

from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.sources.video.clip_format import HEAD_BYTES, demuxer_of, missing_bytes
from pipeline_tasks.sources.video.picking import SIDE_PX, Picker, PickRule

MAX_PIXELS = 50_000_000
MOST_DAMAGED = 1_000
"""Places of damage in one clip, behind which reading goes on."""
HIGH_DEFINITION_PX = 720
"""Height from which frames that do not name their colours have those of BT.709, as players assume."""


@dataclass(frozen=True)
class Frame:
    """One picked frame."""

    pts: int
    """Its time in ticks of the clip, which names it."""
    time_s: float
    """Its time behind the first frame."""
    content: bytes
    """The image file; empty where only the times are wanted."""


@dataclass(frozen=True)
class ClipEnd:
    """State of a clip behind its last frame."""

    frames: int
    """Number of frames that were decoded whole, picked or not."""
    last_s: float
    has_more: bool
    """True: more frames could be picked."""
    created_at: str | None
    """Start of the recording by the container, as ISO text in UTC."""
    reason: str | None = None
    detail: str = ""


class ClipReader:
    """Reads one clip from its first frame on."""

    def __init__(self, file: BinaryIO, frame_format: str) -> None:
        """Open the clip.

        Raises:
            RejectedFileError: it is none, or has no video that can be decoded.
        """
        self._format = frame_format
        demuxer = demuxer_of(file.read(HEAD_BYTES))
        if demuxer is None:
            raise RejectedFileError(
                "unsupported_format", "no clip of MP4, MOV, MKV, WebM, AVI, MPEG-TS or MPEG-PS, by its first bytes"
            )
        file.seek(0)
        self._missing = missing_bytes(file, demuxer)
        # Neither a file nor a socket can be opened from here on, whatever the clip says.
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        try:
            options = {"protocol_whitelist": "file", "format_whitelist": demuxer}
            self._container = av.open(file, format=demuxer, options=options)
            self._stream = self._container.streams.video[0]
        except IndexError as error:
            raise self._broken(f"has no video stream as {demuxer}", "unsupported_format") from error
        except av.error.FFmpegError as error:
            raise self._broken(f"cannot be opened as {demuxer}: {error.strerror}") from error
        context = self._stream.codec_context
        context.thread_count = 1
        context.options = {"err_detect": "crccheck+bitstream+buffer+explode"}
        if context.width * context.height > MAX_PIXELS:
            size = f"found {context.width} x {context.height}"
            raise RejectedFileError("too_many_pixels", f"{size} pixels a frame, wanted at most {MAX_PIXELS}")
        self.end = ClipEnd(0, 0.0, has_more=False, created_at=_created_at(self._container.metadata))

    def picked(self, rule: PickRule, most: int) -> Iterator[Frame]:
        """Yield the times of the frames that the rule picks; `end` then tells how the clip ended."""
        picker, picks = Picker(rule), 0
        for time_s, frame in self._frames():
            if not picker.is_due(time_s):
                continue
            small = _small(frame) if rule.pick == "scenes" else None
            if not picker.is_picked(time_s, small):
                continue
            if picks == most:
                self._update(has_more=True)
                return
            picks += 1
            yield Frame(frame.pts, time_s, b"")

    def wanted(self, ticks: Collection[int]) -> Iterator[Frame]:
        """Yield the frames of these times, encoded."""
        left = set(ticks)
        for time_s, frame in self._frames():
            if frame.pts in left:
                left.remove(frame.pts)
                yield Frame(frame.pts, time_s, _encoded(frame, self._format))
            if not left:
                return

    def _frames(self) -> Iterator[tuple[float, Any]]:
        """Whole frames in order, each with its seconds behind the first one."""
        first: int | None = None
        last = -1.0
        damaged = 0
        is_whole = True
        for frame in self._decoded():
            if frame is None or frame.is_corrupt or frame.pts is None:
                damaged += 1
                is_whole = False
                continue
            # What was decoded behind damage is made of it, up to the next frame that stands alone.
            is_whole = is_whole or bool(frame.key_frame)
            first = frame.pts if first is None else first
            time_s = float((frame.pts - first) * frame.time_base)
            if not is_whole or time_s <= last:
                damaged += 1
                continue
            last = time_s
            self._update(frames=self.end.frames + 1, last_s=time_s)
            yield time_s, frame
        self._judge(damaged)

    def _decoded(self) -> Iterator[Any]:
        """Frames as they come; None for what cannot be decoded."""
        for packet in self._packets():
            if packet is None or packet.is_corrupt:
                yield None
                continue
            try:
                yield from packet.decode()
            except av.error.EOFError:
                return
            except av.error.MemoryError as error:
                raise RejectedFileError("took_too_much_memory", "decoding took more memory than is allowed") from error
            except av.error.FFmpegError:
                yield None

    def _packets(self) -> Iterator[Any]:
        """Packets as they come; None for damage, behind which reading goes on where the container can."""
        packets = self._container.demux(self._stream)
        for _ in range(MOST_DAMAGED):
            try:
                yield from packets
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                packets = self._container.demux(self._stream)
                yield None
            else:
                return

    def _judge(self, damaged: int) -> None:
        """Say what is wrong with the clip, behind its end."""
        found = f"{self.end.frames} whole frames up to {self.end.last_s:.3f} s"
        if self._missing:
            self._update(reason="truncated", detail=f"ends {self._missing} bytes before its end; {found}")
        elif damaged or not self.end.frames:
            self._update(reason="corrupt", detail=f"{damaged} damaged frames or packets; {found}")

    def _broken(self, detail: str, reason: str = "corrupt") -> RejectedFileError:
        if self._missing:
            return RejectedFileError("truncated", f"ends {self._missing} bytes before its end, and {detail}")
        return RejectedFileError(reason, detail)

    def _update(self, **changes: Any) -> None:
        self.end = ClipEnd(**{**vars(self.end), **changes})


def _small(frame: Any) -> NDArray[np.uint8]:
    small: NDArray[np.uint8] = frame.reformat(width=SIDE_PX, height=SIDE_PX, format="gray8").to_ndarray()
    return small


def _encoded(frame: Any, frame_format: str) -> bytes:
    """The frame as people see it: in its own colours, turned as the camera was."""
    named = int(frame.colorspace)
    guessed = Colorspace.ITU709 if frame.height >= HIGH_DEFINITION_PX else Colorspace.ITU601
    # 2 is FFmpeg's "unspecified", 0 its RGB, which needs none.
    pixels = frame.to_ndarray(format="rgb24", src_colorspace=guessed if named in (0, 2) else named)
    turned = np.rot90(pixels, round(frame.rotation / 90) % 4)
    buffer = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(turned))
    if frame_format == "png":
        image.save(buffer, "PNG")
    else:
        image.save(buffer, "JPEG", quality=95, subsampling=0)
    return buffer.getvalue()


def _created_at(metadata: dict[str, str]) -> str | None:
    """The container's creation time; one of 1970 or 1904 is a clock that was never set."""
    try:
        found = datetime.fromisoformat(metadata.get("creation_time", ""))
    except ValueError:
        return None
    found = found if found.tzinfo is not None else found.replace(tzinfo=timezone.utc)
    return found.astimezone(timezone.utc).isoformat() if found.year > 1970 else None
