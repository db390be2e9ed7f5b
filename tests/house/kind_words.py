"""Words that only a label kind may say, and the rooms that still say them, each with its number of lines and the reason."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORDS = re.compile(r"class_name|probabilit|balanced_accuracy")
FREE = {"kinds", "tables", "settings"}
"""`tables` and `settings` keep persisted names."""

STILL: dict[str, tuple[int, str]] = {
    "commands": (20, "they read the column class_name of a manifest, for people"),
    "datasets": (20, "the same column, beside what the kind digests"),
    "intervals": (2, "words in a docstring"),
    "lineage": (13, "lineages name the class of a label and of a prediction"),
    "records": (10, "fields of summaries: they change with an upgrade"),
    "selection": (137, "a library of numbers: N x C columns with their names, which a kind's scorer fills"),
    "serving": (4, "the pointer's field class_names, and a counter's label"),
    "stages": (26, "fields of summaries, and the call of selection"),
    "storage": (10, "the pointer's and the version index's field class_names"),
}
"""Room → lines that are allowed, and why they are there. A number may only fall."""


def lines_with_words() -> dict[str, int]:
    """Room of pipeline_tasks → lines with one of the words."""
    found: Counter[str] = Counter()
    for path in sorted((ROOT / "pipeline_tasks").rglob("*.py")):
        room = path.relative_to(ROOT / "pipeline_tasks").parts[0]
        found[room] += sum(bool(WORDS.search(line)) for line in path.read_text().splitlines())
    return {room: count for room, count in found.items() if count and room not in FREE}
