"""Child process that decodes one clip: `python -m pipeline_tasks.sources.video.child <job as JSON>`.

It gets the clip as an open file. It cannot open another one, nor a socket; the kernel limits its memory and processor time.
"""

from __future__ import annotations

import importlib
import io
import os
import pkgutil
import resource
import sys
from dataclasses import asdict
from typing import BinaryIO

import av
import av.logging
from PIL import Image

from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.sources.video.frames import ClipEnd, ClipReader, Frame
from pipeline_tasks.sources.video.job import ClipJob, send

NOTHING = ClipEnd(0, 0.0, has_more=False, created_at=None)


def main(job_json: str) -> None:
    """Send the frames of the clip, and how it ended, to standard output."""
    job = ClipJob.from_json(job_json)
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    av.logging.set_level(None)
    _load_everything()
    resource.setrlimit(resource.RLIMIT_AS, (job.max_memory_bytes, job.max_memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (int(job.max_s) + 1, int(job.max_s) + 2))
    with os.fdopen(job.file, "rb") as file:
        end = _sent(file, job, results)
    send(results, {"end": asdict(end)})
    results.flush()


def _load_everything() -> None:
    """Load what PyAV and Pillow would load when a clip first needs it: nothing can be opened then."""
    for file_format in ("JPEG", "PNG"):
        Image.new("RGB", (8, 8)).save(io.BytesIO(), file_format)
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _sent(file: BinaryIO, job: ClipJob, results: BinaryIO) -> ClipEnd:
    """Send the frames, and return the clip's end."""
    reader: ClipReader | None = None
    try:
        reader = ClipReader(file, job.frame_format)
        for frame in reader.picked(job.rule, job.max_frames) if job.wanted is None else reader.wanted(job.wanted):
            _send_frame(results, frame)
    except RejectedFileError as rejection:
        found = NOTHING if reader is None else reader.end
        return ClipEnd(**{**vars(found), "reason": rejection.reason, "detail": rejection.detail})
    except MemoryError:
        found = NOTHING if reader is None else reader.end
        detail = "decoding took more memory than is allowed"
        return ClipEnd(**{**vars(found), "reason": "took_too_much_memory", "detail": detail})
    return reader.end


def _send_frame(results: BinaryIO, frame: Frame) -> None:
    send(results, {"pts": frame.pts, "time_s": frame.time_s}, frame.content)
    results.flush()


if __name__ == "__main__":
    main(sys.argv[1])
