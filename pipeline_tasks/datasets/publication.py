"""Published form of a dataset version: paths of its images, labels as CSV, and a README."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]

ID_DIGITS = 16
"""Digits of an image_id in a file name; two images with the same digits keep their whole ids."""
LABEL_COLUMNS = (
    "path",
    "image_id",
    "split",
    "class_name",
    "label_kind",
    "label_digest",
    "labels_version",
    "votes",
    "agreement_ratio",
    "annotators",
    "width_px",
    "height_px",
    "orientation",
)
_EXTENSIONS = {"JPEG": ".jpg", "TIFF": ".tif"}


@dataclass(frozen=True)
class Described:
    """Content of a version's README."""

    project: str
    dataset_id: str
    label_kind: str
    class_names: Sequence[str]
    frozen_at: datetime
    is_canonical: bool


def image_paths(rows: Sequence[Row]) -> dict[str, str]:
    """image_id → `<split>/<class>/<id><extension>`; reads image_id, split, class_name, file_format."""
    shared = Counter(row["image_id"][:ID_DIGITS] for row in rows)
    paths = {}
    for row in rows:
        image_id = row["image_id"]
        name = image_id[:ID_DIGITS] if shared[image_id[:ID_DIGITS]] == 1 else image_id
        folders = [row["split"], *([folder_name(row["class_name"])] if row["class_name"] else [])]
        paths[image_id] = "/".join([*folders, name + extension(row["file_format"])])
    return paths


def extension(file_format: str) -> str:
    """The usual ending of a format's files."""
    return _EXTENSIONS.get(file_format, f".{file_format.lower()}")


def folder_name(class_name: str) -> str:
    """A class name as a folder name for any system: letters, digits, spaces and `-+.,()_` are kept, the rest is %XX of UTF-8."""
    safe = re.sub(r"[^\w\-+.,() ]", lambda found: _as_hex(found[0]), class_name)
    return re.sub(r"^\.|[. ]$", lambda found: _as_hex(found[0]), safe)


def labels_csv(rows: Sequence[Row], paths: Mapping[str, str]) -> str:
    """CSV with one line an image, sorted by path; `annotators` are pseudonyms joined by semicolons."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(LABEL_COLUMNS)
    for row in sorted(rows, key=lambda row: paths[row["image_id"]]):
        said = {**row, "path": paths[row["image_id"]], "annotators": ";".join(row["annotators"] or [])}
        writer.writerow(["" if said[name] is None else said[name] for name in LABEL_COLUMNS])
    return text.getvalue()


def read_me(described: Described, rows: Sequence[Row]) -> str:
    """README of a version."""
    by_split = Counter(row["split"] for row in rows)
    by_class = Counter(row["class_name"] for row in rows)
    known = [name for name in described.class_names if by_class[name]]
    lines = [
        f"# {described.project}: dataset version {described.dataset_id[:12]}\n",
        f"{len(rows)} images, label kind `{described.label_kind}`, frozen {described.frozen_at:%Y-%m-%d}. "
        f"The whole name of the version is `{described.dataset_id}`.\n",
        "    git clone <this repository> && cd <it> && dvc pull\n",
        "puts the images into `pictures/`; `labels.csv` has one line for each of them. " + _ABOUT[described.is_canonical] + "\n",
        "| split | images |\n|---|---|\n" + "".join(f"| {name} | {by_split[name]} |\n" for name in sorted(by_split)),
        "| class | images |\n|---|---|\n" + "".join(f"| {_cell(name)} | {by_class[name]} |\n" for name in known),
        _COLUMNS,
    ]
    return "\n".join(lines)


_ABOUT = {
    False: "These are the originals, byte for byte. Widths, heights, boxes and masks are those of the *oriented* image: turn "
    "each by its EXIF orientation (column `orientation`) before you lay anything over it. The remote may only be read: "
    "it is the only copy, so `dvc push` and `dvc gc --cloud` are refused there.",
    True: "These are copies in sRGB, already oriented, without EXIF: boxes and masks fit them as they are. JPEGs were encoded "
    "once more (quality 95, full colour resolution), all other formats are PNG, pixel for pixel.",
}
_COLUMNS = """`annotators` are pseudonyms, stable within the project. `votes` people answered, `agreement_ratio` of them as the
label says.
`label_digest` names all that the label says; `labels_version` is the cycle that resolved it.
"""


def _as_hex(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
