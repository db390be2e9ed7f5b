"""Tests of the inputs: only files at rest, cameras that go away, videos and what is dressed as one."""

from __future__ import annotations

import json
import os
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import cv2
import numpy as np
import pytest
from edge.given_edge import an_image

from pipeline_tasks.edge.agent_state import AgentState
from pipeline_tasks.edge.camera_input import CameraInput, shown
from pipeline_tasks.edge.capture import open_input
from pipeline_tasks.edge.folder_input import FolderInput, decoded
from pipeline_tasks.edge.settings import InputSettings, PositionSettings
from pipeline_tasks.edge.video_input import VideoInput
from pipeline_tasks.edge.where import Where
from pipeline_tasks.errors import SettingsError


def a_folder(folder: Path, **settings: float) -> tuple[FolderInput, AgentState, Path]:
    (folder / "in").mkdir(exist_ok=True)
    state = AgentState(folder / "state")
    found = open_input(InputSettings("folder", str(folder / "in"), **settings), state, threading.Event())  # type: ignore[arg-type]
    assert isinstance(found, FolderInput)
    return found, state, folder / "in"


def names(source: FolderInput) -> list[str | None]:
    return [frame.name for frame in source.frames(is_once=True)]


def test_folder__gives_each_version_of_a_file_once_also_after_a_restart(tmp_path: Path) -> None:
    source, _, folder = a_folder(tmp_path, settle_s=0)
    (folder / "day 1").mkdir()
    for name in ("day 1/a.jpg", "b.jpg", ".hidden.jpg", "c.jpg.part", "d.tmp"):
        (folder / name).write_bytes(an_image(1))
    (folder / "link.jpg").symlink_to("/etc/passwd")

    assert names(source) == ["b.jpg", "day 1/a.jpg"]
    assert names(a_folder(tmp_path, settle_s=0)[0]) == []
    (folder / "b.jpg").write_bytes(an_image(22))
    assert names(source) == ["b.jpg"]


class WritesWhileWaited(threading.Event):
    """Writes the next part of a file each time that the input waits for its next look."""

    def __init__(self, path: Path, content: bytes) -> None:
        super().__init__()
        self.path, self.parts = path, [content[:end] for end in (200, 400, len(content) - 1, len(content))]

    def wait(self, timeout: float | None = None) -> bool:
        if self.parts:
            self.path.write_bytes(self.parts.pop(0))
        return False


def test_folder__leaves_a_file_that_is_being_written(tmp_path: Path) -> None:
    _, state, folder = a_folder(tmp_path)
    content = an_image(1)
    (folder / "a.jpg").write_bytes(content[:100])
    stop = WritesWhileWaited(folder / "a.jpg", content)
    source = open_input(InputSettings("folder", str(folder), settle_s=0.05), state, stop)

    (frame,) = source.frames(is_once=True)

    assert frame.content == content
    assert not stop.parts


def test_folder__counts_and_names_files_that_cannot_be_read_here(tmp_path: Path) -> None:
    source, state, folder = a_folder(tmp_path, settle_s=0)
    files = {"cut.jpg": an_image(1)[:300], "empty.jpg": b"", "text.jpg": b"text", os.fsdecode(b"odd\xff.jpg"): b"x"}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "good.jpg").write_bytes(an_image(2))

    assert names(source) == ["good.jpg"]
    assert state.counts() == {"dropped_not_readable_here": 4, "seen": 5}
    assert [row[2] for row in state.dropped()] == ["cut.jpg", "empty.jpg", "odd\ufffd.jpg", "text.jpg"]
    assert names(source) == []
    assert len(list(folder.iterdir())) == 5


def test_folder__forgets_files_that_are_gone(tmp_path: Path) -> None:
    source, state, folder = a_folder(tmp_path, settle_s=0)
    (folder / "a.jpg").write_bytes(an_image(1))
    names(source)
    status = (folder / "a.jpg").stat()
    stamp = f"{status.st_mtime_ns}-{status.st_size}-{status.st_ino}"
    assert state.is_handled("a.jpg", stamp)

    (folder / "a.jpg").unlink()
    names(source)

    assert not state.is_handled("a.jpg", stamp)


def test_decoded__reads_large_jpegs_at_a_reduced_size_and_refuses_too_many_pixels() -> None:
    assert decoded(an_image(1, (1300, 1280))).shape == (640, 650, 3)
    assert decoded(an_image(1, (640, 480), "PNG")).shape == (480, 640, 3)
    with pytest.raises(ValueError, match="64 x 48 pixels, wanted at most 3000"):
        decoded(an_image(1), max_pixels=3_000)
    with pytest.raises(ValueError, match="does not read it"):
        decoded(b"text")


