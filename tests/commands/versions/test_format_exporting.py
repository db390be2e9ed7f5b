"""Tests of exports to formats of other tools: canonical pixels, no metadata, and a folder that appears when it is whole."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from given import a_project, real_data
from given_exports import are_alike
from given_formats import read
from given_labelled_version import LabelledFile, a_labelled_version
from kinds.given_objects import DRAWN
from PIL import Image

from pipeline_tasks.__main__ import main
from pipeline_tasks.commands.versions.format_exporting import ABOUT, ExportWishes, FormatExport, as_text, export_to_format
from pipeline_tasks.commands.versions.progress import progress_bar
from pipeline_tasks.decoding.decode import decode
from pipeline_tasks.decoding.limits import Limits
from pipeline_tasks.decoding.plain_file import as_png
from pipeline_tasks.errors import CorruptObjectError, SettingsError
from pipeline_tasks.formats.writing.targets import TARGETS, target_for
from pipeline_tasks.geometry.turning import upright_size
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.version_history import VersionRecord, dataset_versions
from pipeline_tasks.wiring.projects import read_project
from pipeline_tasks.wiring.roots import open_store

BOXES = {"label_kind": "box", "classes": ["bolt", "nut"]}
PIXELS = np.random.default_rng(3).integers(0, 256, (30, 40, 3), np.uint8)


def a_file(orientation: int = 1, seed: int = 0, **saved: Any) -> bytes:
    """A JPEG with an orientation, a maker and a position."""
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112], exif[0x010F] = orientation, "a maker"
    exif.get_ifd(0x8825)[1] = "N"
    Image.fromarray(np.roll(PIXELS, seed, axis=1)).save(buffer, "JPEG", exif=exif, **saved)
    return buffer.getvalue()


def export(store: Store, folder: Path, format_name: str = "coco", *, has_source_names: bool = False) -> FormatExport:
    """Export the newest version."""
    wishes = ExportWishes(format_name, folder, has_source_names, "CC0")
    with progress_bar("export", io.StringIO()) as progress:
        return export_to_format(store, dataset_versions(store)[-1], wishes, progress)


def boxes(count: int) -> list[LabelledFile]:
    """Files with a box each, but for the last one, in which nothing is there."""
    return [LabelledFile(a_file(seed=at), [Box("nut", at, 2.5, 4, 5)] if at < count - 1 else []) for at in range(count)]


@pytest.mark.parametrize("format_name", ["coco", "yolo", "voc"])
def test_export__has_one_image_and_one_place_for_all_eight_orientations(format_name: str, store: Store, tmp_path: Path) -> None:
    files = [LabelledFile(a_file(turn), [Box("nut", 2, 3, 4, 5.5)], f"turn {turn}.jpg") for turn in range(1, 9)]
    a_labelled_version(store, files, **BOXES)

    said = export(store, tmp_path / "out", format_name, has_source_names=True)

    found = read(tmp_path / "out", "box")
    assert (said.images, said.plain_originals, said.encoded_as_png) == (8, 1, 7)
    assert not found.left_out
    assert not found.changed
    for image in found.images:
        turn, content = int(image.path.stem[-1]), image.path.read_bytes()
        with Image.open(image.path) as opened:
            assert opened.size == upright_size((40, 30), turn) == image.size_px
            assert not opened.getexif()
            assert np.array_equal(decode(a_file(turn), Limits()).pixels, np.array(opened.convert("RGB")))
        assert b"a maker" not in content
        assert are_alike(image.objects, [Box("nut", 2, 3, 4, 5.5)])


def test_export__of_real_photographs_carries_no_position(store: Store, tmp_path: Path) -> None:
    files = [
        LabelledFile(path.read_bytes(), [Box("nut", 1, 1, 9, 9)]) for path in sorted(real_data("hostile", "gps").glob("*.jpg"))[:3]
    ]
    a_labelled_version(store, files, **BOXES)

    export(store, tmp_path / "out")

    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len([path for path in written if path.suffix in (".jpg", ".png")]) == 3
    assert not [path for path in written for secret in (b"GPS", b"Exif", b"NIKON") if secret in path.read_bytes()]


@pytest.mark.parametrize("case", list(DRAWN))
def test_export__has_every_kind_in_each_format_that_holds_it(case: str, store: Store, tmp_path: Path) -> None:
    drawn = DRAWN[case]
    contents = [as_png(np.full((250, 360, 3), shade, np.uint8)) for shade in (1, 2, 3)]
    files = [LabelledFile(content, drawn.truth(at, 3), f"{at}.png") for at, content in enumerate(contents)]
    a_labelled_version(store, files, **drawn.settings)

    for target in TARGETS:
        if target.holds(drawn.label_kind) and (target.name, case) != ("voc", "mask, objects"):
            said = export(store, tmp_path / target.name, target.name)
            about = json.loads((tmp_path / target.name / ABOUT).read_text(encoding="utf-8"))
            assert (said.images, said.objects) == (3, sum(len(file.objects) for file in files))
            assert (about["dataset_id"], about["licence"]) == (said.dataset_id, "CC0")
            assert f"{said.objects} objects" in as_text(said)


def test_export__names_images_by_id_or_as_at_their_source_and_keeps_splits(store: Store, tmp_path: Path) -> None:
    files = [LabelledFile(a_file(seed=at), [], key) for at, key in enumerate(["a/x y.jpg", "b/x y.jpg", "../../größe.1.jpg"])]
    a_labelled_version(store, [*files, LabelledFile(a_file(seed=9), [Box("nut", 1, 1, 2, 2)])], **BOXES)

    by_id, by_source = export(store, tmp_path / "ids"), export(store, tmp_path / "names", has_source_names=True)

    assert by_id.images_by_split == by_source.images_by_split == {"test": 1, "train": 2, "val": 1}
    assert all(len(path.stem) == 16 for path in (tmp_path / "ids").rglob("*.jpg"))
    names = sorted(path.stem for path in (tmp_path / "names").rglob("*.jpg"))
    assert names[:2] == ["größe.1", "image"]
    assert names[2] == "x y"
    assert names[3].startswith("x y-")
    assert {path.parent.name for path in (tmp_path / "names").rglob("*.jpg")} == {"train", "val", "test"}


def test_export__writes_nothing_outside_its_folder(store: Store, tmp_path: Path) -> None:
    a_labelled_version(store, [LabelledFile(a_file(seed=7), [], "../../../escaped.jpg"), *boxes(2)], **BOXES)

    for target in ("coco", "yolo", "voc", "label-studio", "webdataset"):
        export(store, tmp_path / "deep" / target, target, has_source_names=True)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep"]
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["coco", "label-studio", "voc", "webdataset", "yolo"]


@pytest.mark.parametrize(
    ("format_name", "label_kind", "says"),
    [
        ("imagefolder", "box", r"labels of the kind box \(coco, yolo, voc, label-studio, webdataset\), found imagefolder"),
        ("coco", "class", r"labels of the kind class \(imagefolder, label-studio, webdataset\), found coco"),
        ("coco", "classes", r"\(label-studio, webdataset\), found coco"),
        ("voc", "keypoints", r"\(coco, label-studio, webdataset\), found voc"),
        ("yolo", "text", r"\(label-studio, webdataset\), found yolo"),
        ("imagefolder", "mine.kinds:Mine", r"\(label-studio, webdataset\), found imagefolder"),
    ],
)
def test_target_for__refuses_a_format_without_a_place_for_the_labels_with_those_that_have(
    format_name: str, label_kind: str, says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        target_for(format_name, label_kind)


def test_export__of_masks_that_share_pixels_is_refused_by_voc_and_leaves_nothing(store: Store, tmp_path: Path) -> None:
    drawn = DRAWN["mask, objects"]
    settings = drawn.settings | {"labels": {"regions": "semantic"}}
    files = [LabelledFile(as_png(np.full((250, 360, 3), at, np.uint8)), drawn.truth(at, 12)) for at in range(3)]
    a_labelled_version(store, files, **settings)

    with pytest.raises(SettingsError, match=r"wanted each pixel in one class, found .*\.png: .* share pixels; export to coco"):
        export(store, tmp_path / "out", "voc")
    assert list(tmp_path.iterdir()) == []


def test_export__of_single_objects_is_refused_by_voc(store: Store, tmp_path: Path) -> None:
    drawn = DRAWN["mask, objects"]
    a_labelled_version(store, [LabelledFile(as_png(np.zeros((250, 360, 3), np.uint8)), drawn.truth(1, 2))], **drawn.settings)

    with pytest.raises(SettingsError, match=r"wanted regions of classes .* export them to coco"):
        export(store, tmp_path / "out", "voc")


def test_export__refuses_a_folder_that_holds_something_and_takes_an_empty_one(store: Store, tmp_path: Path) -> None:
    a_labelled_version(store, boxes(3), **BOXES)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "empty").mkdir()

    with pytest.raises(SettingsError, match=r"wanted a new or empty folder, found 1 entries, the first 'a.txt'"):
        export(store, tmp_path / "mine")
    with pytest.raises(SettingsError, match=r"wanted a new folder, found a file or a link"):
        export(store, tmp_path / "link")
    export(store, tmp_path / "empty")
    with pytest.raises(SettingsError, match="choose another one"):
        export(store, tmp_path / "empty")
    assert (tmp_path / "mine" / "a.txt").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "link", "mine"]


def test_export__of_a_damaged_original_leaves_no_folder(store: Store, tmp_path: Path) -> None:
    a_labelled_version(store, boxes(4), **BOXES)
    key = next(iter(store.objects.list("files/")))
    store.objects.replace(key, b"rot", store.objects.read(key).etag)

    with pytest.raises(CorruptObjectError, match="wanted sha256"):
        export(store, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VersionRecord:
    """A version of 12 images of a project on disk."""
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NIGHTLENS_PROJECTS", str(tmp_path / "home" / "projects"))
    (tmp_path / "home" / "projects").mkdir(parents=True)
    (tmp_path / "home" / "projects" / "parts.yaml").write_text(yaml.safe_dump(a_project(**BOXES).model_dump(mode="json")))
    return a_labelled_version(open_store(read_project("parts")), boxes(12), **BOXES)


def test_command__exports_to_a_format(on_disk: VersionRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["versions", "export", on_disk.dataset_id[:8], "--project", "parts", "--format", "coco"]

    assert main([*words, "--to", str(tmp_path / "out"), "--licence", "CC BY 4.0"]) == 0

    assert "12 images (4 test, 4 train, 4 val) with 11 objects, nothing is there in 1" in capsys.readouterr().out
    assert main([*words, "--to", str(tmp_path / "out")]) == 1
    assert "wanted a new or empty folder" in capsys.readouterr().err
    assert main(words) == 1
    assert "wanted one folder, as `--to FOLDER`; found none" in capsys.readouterr().err
    assert main([*words[:-2], "--to", str(tmp_path / "b"), "--names", "source"]) == 1
    assert "--names and --licence are of an export with --format" in capsys.readouterr().err


_KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline_tasks.__main__ import main
from pipeline_tasks.formats.writing.coco import CocoWriter
add = CocoWriter.add
def kill(self, image):
    add(self, image)
    if image.number == 8:
        if sys.argv[3] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        Path(sys.argv[3]).touch()
        input()
CocoWriter.add = kill
main(["versions", "export", sys.argv[1], "--project", "parts", "--format", "coco", "--to", sys.argv[2]])
"""


