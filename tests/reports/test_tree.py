from __future__ import annotations

from typing import Any

from pipeline_tasks.reports.tree import Node, as_json, as_text, shortened

ID = "0123456789abcdef" * 4
TREE = Node(
    "image",
    ID,
    "new",
    {"image_id": ID},
    (Node("label", "bolt", "two\nlines", children=(Node("annotation", "1-5"),)), Node("measurements", "", "dark")),
)


def test_as_text__draws_a_tree_of_single_lines_with_short_ids() -> None:
    expected = ["image 0123456789ab: new", "├─ label bolt: two lines", "│  └─ annotation 1-5", "└─ measurements: dark"]

    assert as_text(TREE) == "\n".join(expected) + "\n"


def test_as_json__keeps_ids_in_full() -> None:
    found: Any = as_json(TREE)

    assert found["name"] == found["fields"]["image_id"] == ID
    assert found["children"][0]["children"] == [{"kind": "annotation", "name": "1-5", "says": "", "fields": {}, "children": []}]


def test_shortened__keeps_texts_that_are_no_digest() -> None:
    assert shortened("inbox:a-very-long-name-of-a-file-that-is-no-digest.png").endswith(".png")