def a_video(path: Path, frames: int = 10) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 5, (64, 48))
    for number in range(frames):
        writer.write(np.full((48, 64, 3), 20 * number, np.uint8))
    writer.release()
    return path


def test_video__gives_frames_with_their_times(tmp_path: Path) -> None:
    state = AgentState(tmp_path / "state")
    settings = InputSettings("video", str(a_video(tmp_path / "line.avi")), every_s=0.4)
    source = open_input(settings, state, threading.Event())

    frames = list(source.frames(is_once=True))

    assert [round(frame.clip_time_s or 0, 3) for frame in frames] == [0.0, 0.4, 0.8, 1.2, 1.6]
    assert {(frame.clip, frame.content) for frame in frames} == {("line.avi", None)}
    assert [int(frame.pixels.mean()) // 10 for frame in frames] == [0, 4, 8, 12, 16]
    assert state.counts() == {"seen": 5}


def test_video__refuses_a_playlist_and_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "list.mp4").write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/canary.ts\n")
    for name, says in (("list.mp4", "wanted a video"), ("none.mp4", "cannot be read")):
        with pytest.raises(SettingsError, match=says):
            VideoInput(InputSettings("video", str(tmp_path / name)), AgentState(tmp_path / "state"), threading.Event())


class ACamera:
    """A camera that gives some frames and then goes away."""

    def __init__(self, frames: int, level: int = 0) -> None:
        self.left, self.level, self.is_released = frames, level, False

    def isOpened(self) -> bool:
        return True

    def read(self) -> tuple[bool, object]:
        self.left -= 1
        time.sleep(0.01)
        return self.left >= 0, np.full((48, 64, 3), self.level, np.uint8)

    def get(self, propId: int, /) -> float:
        return 250.0 if propId == cv2.CAP_PROP_EXPOSURE else 0.0

    def release(self) -> None:
        self.is_released = True


def test_camera__is_opened_again_when_it_goes_away_and_tells_time_and_exposure(tmp_path: Path) -> None:
    cameras = [ACamera(3, 10), ACamera(1000, 20)]
    given, stop, state = list(cameras), threading.Event(), AgentState(tmp_path)
    settings = InputSettings("camera", "0", exposure_unit_s=1e-4)
    source = CameraInput(settings, state, stop, lambda place: given.pop(0))
    begun, levels = datetime.now(timezone.utc), []

    for frame in source.frames(is_once=False):
        levels.append(int(frame.pixels[0, 0, 0]))
        assert frame.captured_at is not None
        assert timedelta(0) <= frame.captured_at - begun < timedelta(seconds=30)
        assert frame.exposure_s == pytest.approx(0.025)
        if levels[-1] == 20:
            stop.set()

    assert levels[0] == 10
    assert cameras[0].is_released
    assert state.counts()["camera_losses"] >= 1


def test_camera__gives_the_newest_frame_to_a_slow_agent(tmp_path: Path) -> None:
    stop = threading.Event()
    source = CameraInput(InputSettings("camera", "0"), AgentState(tmp_path), stop, lambda place: ACamera(1000))
    ages = []
    for frame in source.frames(is_once=False):
        assert frame.captured_at is not None
        ages.append(datetime.now(timezone.utc) - frame.captured_at)
        time.sleep(0.2)
        if len(ages) == 4:
            stop.set()

    assert max(ages) < timedelta(seconds=0.2)


def test_camera__refuses_other_schemes_and_shows_no_password(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="found the scheme 'http'"):
        CameraInput(InputSettings("camera", "http://camera/"), AgentState(tmp_path), threading.Event())
    assert shown("rtsp://user:secret@10.0.0.7/live") == "rtsp://…@10.0.0.7/live"
    assert shown("/dev/video0") == "/dev/video0"


def test_position__comes_from_a_fresh_file_or_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "gps.json"
    moving = Where(PositionSettings(file=path))

    assert Where(PositionSettings(52.5, 13.4)).now() == (52.5, 13.4)
    assert Where(PositionSettings()).now() == moving.now() == (None, None)
    for text, found in (
        ({"latitude_deg": 1, "longitude_deg": -2.5}, (1.0, -2.5)),
        ({"latitude_deg": 0, "longitude_deg": 0}, (None, None)),
        ({"latitude_deg": 91, "longitude_deg": 0}, (None, None)),
        ([], (None, None)),
    ):
        path.write_text(json.dumps(text))
        assert moving.now() == found
    path.write_text(json.dumps({"latitude_deg": 1, "longitude_deg": 2}))
    os.utime(path, (time.time() - 61,) * 2)
    assert moving.now() == (None, None)
