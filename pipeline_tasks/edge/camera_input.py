"""A camera, at a V4L2 device or an rtsp:// address; it is opened again when it goes away."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Protocol
from urllib.parse import urlsplit

import cv2
import numpy as np

from pipeline_tasks.edge.agent_state import AgentState
from pipeline_tasks.edge.frame import Frame
from pipeline_tasks.edge.settings import InputSettings
from pipeline_tasks.errors import SettingsError

logger = logging.getLogger(__name__)
_OPEN_S = 10.0
_READ_S = 10.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
_STREAMS = ("rtsp", "rtsps")


class Capture(Protocol):
    """The part of OpenCV's VideoCapture that is used."""

    def isOpened(self) -> bool:
        """Return True if it gives frames."""
        ...

    def read(self) -> tuple[bool, object]:
        """The next frame."""
        ...

    def get(self, propId: int, /) -> float:
        """A property."""
        ...

    def release(self) -> None:
        """Close it."""
        ...


class CameraInput:
    """The newest frame each time; frames that come while one is looked at are counted as skipped, so that no delay builds up."""

    def __init__(
        self,
        settings: InputSettings,
        state: AgentState,
        stop: threading.Event,
        open_capture: Callable[[str], Capture] | None = None,
    ) -> None:
        """Check the address.

        Raises:
            SettingsError: an address of another scheme.
        """
        self._settings, self._state, self._stop = settings, state, stop
        self._open_capture = open_capture or open_camera
        self._newest: Frame | None = None
        self._arrived = threading.Condition()
        scheme = urlsplit(settings.place).scheme
        if "://" in settings.place and scheme not in _STREAMS:
            raise SettingsError(f"input.place: wanted a number, /dev/video… or an rtsp:// address, found the scheme {scheme!r}")

    def frames(self, *, is_once: bool) -> Iterator[Frame]:
        """Yield frames until the agent stops; with `is_once` one."""
        threading.Thread(target=self._grab, name="camera", daemon=True).start()
        due = 0.0
        while not self._stop.is_set():
            frame = self._next()
            if frame is None or time.monotonic() < due:
                continue
            due = time.monotonic() + self._settings.every_s
            self._state.count("seen")
            yield frame
            if is_once:
                return

    def _next(self) -> Frame | None:
        with self._arrived:
            if self._newest is None:
                self._arrived.wait(0.2)
            frame, self._newest = self._newest, None
            return frame

    def _grab(self) -> None:
        """Read the camera for as long as the agent runs."""
        pause_s = _FIRST_PAUSE_S
        while not self._stop.is_set():
            if self._read_until_it_ends():
                pause_s = _FIRST_PAUSE_S
            self._state.count("camera_losses")
            logger.warning("the camera %s gives no frame; it is opened again in %.0f s", shown(self._settings.place), pause_s)
            self._stop.wait(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _read_until_it_ends(self) -> bool:
        """Return True if the camera gave a frame."""
        capture, has_given = self._open_capture(self._settings.place), False
        try:
            while capture.isOpened() and not self._stop.is_set():
                is_fine, pixels = capture.read()
                if not is_fine:
                    break
                has_given = True
                frame = Frame(
                    np.asarray(pixels, np.uint8), captured_at=datetime.now(timezone.utc), exposure_s=self._exposure_s(capture)
                )
                with self._arrived:
                    self._newest = frame
                    self._arrived.notify()
        except cv2.error as error:
            logger.warning("the camera %s: %s", shown(self._settings.place), error)
        finally:
            capture.release()
        return has_given

    def _exposure_s(self, capture: Capture) -> float | None:
        """Exposure of the frame; drivers give it in units of their own, so it is known only where the settings name them."""
        unit_s = self._settings.exposure_unit_s
        units = 0.0 if unit_s is None else capture.get(cv2.CAP_PROP_EXPOSURE)
        return units * unit_s if unit_s is not None and 0 < units * unit_s <= 86_400 else None


def open_camera(place: str) -> cv2.VideoCapture:
    """Open a camera by its number, its device file or its address."""
    if "://" in place:
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "rtsp_transport;tcp|protocol_whitelist;rtsp,rtsps,rtp,rtcp,tcp,udp,tls,crypto"
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(_OPEN_S * 1000), cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(_READ_S * 1000)]
        return cv2.VideoCapture(place, cv2.CAP_FFMPEG, limits)
    capture = cv2.VideoCapture(int(place) if place.isdigit() else place, cv2.CAP_V4L2)
    # One frame, so that what is read is what is there now.
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return capture


def shown(place: str) -> str:
    """An address without its user name and password."""
    head, at, tail = place.rpartition("@")
    return f"{head.partition('://')[0]}://…@{tail}" if at and "://" in head else place
