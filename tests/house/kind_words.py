"""Words that belong to label kinds, and the other packages that contain them, each with its number of lines and the reason."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORDS = re.compile(r"class_name|probabilit|balanced[_ ]accuracy|recall\b|majority", re.IGNORECASE)
FREE = {"augmentations", "kinds", "tables", "settings", "upgrades", "formats", "labelled_sets"}
"""`augmentations` has the probability of a change; `tables`, `settings` and `upgrades` keep persisted names; `formats` reads the
class names of other tools' files, and `labelled_sets` maps them to the project's."""

STILL: dict[str, tuple[int, str]] = {
    "records/dataset_version.py": (2, "the persisted name of a version's vocabulary, and the property that reads it"),
    "serving/metrics.py": (1, "a label of a Prometheus counter, which people's dashboards name"),
    "storage/blobs/serving_pointer.py": (4, "the persisted name of the champion's vocabulary, and the property that reads it"),
    "storage/objects/content_names.py": (1, "the persisted fields of a serving pointer from before seals"),
}
"""Module → lines that are allowed, and why they are there. A number may only fall."""


def lines_with_words() -> dict[str, int]:
    """Module of pipeline_tasks → lines with one of the words."""
    found: Counter[str] = Counter()
    for path in sorted((ROOT / "pipeline_tasks").rglob("*.py")):
        module = path.relative_to(ROOT / "pipeline_tasks")
        if module.parts[0] in FREE:
            continue
        found[str(module)] += sum(bool(WORDS.search(line)) for line in path.read_text().splitlines())
    return {module: count for module, count in found.items() if count}
