"""Tests of masks beside images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from given_formats import a_mask_image, a_text, an_image, counts, masks_of, read
from PIL import Image

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.reading import read_folder
from pipeline_tasks.geometry.run_lengths import decode, encode


def values(*regions: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    """A mask of 40 x 30 pixels with values in rows of full width."""
    mask = np.zeros((30, 40), np.uint8)
    for first, last, value in regions:
        mask[first:last] = value
    return mask


def rows(first: int, last: int) -> str:
    """Run lengths of rows of full width."""
    return encode(values((first, last, 1)) > 0)


def test_binary_masks__have_the_class_of_their_folder(tmp_path: Path) -> None:
    for name in ("crack", "hole"):
        an_image(tmp_path / "images" / name / "a.jpg")
        a_mask_image(tmp_path / "masks" / name / "a.png", values((2, 5, 255)))
    an_image(tmp_path / "images" / "hole" / "b.jpg")
    a_mask_image(tmp_path / "masks" / "hole" / "b.png", values())
    an_image(tmp_path / "images" / "hole" / "c.jpg")

    found = read(tmp_path)

    assert (found.label_kind, found.class_names) == ("mask", ("crack", "hole"))
    assert [[(one.class_name, one.rle) for one in image.objects] for image in found.images] == [
        [("crack", rows(2, 5))],
        [("hole", rows(2, 5))],
        [],
    ]
    assert list(counts(found).values()) == [1], "an image without a mask is not empty, but unknown"


def test_shades__at_the_edges_of_binary_masks_are_decided_at_the_half(tmp_path: Path) -> None:
    an_image(tmp_path / "a.jpg")
    a_mask_image(tmp_path / "a_mask.png", np.tile(np.linspace(0, 255, 40).astype(np.uint8), (30, 1)))

    found = read(tmp_path)

    (mask,) = masks_of(found, "a.jpg")
    assert (mask.class_name, decode(mask.rle, (40, 30))[0].tolist()) == ("object", [False] * 20 + [True] * 20)
    assert "40 shades" in found.notes[0] or "39 shades" in found.notes[0]


def test_values__have_the_names_of_the_list_and_255_is_of_no_class(tmp_path: Path) -> None:
    an_image(tmp_path / "images" / "a.jpg")
    a_mask_image(tmp_path / "masks" / "a.png", values((0, 3, 1), (5, 9, 2), (9, 10, 255)))
    a_text(tmp_path / "classes.txt", "background\nnut\nbolt\n")

    assert [(one.class_name, one.rle) for one in masks_of(read(tmp_path), "a.jpg")] == [("bolt", rows(5, 9)), ("nut", rows(0, 3))]
    a_text(tmp_path / "classes.txt", "nut\nbolt\n")
    assert [one.class_name for one in masks_of(read(tmp_path), "a.jpg")] == ["bolt", "nut"]
    a_text(tmp_path / "classes.txt", "background\nnut\n")
    with pytest.raises(SettingsError, match=r"masks/a.png: wanted one of the values that classes.txt names .*found the value 2"):
        read_folder(tmp_path)


def test_values__without_a_list_are_numbered_or_named_as_in_pascal_voc(tmp_path: Path) -> None:
    an_image(tmp_path / "JPEGImages" / "a.jpg")
    a_mask_image(tmp_path / "masks" / "a.png", values((0, 3, 1), (5, 9, 15)))
    assert read(tmp_path).class_names == ("class_1", "class_15")

    (tmp_path / "SegmentationClass").mkdir()
    indexed = Image.fromarray(values((0, 3, 1), (5, 9, 15), (9, 10, 255))).convert("P")
    indexed.putpalette([7 * number % 256 for number in range(768)])
    indexed.save(tmp_path / "SegmentationClass" / "a.png")
    (tmp_path / "masks" / "a.png").unlink()
    assert read(tmp_path).class_names == ("aeroplane", "person")


def test_colours__have_the_names_of_the_label_map(tmp_path: Path) -> None:
    an_image(tmp_path / "images" / "a.jpg")
    colours = np.zeros((30, 40, 3), np.uint8)
    colours[3:7] = (250, 50, 83)
    a_mask_image(tmp_path / "masks" / "a.png", colours)
    assert read(tmp_path).class_names == ("colour_fa3253",)

    a_text(tmp_path / "labelmap.txt", "# label:color_rgb:parts:actions\nbackground:0,0,0::\nnut:250,50,83::\n")
    assert [(one.class_name, one.rle) for one in masks_of(read(tmp_path), "a.jpg")] == [("nut", rows(3, 7))]
    a_text(tmp_path / "labelmap.txt", "background:0,0,0::\nnut:1,2,3::\n")
    with pytest.raises(SettingsError, match="found the colour fa3253"):
        read_folder(tmp_path)


def test_mask_of_stored_pixels__is_turned_and_one_of_another_size_left_out(tmp_path: Path) -> None:
    an_image(tmp_path / "images" / "a.jpg", (40, 30), orientation=6)
    an_image(tmp_path / "images" / "b.jpg", (20, 20))
    for name in ("a", "b"):
        a_mask_image(tmp_path / "masks" / f"{name}.png", values((0, 3, 255)))

    found = read(tmp_path)

    (mask,) = masks_of(found, "a.jpg")
    assert (mask.size_px, mask.box_px) == ((30, 40), (27, 0, 3, 40))
    assert counts(found) == {reasons.OTHER_SIZE: 1}


def test_masks_of_one_class__may_be_jpegs_in_folders_named_by_their_split(tmp_path: Path) -> None:
    for split in ("train", "test"):
        an_image(tmp_path / f"{split}_images" / "a.jpg")
        a_mask_image(tmp_path / f"{split}_masks" / "a.jpg", np.where(values((8, 16, 1)) > 0, 255, 0).astype(np.uint8))

    found = read(tmp_path)

    assert [[(one.class_name, one.rle) for one in image.objects] for image in found.images] == [[("object", rows(8, 16))]] * 2


def test_class_folders__are_no_masks_even_if_a_class_is_named_after_masks(tmp_path: Path) -> None:
    for name in ("with_mask/a.png", "without_mask/a.png", "with_mask/b.jpg", "with_mask/b.png"):
        an_image(tmp_path / name)

    assert read_folder(tmp_path) is None
