"""Tests of the Blender example without Blender: reading a gap file, and writing boxes that the reader of COCO reads back."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import given
import pytest
from given_formats import an_image, boxes_of, read

from pipeline_tasks.datasets.requirements import gap_file
from pipeline_tasks.records.requirement import Requirement


@pytest.fixture(scope="module")
def example() -> ModuleType:
    path = Path(__file__).parents[2] / "docs" / "examples" / "render_parts.py"
    spec = importlib.util.spec_from_file_location("render_parts", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_example__renders_what_a_gap_file_lacks(example: ModuleType) -> None:
    project = given.a_project(requirements={"images": 9})
    wanted = (Requirement("class", "nut", 5, 2, None), Requirement("class", "crack", 5, 2, None), Requirement("site", "x", 5, 0, 1))

    assert example.wanted(json.loads(gap_file(project, wanted))) == {"nut": 3}
    with pytest.raises(SystemExit, match="wanted a file with format"):
        example.wanted({"format": "something else"})


def test_example__writes_boxes_that_are_read_back(example: ModuleType, tmp_path: Path) -> None:
    an_image(tmp_path / "nut" / "0.png", (example.SIDE_PX, example.SIDE_PX))
    (tmp_path / "annotations.json").write_text(json.dumps(example.coco({"nut/0.png": (10.0, 20.5, 100.0, 50.0)})))

    found = read(tmp_path)

    assert (found.format_name, found.class_names) == ("COCO", ("bolt", "nut", "washer"))
    assert boxes_of(found, "0.png") == [("nut", 10, 20.5, 100, 50)]
