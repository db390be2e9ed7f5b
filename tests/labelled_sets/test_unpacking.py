"""Tests of sets in archives and in IDX files, which are unpacked before they are read."""

from __future__ import annotations

import gzip
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from given_formats import a_text
from given_sets import a_coco_set, the_set
from PIL import Image

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.registry import kind_of_version
from pipeline_tasks.labelled_sets.reading import ReadSet, read_set
from pipeline_tasks.labelled_sets.set_names import name_of_place
from pipeline_tasks.labelled_sets.unpacking import forget_unpacked, unpacked

BOLT = ("bolt", 1.5, 2, 10, 12)
DIGITS = tuple(map(str, range(10)))


def idx(values: np.ndarray, said: tuple[int, ...] | None = None) -> bytes:
    """An IDX file of bytes; its header may say other sides."""
    sides = said or values.shape
    return bytes((0, 0, 8, len(sides))) + struct.pack(f">{len(sides)}I", *sides) + values.tobytes()


def an_idx_set(folder: Path, prefix: str = "train", count: int = 12, ending: str = ".gz") -> np.ndarray:
    """Write images of noise with the labels 0 to 9."""
    folder.mkdir(parents=True, exist_ok=True)
    images = np.random.default_rng(count).integers(0, 256, (count, 28, 28), np.uint8)
    packed = gzip.compress if ending else bytes
    (folder / f"{prefix}-images-idx3-ubyte{ending}").write_bytes(packed(idx(images)))
    (folder / f"{prefix}-labels-idx1-ubyte{ending}").write_bytes(packed(idx(np.arange(count, dtype=np.uint8) % 10)))
    return images


def read_digits(folder: Path, space: Path) -> ReadSet:
    return read_set(the_set(folder, splitting="keep"), kind_of_version("class", DIGITS), space)


