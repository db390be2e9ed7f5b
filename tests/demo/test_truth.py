"""Tests of the truth file, which only the demo reads."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np

from demo.truth import Plant, Truth, describe, mask_of, read_truth, run_lengths, truth_path, write_truth

REPOSITORY = Path(__file__).parents[2]


def test_describe__boxes_the_mask() -> None:
    mask = np.zeros((4, 6), bool)
    mask[1:3, 2:5] = True

    shown = describe("nut", mask)

    assert shown.box_xywh == (2, 1, 3, 2)
    assert shown.mask == {"height": 4, "width": 6, "runs": [8, 3, 3, 3, 7]}


def test_describe__a_hidden_part_has_a_class_only() -> None:
    assert describe("nut", np.zeros((2, 2), bool)).box_xywh is None


def test_run_lengths__can_be_decoded_also_if_the_first_pixel_is_in_the_mask() -> None:
    mask = np.array([[True, True, False], [False, True, False]])

    assert run_lengths(mask) == [0, 2, 2, 1, 1]
    assert (mask_of(run_lengths(mask), 2, 3) == mask).all()


def test_truth__is_read_as_it_was_written_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = truth_path(tmp_path, "parts")
    truth = Truth("parts", ("nut", "gear"), {"a" * 64: describe("nut", np.ones((2, 2), bool))}, [Plant("cam1/1.jpg", "dark", None)])

    write_truth(path, truth)

    assert read_truth(path) == truth
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_truth__lies_outside_every_root_inbox_and_work_folder() -> None:
    parts = truth_path(Path("home"), "parts").parts

    assert parts == ("home", "demo", "truth", "parts.json")


def test_truth__no_code_of_the_pipeline_names_the_demo_or_its_folder() -> None:
    sources = [path for room in ("pipeline_tasks", "plugins", "dags") for path in (REPOSITORY / room).rglob("*.py")]

    telling = [
        path.name for path in sources if any(word in path.read_text() for word in ("demo/truth", "demo.truth", "import demo"))
    ]

    assert sources
    assert telling == []
