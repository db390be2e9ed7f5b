"""A folder of video clips as a source of images: their frames, each with its true time in the clip."""

from __future__ import annotations

import os
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.sources.folder import FolderSettings, FolderSource
from pipeline_tasks.sources.key_pattern import KeyPattern
from pipeline_tasks.sources.left_out import LeftOut, LeftOutFiles
from pipeline_tasks.sources.source import FileMetadata, FoundFile
from pipeline_tasks.sources.video.clip_note import ClipNote
from pipeline_tasks.sources.video.clip_run import MAX_MEMORY_BYTES, ClipRun, require_av
from pipeline_tasks.sources.video.job import ClipJob
from pipeline_tasks.sources.video.picking import PickRule
from pipeline_tasks.sources.video.settings import VideoSettings

FIRST_FRAME = "#t=0.000000"
"""Ending of the key of a clip's first frame, which is always picked: by it a clip is known."""
Have = Callable[[Sequence[FoundFile]], Sequence[bool]]


class VideoSource:
    """The picked frames of the clips below one folder.

    A key is the clip's path and the frame's time, `line/7.mp4#t=12.480000`; a version is the clip's modification time and size, and
    what decides about its frames. Clips whose first frame was recorded are not opened again. A clip that gives no frame, or breaks
    off, is listed under its own key, too, and `read` says why.
    """

    settings_model = VideoSettings
    is_whole = False
    """Frames of known clips are not listed."""

    def __init__(self, settings: VideoSettings, home: Path) -> None:
        """Read below `settings.path`; a relative one lies in `home`.

        Raises:
            SettingsError: PyAV is missing, or a pattern is wrong.
        """
        require_av(settings.name)
        self.name, self._settings = settings.name, settings
        of_folder = {"path": settings.path, "settle_s": settings.settle_s, "ignore": settings.ignore}
        self._folder = FolderSource(FolderSettings(name=settings.name, **of_folder), home)
        self._pattern = KeyPattern(settings.name, settings.key_pattern)
        self._have: Have = lambda files: [False] * len(files)
        self._more: list[LeftOut] = []
        self._notes: dict[str, ClipNote] = {}
        self._spool: tempfile.TemporaryDirectory[str] | None = None
        self._found: dict[str, dict[int, Path | RejectedFileError]] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def skip_known(self, have: Have) -> None:
        """Do not open clips whose first frame, or whose trouble, earlier cycles have recorded."""
        self._have = have

    def list_files(self) -> Iterator[FoundFile]:
        """Yield the picked frames of new clips, clip by clip.

        Raises:
            ServiceUnavailableError: the folder is not there or cannot be listed.
        """
        self._more = []
        for clip in self._folder.list_files():
            version = self._version(clip)
            marks = [FoundFile(key, version, clip.size_bytes, None) for key in (clip.key, clip.key + FIRST_FRAME)]
            if any(self._have(marks)):
                continue
            if self._folder.why_waiting(clip, None, datetime.now(timezone.utc)) is not None:
                yield clip
                continue
            yield from self._frames(clip, version)

    def left_out(self) -> LeftOutFiles:
        """Files and folders that are no clips by their names, and clips with more frames than are taken."""
        found = self._folder.left_out()
        for one in self._more:
            found.add(one)
        return found

    def is_at_rest(self, file: FoundFile, now: datetime) -> bool:
        """Tell whether a clip has not changed for `settle_s`; frames are listed of such clips only."""
        return file.stamp is None or self._folder.is_at_rest(file, now)

    def why_waiting(self, file: FoundFile, first_seen_at: datetime | None, now: datetime) -> str | None:
        """Reason to leave a clip for a later cycle; None for frames."""
        return None if file.stamp is None else self._folder.why_waiting(file, first_seen_at, now)

    def take_back(self, notes: Mapping[str, str | None]) -> None:
        """Take back the times of the frames that will be read."""
        self._notes = {key: ClipNote.read(note) for key, note in notes.items() if note is not None}
        self._found = {}

    def read(self, key: str, object_version: str) -> bytes:
        """Return a frame as an image file; all frames of its clip that are asked for are decoded at once.

        Raises:
            RejectedFileError: the reason why the clip or this frame cannot be read.
        """
        note = self._notes.get(key)
        if note is None:
            raise RejectedFileError("changed_while_reading", f"{key}: was still being written when it was listed")
        if note.pts is None:
            raise RejectedFileError(note.reason or "corrupt", f"{key}: {note.detail}")
        with self._lock:
            of_this_clip = self._locks[note.clip]
        with of_this_clip:
            if note.clip not in self._found:
                self._found[note.clip] = self._decoded(note.clip, object_version)
        found = self._found[note.clip].get(note.pts)
        if isinstance(found, Path):
            return found.read_bytes()
        raise found or RejectedFileError("corrupt", f"{key}: the clip does not give this frame again")

    def metadata(self, key: str) -> FileMetadata:
        """Clip, time in the clip and time of recording, and what `key_pattern` reads off the clip's path."""
        note = self._notes.get(key)
        clip = key.rpartition("#t=")[0] or key
        read = self._pattern.metadata(clip)
        return FileMetadata(
            device=read.device,
            clip=read.clip or clip,
            site=read.site,
            day=read.day,
            captured_at=None if note is None else note.captured_at,
            clip_time_s=None if note is None else note.time_s,
        )

    def _version(self, clip: FoundFile) -> str:
        # A new mount changes inodes and change times, and would have every clip decoded once more.
        assert clip.stamp is not None
        return f"{clip.stamp.modified_ns}-{clip.stamp.size_bytes}-{self._settings.recipe}"

    def _frames(self, clip: FoundFile, version: str) -> Iterator[FoundFile]:
        """The frames of one clip, and the clip itself if something is wrong with it."""
        picked: list[tuple[int, float]] = []
        try:
            with open(self._folder.path_of(clip.key), "rb") as file:
                run = ClipRun(self._job(file.fileno()))
                picked.extend((int(str(head["pts"])), float(str(head["time_s"]))) for head, _ in run)
                end = run.ending
                reason, detail = end.reason, end.detail
        except RejectedFileError as rejection:
            reason, detail = rejection.reason, rejection.detail
        except OSError as error:
            reason, detail = _closed(error), str(error.strerror)
        for pts, time_s in picked:
            note = ClipNote(clip.key, pts, time_s, end.created_at)
            yield FoundFile(f"{clip.key}#t={time_s:.6f}", version, 0, _later(clip.modified_at, time_s), note=note.text)
        if reason is not None:
            yield FoundFile(
                clip.key, version, clip.size_bytes, clip.modified_at, note=ClipNote(clip.key, reason=reason, detail=detail).text
            )
        elif end.has_more:
            self._more.append(LeftOut(f"{clip.key}: frames after {picked[-1][1]:.3f} s", "beyond_limit"))

    def _decoded(self, clip: str, version: str) -> dict[int, Path | RejectedFileError]:
        """Time → image file of each frame of a clip that this shard reads."""
        wanted = tuple(sorted(note.pts for note in self._notes.values() if note.clip == clip and note.pts is not None))
        found: dict[int, Path | RejectedFileError] = {}
        try:
            with open(self._folder.path_of(clip), "rb") as file:
                self._check_unchanged(file.fileno(), clip, version)
                folder = Path(tempfile.mkdtemp(dir=self._folder_of_frames()))
                run = ClipRun(self._job(file.fileno(), wanted))
                for head, content in run:
                    path = folder / str(len(found))
                    path.write_bytes(content)
                    found[int(str(head["pts"]))] = path
                self._check_unchanged(file.fileno(), clip, version)
        except RejectedFileError as rejection:
            return dict.fromkeys(wanted, rejection)
        except OSError as error:
            return dict.fromkeys(wanted, RejectedFileError(_closed(error), f"{clip}: {error.strerror}"))
        trouble = RejectedFileError(
            run.ending.reason or "corrupt", f"{clip}: {run.ending.detail or 'gives fewer frames than before'}"
        )
        return dict.fromkeys(wanted, trouble) | found

    def _check_unchanged(self, handle: int, clip: str, version: str) -> None:
        status = os.fstat(handle)
        if version != f"{status.st_mtime_ns}-{status.st_size}-{self._settings.recipe}":
            raise RejectedFileError("changed_while_reading", f"{clip}: changed after it was listed")

    def _folder_of_frames(self) -> str:
        with self._lock:
            if self._spool is None:
                self._spool = tempfile.TemporaryDirectory(prefix="nightlens-frames-")
            return self._spool.name

    def _job(self, handle: int, wanted: tuple[int, ...] | None = None) -> ClipJob:
        given = self._settings
        rule = PickRule(given.pick, given.every_s, given.scene_difference)
        return ClipJob(handle, rule, given.max_frames_a_clip, given.frame_format, given.max_clip_s, MAX_MEMORY_BYTES, wanted)


def _closed(error: OSError) -> str:
    return "vanished" if isinstance(error, FileNotFoundError) else "unreadable"


def _later(moment: datetime | None, seconds: float) -> datetime | None:
    """The clip's time and a frame's place in it, so that gaps between frames are those of the clip."""
    try:
        return None if moment is None else moment + timedelta(seconds=seconds)
    except OverflowError:
        return None
