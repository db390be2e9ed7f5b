"""Tests of a source of kind `video`: times of frames, damaged and hostile clips, known clips, and the frames themselves."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sources.web.a_small_site import SmallSite, a_small_site

from pipeline_tasks.errors import RejectedFileError, SettingsError
from pipeline_tasks.settings.loading import load_project
from pipeline_tasks.sources.source import FoundFile, open_source
from pipeline_tasks.sources.video.settings import VideoSettings
from pipeline_tasks.sources.video.video_source import VideoSource

pytest.importorskip("av", reason="no PyAV: pip install -r requirements-video.txt")

from sources.video.given_clips import a_clip

EVERY_40_MS = range(0, 2000, 40)
"""Times of 50 frames."""


@pytest.fixture
def canary() -> Iterator[SmallSite]:
    with a_small_site() as held:
        yield held


def a_source(home: Path, **settings: Any) -> VideoSource:
    return VideoSource(
        VideoSettings(**{"name": "clips", "kind": "video", "path": "clips", "settle_s": 0, "every_s": 0, **settings}), home
    )


def listed(source: VideoSource) -> list[FoundFile]:
    return list(source.list_files())


def times(files: list[FoundFile]) -> list[float]:
    return [float(file.key.rpartition("#t=")[2]) for file in files if "#t=" in file.key]


def troubles(source: VideoSource, files: list[FoundFile]) -> list[tuple[str, str, str]]:
    """Key, reason and detail of everything that cannot be read."""
    source.take_back({file.key: file.note for file in files})
    found = []
    for file in files:
        try:
            source.read(file.key, file.object_version)
        except RejectedFileError as rejection:
            found.append((file.key, rejection.reason, rejection.detail))
    return found


def frames(source: VideoSource, files: list[FoundFile]) -> list[np.ndarray[Any, Any]]:
    source.take_back({file.key: file.note for file in files})
    return [np.asarray(Image.open(io.BytesIO(source.read(file.key, file.object_version)))) for file in files]


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.avi", "a.ts"])
def test_frames__have_the_times_of_the_clip(tmp_path: Path, name: str) -> None:
    a_clip(tmp_path / "clips" / name, EVERY_40_MS, codec="libx264" if name == "a.ts" else "mpeg4")
    source = a_source(tmp_path)

    files = listed(source)

    assert times(files) == pytest.approx([ms / 1000 for ms in EVERY_40_MS], abs=0.001)
    assert troubles(source, files) == []


def test_variable_rate__gives_the_true_times_and_is_picked_by_them(tmp_path: Path) -> None:
    at_ms = [0, 33, 100, 400, 450, 1000, 2510, 2530, 4100]
    a_clip(tmp_path / "clips/a.mkv", at_ms)

    assert times(listed(a_source(tmp_path))) == [ms / 1000 for ms in at_ms]
    assert times(listed(a_source(tmp_path, every_s=1))) == [0, 1.0, 2.51, 4.1]
    assert times(listed(a_source(tmp_path, every_s=0.4))) == [0, 0.4, 1.0, 2.51, 4.1]


def test_scenes__are_picked_where_the_scene_changes(tmp_path: Path) -> None:
    levels = [40] * 10 + [200] * 10 + [205] * 10 + [40] * 10
    a_clip(tmp_path / "clips/a.mkv", range(0, 1600, 40), levels)

    assert times(listed(a_source(tmp_path, pick="scenes"))) == [0, 0.4, 1.2]
    assert times(listed(a_source(tmp_path, pick="scenes", every_s=1))) == [0, 1.0], "at most one a second"


@pytest.mark.slow
def test_clip_that_is_cut__gives_whole_frames_only_and_says_where_it_ends(tmp_path: Path) -> None:
    content = a_clip(tmp_path / "a.mkv", EVERY_40_MS).read_bytes()
    for tenth in range(10):
        cut = tmp_path / f"clips/cut{tenth}.mkv"
        cut.parent.mkdir(exist_ok=True)
        cut.write_bytes(content[: len(content) * tenth // 10])
    source = a_source(tmp_path)

    files = listed(source)

    said = {key: reason for key, reason, _ in troubles(source, files)}
    assert said == {"cut0.mkv": "unsupported_format"} | {f"cut{tenth}.mkv": "truncated" for tenth in range(1, 10)}
    counts = []
    for tenth in range(10):
        found = times([file for file in files if file.key.startswith(f"cut{tenth}.mkv#")])
        assert found == [ms / 1000 for ms in EVERY_40_MS][: len(found)]
        counts.append(len(found))
    assert counts == sorted(counts)
    assert counts[-1] >= 40


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.mkv", "a.avi", "a.mp4"])
def test_frames_of_a_cut_clip__are_those_of_the_whole_one(tmp_path: Path, name: str) -> None:
    content = a_clip(tmp_path / "whole" / name, EVERY_40_MS).read_bytes()
    whole = a_source(tmp_path, path="whole", frame_format="png")
    of_whole = frames(whole, listed(whole))
    for tenth in range(1, 10):
        cut = tmp_path / f"cut{tenth}/clips" / name
        cut.parent.mkdir(parents=True)
        cut.write_bytes(content[: len(content) * tenth // 10])
        source = a_source(tmp_path / f"cut{tenth}", frame_format="png")
        files = listed(source)

        assert json.loads(files[-1].note or "")["reason"] == "truncated"
        found = frames(source, files[:-1])
        assert all(np.array_equal(one, other) for one, other in zip(found, of_whole, strict=False))


def test_damaged_middle__loses_frames_up_to_the_next_key_frame_and_says_so(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "clips/a.ts", EVERY_40_MS, codec="libx264")
    content = bytearray(clip.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = b"\xff" * 400
    clip.write_bytes(content)

    files = listed(a_source(tmp_path))

    assert 20 <= len(times(files)) < 50
    assert times(files)[-1] == 1.96
    assert set(times(files)) <= {ms / 1000 for ms in EVERY_40_MS}
    assert json.loads(files[-1].note or "")["reason"] == "corrupt"


def test_lying_headers__change_neither_count_nor_times(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "clips/a.avi", EVERY_40_MS)
    content = bytearray(clip.read_bytes())
    header = content.index(b"avih") + 8
    content[header + 16 : header + 20] = (1_000_000).to_bytes(4, "little")
    clip.write_bytes(content)
    a_clip(tmp_path / "clips/b.mp4", EVERY_40_MS)
    lying = bytearray((tmp_path / "clips/b.mp4").read_bytes())
    for name in (b"mvhd", b"tkhd", b"mdhd"):
        at = lying.index(name) + (24 if name == b"tkhd" else 20)
        lying[at : at + 4] = (0x0FFFFFFF).to_bytes(4, "big")
    (tmp_path / "clips/b.mp4").write_bytes(lying)

    found = listed(a_source(tmp_path))

    for name in ("a.avi", "b.mp4"):
        assert times([file for file in found if file.key.startswith(name)]) == pytest.approx(
            [ms / 1000 for ms in EVERY_40_MS], abs=0.001
        )


def test_playlists_and_references__are_refused_and_nothing_is_asked_for(tmp_path: Path, canary: SmallSite) -> None:
    url = f"{canary.url}/canary.ts"
    bodies = {
        "hls.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n".encode(),
        "concat.mp4": f"ffconcat version 1.0\nfile '{url}'\n".encode(),
        "dash.mp4": f'<?xml version="1.0"?><MPD><BaseURL>{url}</BaseURL></MPD>'.encode(),
        "sdp.mp4": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
        "behind.mp4": b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00isom" + f"\n#EXTM3U\n#EXTINF:1,\n{url}\n".encode(),
        "behind.mkv": bytes.fromhex("1a45dfa3") + f"#EXTM3U\n#EXTINF:1,\n{url}\n".encode(),
        "text.avi": b"RIFF\xff\x00\x00\x00AVI " + url.encode(),
        "reference.mov": _a_reference(url),
    }
    for name, body in bodies.items():
        (tmp_path / "clips" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "clips" / name).write_bytes(body)
    source = a_source(tmp_path)

    files = listed(source)

    said = troubles(source, files)
    assert [file.key for file in files] == sorted(bodies)
    assert sorted(key for key, _, _ in said) == sorted(bodies)
    assert {reason for _, reason, _ in said} <= {"unsupported_format", "corrupt", "truncated"}
    assert canary.asked == []


def _a_reference(url: str) -> bytes:
    """A QuickTime file that only names another place."""

    def box(name: bytes, content: bytes) -> bytes:
        return (8 + len(content)).to_bytes(4, "big") + name + content

    reference = b"\x00" * 4 + b"url " + (len(url) + 1).to_bytes(4, "big") + url.encode() + b"\x00"
    return box(b"ftyp", b"qt  \x00\x00\x00\x00qt  ") + box(b"moov", box(b"rmra", box(b"rmda", box(b"rdrf", reference))))


def test_file_of_another_kind_or_without_a_video__is_refused(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips/notes.txt").write_text("notes")
    (tmp_path / "clips/empty.mp4").write_bytes(b"")

    said = troubles(source := a_source(tmp_path), listed(source))

    assert [(key, reason) for key, reason, _ in said] == [("empty.mp4", "unsupported_format"), ("notes.txt", "unsupported_format")]


def test_known_clip__is_not_opened_again_until_it_or_the_settings_change(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "clips/a.mkv", EVERY_40_MS)
    (tmp_path / "clips/b.mkv").write_bytes(b"no clip")
    known = {(file.key, file.object_version) for file in listed(a_source(tmp_path))}

    def again(**settings: Any) -> list[str]:
        source = a_source(tmp_path, **settings)
        source.skip_known(lambda files: [(file.key, file.object_version) in known for file in files])
        return [file.key for file in source.list_files()]

    assert again() == []
    assert len(again(every_s=1)) == 3
    os.utime(clip, (1_800_000_000, 1_800_000_000))
    assert len(again()) == 50


def test_metadata__tells_clip_time_in_it_and_time_of_recording(tmp_path: Path) -> None:
    a_clip(tmp_path / "clips/line 7/a.mp4", EVERY_40_MS, creation_time="2026-11-20T10:00:00.000000Z")
    os.utime(tmp_path / "clips/line 7/a.mp4", (1_800_000_000, 1_800_000_000))
    source = a_source(tmp_path, every_s=1, key_pattern="^(?P<site>[^/]+)/")
    files = listed(source)
    source.take_back({file.key: file.note for file in files})

    found = source.metadata(files[1].key)

    assert (found.clip, found.site, found.clip_time_s) == ("line 7/a.mp4", "line 7", 1.0)
    assert found.captured_at == datetime(2026, 11, 20, 10, 0, 1, tzinfo=timezone.utc)
    assert files[1].modified_at == datetime.fromtimestamp(1_800_000_001, timezone.utc)


def test_frames__beyond_the_limit_are_said(tmp_path: Path) -> None:
    a_clip(tmp_path / "clips/a.mkv", EVERY_40_MS)
    source = a_source(tmp_path, max_frames_a_clip=10)

    assert len(listed(source)) == 10
    assert [(one.key, one.reason) for one in source.left_out()] == [("a.mkv: frames after 0.360 s", "beyond_limit")]


def test_frames__show_the_clip_and_png_is_one_without_loss(tmp_path: Path) -> None:
    a_clip(tmp_path / "clips/a.mkv", [0, 40], levels=[40, 200])

    for frame_format in ("jpeg", "png"):
        first, second = frames(source := a_source(tmp_path, frame_format=frame_format), listed(source))
        assert first.shape == (48, 64, 3)
        assert [float(one[30:, 30:].mean()) for one in (first, second)] == pytest.approx([40, 200], abs=8)
        assert [float(one[:8, :8].mean()) for one in (first, second)] == pytest.approx([215, 55], abs=8), "which way is up"


def test_clip_that_changes__is_left_to_the_next_night(tmp_path: Path) -> None:
    clip = a_clip(tmp_path / "clips/a.mkv", EVERY_40_MS)
    source = a_source(tmp_path, every_s=1)
    files = listed(source)
    os.utime(clip, (1_800_000_000, 1_800_000_000))

    assert [reason for _, reason, _ in troubles(source, files)] == ["changed_while_reading"] * 2
    clip.unlink()
    assert [reason for _, reason, _ in troubles(source, files)] == ["vanished"] * 2


def test_clip_that_is_being_written__waits(tmp_path: Path) -> None:
    a_clip(tmp_path / "clips/a.mkv", EVERY_40_MS)
    source = a_source(tmp_path, settle_s=60)

    (file,) = listed(source)

    assert file.key == "a.mkv"
    assert source.why_waiting(file, None, datetime.now(timezone.utc)) == "young"


def test_limit_of_time__keeps_what_came_before_it(tmp_path: Path) -> None:
    a_clip(tmp_path / "clips/a.mkv", EVERY_40_MS)
    source = a_source(tmp_path, max_clip_s=0.001)

    said = troubles(source, listed(source))

    assert [(key, reason) for key, reason, _ in said] == [("a.mkv", "took_too_long")]


def test_project__must_keep_clips_together(tmp_path: Path) -> None:
    text = Path(__file__).parents[3].joinpath("dags/projects/parts.yaml").read_text()
    import yaml

    project = yaml.safe_load(text)
    project["sources"] = [{"name": "clips", "kind": "video", "path": "clips"}]
    project["duplicates"] = {**project.get("duplicates", {}), "split_group_keys": []}
    (tmp_path / "parts.yaml").write_text(json.dumps(project))

    with pytest.raises(
        SettingsError, match="source clips gives several images of one clip, which must not straddle splits; add 'clip'"
    ):
        load_project(tmp_path / "parts.yaml")
    project["duplicates"]["split_group_keys"] = ["clip"]
    (tmp_path / "parts.yaml").write_text(json.dumps(project))
    assert open_source(load_project(tmp_path / "parts.yaml").sources[0], tmp_path).name == "clips"
