"""A video file, frame by frame."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from pipeline_tasks.edge.agent_state import AgentState
from pipeline_tasks.edge.frame import Frame, shown_name
from pipeline_tasks.edge.settings import InputSettings
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.sources.video.clip_format import HEAD_BYTES, demuxer_of

_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"


class VideoInput:
    """The frames of one file with their times. A playlist dressed as a video is refused, so that FFmpeg opens no other file."""

    def __init__(self, settings: InputSettings, state: AgentState, stop: threading.Event) -> None:
        """Look at the file's first bytes.

        Raises:
            SettingsError: it cannot be read, or is no video.
        """
        self._path, self._every_s, self._state, self._stop = Path(settings.place), settings.every_s, state, stop
        try:
            with self._path.open("rb") as file:
                head = file.read(HEAD_BYTES)
        except OSError as error:
            raise SettingsError(f"input.place: {self._path} cannot be read: {error.strerror}") from error
        demuxer = demuxer_of(head)
        if demuxer is None:
            raise SettingsError(f"input.place: wanted a video (mp4, mov, mkv, webm, avi, mpg, ts), found {self._path}")
        # FFmpeg reads this when it opens the file: no other demuxer, and nothing but this file.
        os.environ[_OPTIONS] = "protocol_whitelist;file"

    def frames(self, *, is_once: bool) -> Iterator[Frame]:
        """Yield the frames, at most one every `every_s` of the video, and end with it."""
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            raise SettingsError(f"input.place: OpenCV does not open the video {self._path}")
        due_s, name = 0.0, shown_name(self._path.name)
        try:
            while not self._stop.is_set() and capture.grab():
                time_s = max(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, 0.0)
                if time_s + 1e-6 < due_s:
                    continue
                due_s = time_s + self._every_s
                is_fine, pixels = capture.retrieve()
                self._state.count("seen")
                if is_fine:
                    yield Frame(np.asarray(pixels, np.uint8), name=name, clip=name, clip_time_s=time_s)
                else:
                    self._state.drop(None, f"{name} at {time_s:.3f} s", "not_readable_here", "the frame is not decoded")
        finally:
            capture.release()