def test_archive_of_a_set__is_read_like_its_folder(tmp_path: Path) -> None:
    a_coco_set(tmp_path / "theirs", {"train/a.png": [BOLT], "val/b.png": []})
    a_text(tmp_path / "theirs" / "LICENSE", "CC0")
    kind = kind_of_version("box", ("bolt",))
    from_folder = read_set(the_set(tmp_path / "theirs"), kind, tmp_path / "none")
    with zipfile.ZipFile(tmp_path / "theirs.zip", "w") as archive:
        for path in sorted(one for one in (tmp_path / "theirs").rglob("*") if one.is_file()):
            archive.write(path, path.relative_to(tmp_path / "theirs"))
    with tarfile.open(tmp_path / "theirs.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "theirs", ".")

    for name in ("theirs.zip", "theirs.tar.gz"):
        before = (tmp_path / name).read_bytes()
        found = read_set(the_set(tmp_path / name), kind, tmp_path / "space" / name)
        assert found.images.equals(from_folder.images)
        assert found.objects.equals(from_folder.objects)
        assert found.licence == from_folder.licence
        assert found.folder.is_relative_to(tmp_path / "space")
        assert (tmp_path / name).read_bytes() == before
    assert not (tmp_path / "none").exists()


def test_set_that_was_unpacked__is_not_unpacked_again_and_is_removed_in_the_end(tmp_path: Path) -> None:
    an_idx_set(tmp_path / "digits")
    wanted = the_set(tmp_path / "digits")
    folder = unpacked(wanted, tmp_path / "space")
    times = {path: path.stat().st_ino for path in folder.rglob("*")}

    assert unpacked(wanted, tmp_path / "space") == folder
    assert {path: path.stat().st_ino for path in folder.rglob("*")} == times
    forget_unpacked(tmp_path / "space")
    assert not list((tmp_path / "space").iterdir())


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_files__become_images_with_labels_and_splits(ending: str, tmp_path: Path) -> None:
    images = an_idx_set(tmp_path / "MNIST" / "raw", ending=ending)
    an_idx_set(tmp_path / "MNIST" / "raw", "t10k", 5, ending)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    found = read_digits(tmp_path / "MNIST", tmp_path / "space")

    assert found.read.format_name == "MNIST IDX"
    assert found.images.select("key", "split").rows()[:2] == [("test/0000000.png", "test"), ("test/0000001.png", "test")]
    assert found.images["split"].cast(str).value_counts(sort=True).rows() == [("train", 12), ("test", 5)]
    labels = dict(found.objects.select("key", "class_name").iter_rows())
    assert [labels[f"train/{number:07d}.png"] for number in range(12)] == [str(number % 10) for number in range(12)]
    with Image.open(found.folder / "train" / "0000003.png") as image:
        assert np.array_equal(np.asarray(image), images[3])
    assert {path: path.read_bytes() for path in before} == before


def test_idx_files__that_are_there_packed_and_unpacked_are_one(tmp_path: Path) -> None:
    an_idx_set(tmp_path / "digits", ending="")
    an_idx_set(tmp_path / "digits", ending=".gz")

    assert read_digits(tmp_path / "digits", tmp_path / "space").images.height == 12


GOOD = np.zeros((3, 4, 4), np.uint8)
HOSTILE = {
    "billions of images": (idx(GOOD, (2**32 - 1, 4, 4)), "a header of 4294967295 x 4 x 4 values"),
    "larger images than bytes": (idx(GOOD, (3, 5, 4)), "its end too early"),
    "fewer images than bytes": (idx(GOOD, (2, 4, 4)), "2 images and 3 labels"),
    "images of no width": (idx(GOOD, (3, 4, 0)), "a header of 3 x 4 x 0 values"),
    "images of billions of pixels": (idx(GOOD, (3, 2**31, 2**31)), "a header of 3 x"),
    "five sides": (bytes((0, 0, 8, 5)) + bytes(20), "the first bytes 00000805"),
    "no sides": (bytes((0, 0, 8, 0)), "the first bytes 00000800"),
    "sides that end early": (bytes((0, 0, 8, 3, 0, 0)), "its end too early"),
    "numbers of another type": (bytes((0, 0, 0x0D, 3)) + idx(GOOD)[4:], "the first bytes 00000d03"),
    "text": (b"no IDX file at all", "the first bytes"),
    "no bytes": (b"", "its end too early"),
    "images of two colours": (idx(np.zeros((3, 4, 4, 2), np.uint8)), "wanted grey or RGB images"),
    "values without sides": (idx(np.zeros(3, np.uint8)), "wanted grey or RGB images"),
    "a value too many": (idx(GOOD) + b"\0", "more values"),
}


@pytest.mark.parametrize("case", list(HOSTILE))
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_hostile_idx_file__is_refused_with_its_name_and_leaves_nothing(case: str, ending: str, tmp_path: Path) -> None:
    content, says = HOSTILE[case]
    folder, packed = tmp_path / "digits", gzip.compress if ending else bytes
    folder.mkdir()
    (folder / f"train-images-idx3-ubyte{ending}").write_bytes(packed(content))
    (folder / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(3, np.uint8)))

    with pytest.raises(SettingsError, match=f"train-images-idx3-ubyte.*({says})"):
        read_digits(folder, tmp_path / "space")
    assert not list((tmp_path / "space").rglob("*.png"))


def test_hostile_idx_files__of_other_faults_are_refused(tmp_path: Path) -> None:
    an_idx_set(tmp_path / "torn")
    path = tmp_path / "torn" / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(SettingsError, match=r"train-images-idx3-ubyte.gz.*damaged file"):
        read_digits(tmp_path / "torn", tmp_path / "space")

    an_idx_set(tmp_path / "alone")
    (tmp_path / "alone" / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(SettingsError, match=r"train-images-idx3-ubyte.gz: wanted a file train-labels-idx1-ubyte beside it"):
        read_digits(tmp_path / "alone", tmp_path / "space")

    zeros = gzip.compress(idx(np.zeros((110_000, 28, 28), np.uint8)))
    an_idx_set(tmp_path / "bomb")
    (tmp_path / "bomb" / "train-images-idx3-ubyte.gz").write_bytes(zeros)
    with pytest.raises(SettingsError, match="a header of 110000 x 28 x 28 values"):
        read_digits(tmp_path / "bomb", tmp_path / "space")


@pytest.mark.parametrize(
    ("place", "name"),
    [("/data/Tiles v1.2.zip", "tiles_v1_2"), ("/data/tiles.tar.gz", "tiles"), ("/data/2024.tgz", "set_2024"), ("/a/b/c.json", "b")],
)
def test_name_of_a_set__is_that_of_its_archive_or_folder(place: str, name: str) -> None:
    assert name_of_place(Path(place)) == name
