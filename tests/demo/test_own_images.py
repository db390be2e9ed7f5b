"""Tests of projects from a folder with images of one's own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from given_formats import a_coco, an_image

from demo.errors import DemoError
from demo.inbox import EXAMPLE, SEED, open_inbox
from demo.own_images import FORMATS_WORDS, copy_night, find_own_images, project_name, write_project_file
from demo.truth import ObjectTruth, read_truth
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import DuplicateSettings, load_project
from pipeline_tasks.sources.folder import FolderSettings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three cats, two dogs, an empty class and a hidden folder."""
    for name in ("cat/a.jpg", "cat/b.JPG", "cat/deep/c.png", "dog/a.jpg", "dog/d.jpeg", ".hidden/x.jpg", "cat/.DS_Store"):
        path = tmp_path / "pets" / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    (tmp_path / "pets" / "images" / "bird").mkdir()
    return tmp_path / "pets" / "images"


def test_find_own_images__takes_class_folders_that_hold_files(folder: Path) -> None:
    own = find_own_images(folder, SEED)

    assert own.classes == ("cat", "dog")
    assert own.project == "own_pets"
    assert (len(own.night(1)), len(own.night(2))) == (3, 2)
    assert own == find_own_images(folder, SEED)


@pytest.mark.parametrize(
    ("folder", "name"),
    [("/data/My Cats", "own_my_cats"), ("/x/tiles/images", "own_tiles"), ("/42", "own_42"), ("/", "own_images")],
)
def test_project_name__fits_the_settings(folder: str, name: str) -> None:
    assert project_name(Path(folder)) == name


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """Four images with boxes of COCO: two objects, one of a class of its own, none, and one without a size."""
    entries = [(1, "nut", [2, 3, 10, 12]), (1, "bolt", [20, 3, 9, 12]), (2, "nut", [0, 0, 40, 30]), (4, "nut", [1, 1, 0, 5])]
    names = {1: "nut", 2: "bolt", 3: "washer"}
    numbers = {name: number for number, name in names.items()}
    for number in (1, 2, 3, 4):
        an_image(tmp_path / "shelf" / f"{number}.png", (40, 30), shade=50 * number)
    listed = [{"id": number, "file_name": f"{number}.png", "width": 40, "height": 30} for number in (1, 2, 3, 4)]
    told = [{"image_id": image, "category_id": numbers[name], "bbox": bbox} for image, name, bbox in entries]
    a_coco(tmp_path / "shelf" / "coco.json", listed, told, names)
    return tmp_path / "shelf"


def test_find_own_images__takes_objects_and_says_what_was_left_out(drawn: Path) -> None:
    own = find_own_images(drawn, SEED)

    assert (own.label_kind, own.project, own.classes) == ("box", "own_shelf_box", ("nut", "bolt"))
    assert {path.name: len(shown.objects) for path, shown in own.files} == {"1.png": 2, "2.png": 1, "3.png": 0, "4.png": 0}
    assert {shown.size_px for _, shown in own.files} == {(40, 30)}
    assert own.lines == (
        "COCO: 4 images with 3 objects (2 nut, 1 bolt, 0 washer); nothing is there in 2",
        "left out: 1 × object without a width or a height; the first: coco.json: annotations[3]",
        "not asked for, because no image shows one: washer",
    )
    assert find_own_images(drawn / "coco.json", SEED).files == own.files


def test_open_inbox__makes_a_project_of_boxes_whose_truth_people_draw(drawn: Path, tmp_path: Path) -> None:
    told: list[str] = []
    inbox = open_inbox(tmp_path, drawn, 600, say=told.append)
    inbox.fill(1, lambda done, total: None)
    inbox.fill(2, lambda done, total: None)

    project, truth = load_project(tmp_path / "projects" / "own_shelf_box.yaml"), read_truth(inbox.truth_file)
    assert (project.label_kind, project.classes, project.serving.min_confidence) == ("box", ("nut", "bolt"), 0)
    shown = truth.images[hashlib.sha256((drawn / "1.png").read_bytes()).hexdigest()]
    assert (len(truth.images), shown.objects[0]) == (4, ObjectTruth("nut", 2, 3, 10, 12))
    assert inbox.an_image().read_bytes() == (drawn / "1.png").read_bytes()
    assert told[0].startswith("COCO: 4 images")


def test_find_own_images__refuses_a_kind_that_the_folder_does_not_hold(drawn: Path, folder: Path) -> None:
    with pytest.raises(SettingsError, match="wanted labels of the kind mask, found COCO with the label kinds box"):
        find_own_images(drawn, SEED, "mask")
    with pytest.raises(DemoError, match=f"wanted labels of the kind box, found {FORMATS_WORDS} nowhere in it"):
        find_own_images(folder, SEED, "box")


def test_find_own_images__refuses_folders_of_splits_as_classes(tmp_path: Path) -> None:
    for name in ("train/cat/a.jpg", "train/dog/a.jpg", "test/cat/b.jpg"):
        an_image(tmp_path / name)

    with pytest.raises(DemoError, match=r"found the folders test, train, .*; name the one that holds class folders"):
        find_own_images(tmp_path, SEED)
    assert find_own_images(tmp_path / "train", SEED).classes == ("cat", "dog")


def test_copy_night__gives_neutral_names_and_writes_classes_only_into_the_truth(folder: Path, tmp_path: Path) -> None:
    own, inbox, truth_file = find_own_images(folder, SEED), tmp_path / "inbox" / "own_pets", tmp_path / "truth.json"

    names = [copy_night(own, night, inbox, truth_file) for night in (1, 2)]

    assert names[0] == sorted(names[0])
    assert [name.split(".")[0] for night in names for name in night] == ["000001", "000002", "000003", "000004", "000005"]
    truth = read_truth(truth_file)
    for path in inbox.iterdir():
        content = path.read_bytes()
        assert truth.images[hashlib.sha256(content).hexdigest()].class_name == content.decode().split("/")[0]
    assert truth.classes == ("cat", "dog")


def test_write_project_file__makes_a_project_that_loads_with_the_default_thresholds(folder: Path, tmp_path: Path) -> None:
    project = load_project(write_project_file(find_own_images(folder, SEED), EXAMPLE, tmp_path, SEED))

    assert project.classes == ("cat", "dog")
    assert isinstance(project.sources[0], FolderSettings)
    assert project.sources[0].path == "inbox/own_pets"
    assert project.sources[0].key_pattern is None
    assert project.duplicates == DuplicateSettings()


def test_open_inbox__fills_nights_of_a_folder(folder: Path, tmp_path: Path) -> None:
    inbox, told = open_inbox(tmp_path, folder, 600), list[tuple[int, int]]()
    inbox.fill(1, lambda done, total: told.append((done, total)))

    assert told == [(3, 3)]
    assert len(list(inbox.folder.iterdir())) == 3


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_find_own_images__says_what_is_missing(folder: str, tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="wanted"):
        find_own_images(tmp_path / folder, SEED)
