"""Clips of a few small frames, written with PyAV, and ways to damage them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

MILLISECOND = Fraction(1, 1000)


def grey(level: int, width: int = 64, height: int = 48) -> Any:
    """A frame of one grey, with a corner that tells which way is up."""
    pixels = np.full((height, width, 3), level, np.uint8)
    pixels[: height // 4, : width // 4] = 255 - level
    return pixels


def a_clip(path: Path, times_ms: Sequence[int], levels: Sequence[int] | None = None, codec: str = "mpeg4", **metadata: str) -> Path:
    """Write a clip with one frame at each time, the container told by the name's ending."""
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        container.metadata.update(metadata)
        stream = container.add_stream(codec, rate=1000 if codec == "mpeg4" else 30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = MILLISECOND
        stream.codec_context.gop_size = 5
        for number, time_ms in enumerate(times_ms):
            level = (number * 37) % 200 + 20 if levels is None else levels[number]
            frame = av.VideoFrame.from_ndarray(grey(level), format="rgb24")
            frame.pts, frame.time_base = time_ms, MILLISECOND
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