@pytest.mark.slow
def test_export__that_was_killed_leaves_nothing_that_looks_whole_and_the_next_one_begins_again(
    on_disk: VersionRecord, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    killed = subprocess.run([sys.executable, "-c", _KILLED, on_disk.dataset_id, str(out), "kill"], check=False, env=os.environ)

    assert killed.returncode == -signal.SIGKILL
    assert not out.exists()
    left = tmp_path / "out.unfinished"
    assert "not finished" in (left / "UNFINISHED.txt").read_text()
    assert not (left / ABOUT).exists()
    assert main(["versions", "export", on_disk.dataset_id, "--project", "parts", "--format", "coco", "--to", str(out)]) == 0
    assert len(read(out, "box").images) == 12
    assert not left.exists()
    assert not (out / "UNFINISHED.txt").exists()


@pytest.mark.slow
def test_export__into_a_folder_that_another_one_writes_is_refused(
    on_disk: VersionRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, reached = tmp_path / "out", tmp_path / "reached"
    command = [sys.executable, "-c", _KILLED, on_disk.dataset_id, str(out), str(reached)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=os.environ) as first:
        while not reached.exists() and first.poll() is None:
            time.sleep(0.05)
        assert main(["versions", "export", on_disk.dataset_id, "--project", "parts", "--format", "coco", "--to", str(out)]) == 1
        assert "another export writes it" in capsys.readouterr().err
        first.communicate(b"\n")

    assert first.returncode == 0
    assert len(read(out, "box").images) == 12
