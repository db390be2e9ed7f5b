"""Published form of a dataset version: paths of its images, labels as CSV, and a README."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from pipeline_tasks.tables.dataset_image import LABEL_NAME

ID_DIGITS = 16
"""Digits of an image_id in a file name; two images with the same digits keep their whole ids."""
LABEL_COLUMNS = (
    "path",
    "image_id",
    "split",
    LABEL_NAME,
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
    vocabulary: Sequence[str]
    frozen_at: datetime
    is_canonical: bool
    agreement: str
    """Explanation of the column `agreement_ratio`."""


def image_paths(rows: pl.DataFrame, *, by_name: bool = True) -> dict[str, str]:
    """image_id → `<split>/<name of its label>/<id><extension>`; reads image_id, split, LABEL_NAME, file_format.

    Without `by_name`, for labels that are more than a name, there is no folder of the name.
    """
    shared = Counter(rows["image_id"].str.slice(0, ID_DIGITS))
    paths = {}
    for row in rows.iter_rows(named=True):
        image_id = row["image_id"]
        name = image_id[:ID_DIGITS] if shared[image_id[:ID_DIGITS]] == 1 else image_id
        folders = [row["split"], *([folder_name(row[LABEL_NAME])] if by_name and row[LABEL_NAME] else [])]
        paths[image_id] = "/".join([*folders, name + extension(row["file_format"])])
    return paths


def extension(file_format: str) -> str:
    """The usual ending of a format's files."""
    return _EXTENSIONS.get(file_format, f".{file_format.lower()}")


def folder_name(name: str) -> str:
    """A label's name as a folder for any system: letters, digits, spaces and `-+.,()_` are kept, the rest is %XX of UTF-8."""
    safe = re.sub(r"[^\w\-+.,() ]", lambda found: _as_hex(found[0]), name)
    return re.sub(r"^\.|[. ]$", lambda found: _as_hex(found[0]), safe)


def labels_csv(rows: pl.DataFrame, paths: Mapping[str, str]) -> str:
    """CSV with one line an image, sorted by path; `annotators` are pseudonyms joined by semicolons."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(LABEL_COLUMNS)
    for row in sorted(rows.iter_rows(named=True), key=lambda row: paths[row["image_id"]]):
        said = {**row, "path": paths[row["image_id"]], "annotators": ";".join(row["annotators"] or [])}
        writer.writerow(["" if said[name] is None else said[name] for name in LABEL_COLUMNS])
    return text.getvalue()


def objects_csv(objects: pl.DataFrame, paths: Mapping[str, str]) -> str:
    """CSV with one line an object (rows of `dataset_objects`), sorted by path; lists are JSON, and an empty cell is no value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", *objects.columns])
    rows = objects.filter(pl.col("image_id").is_in(list(paths))).iter_rows(named=True)
    for row in sorted(rows, key=lambda row: (paths[row["image_id"]], row["object_index"])):
        cells = (json.dumps(cell) if isinstance(cell, list) else "" if cell is None else cell for cell in row.values())
        writer.writerow([paths[row["image_id"]], *cells])
    return text.getvalue()


def read_me(described: Described, rows: pl.DataFrame, objects: pl.DataFrame | None = None) -> str:
    """README of a version; with objects, an image counts for each class that it has."""
    by_split = Counter(rows["split"])
    by_name = Counter((rows if objects is None else objects.select("image_id", LABEL_NAME).unique())[LABEL_NAME])
    said = "" if objects is None else f"{len(objects)} objects are in `objects.csv`. "
    known = [name for name in described.vocabulary if by_name[name]]
    lines = [
        f"# {described.project}: dataset version {described.dataset_id[:12]}\n",
        f"{len(rows)} images, label kind `{described.label_kind}`, frozen {described.frozen_at:%Y-%m-%d}. {said}"
        f"The whole name of the version is `{described.dataset_id}`.\n",
        "    git clone <this repository> && cd <it> && dvc pull\n",
        "puts the images into `pictures/`; `labels.csv` has one line for each of them. " + _ABOUT[described.is_canonical] + "\n",
        "| split | images |\n|---|---|\n" + "".join(f"| {name} | {by_split[name]} |\n" for name in sorted(by_split)),
        "| class | images |\n|---|---|\n" + "".join(f"| {_cell(name)} | {by_name[name]} |\n" for name in known),
        _COLUMNS.format(agreement=described.agreement),
    ]
    return "\n".join(lines)


_ABOUT = {
    False: "These are the originals, byte for byte. Widths, heights, boxes and masks are those of the *oriented* image: turn "
    "each by its EXIF orientation (column `orientation`) before you lay anything over it. The remote may only be read: "
    "it is the only copy, so `dvc push` and `dvc gc --cloud` are refused there.",
    True: "These are copies in sRGB, already oriented, without EXIF: boxes and masks fit them as they are. JPEGs were encoded "
    "once more (quality 95, full colour resolution), all other formats are PNG, pixel for pixel.",
}
_COLUMNS = """`annotators` are pseudonyms, stable within the project. `votes` people answered; `agreement_ratio` is {agreement}.
`label_digest` names all that the label says; `labels_version` is the cycle that resolved it.
"""


def _as_hex(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
