"""Reading of a labelled set for a project: its format, its labels as rows, and what was left out with its place."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from pipeline_tasks.annotations.revisions import annotator_pseudonym
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.formats.labelled_folder import Counted, Labelled, LabelledFolder, LabelledImage, Tally
from pipeline_tasks.formats.listing import Listing, list_folder
from pipeline_tasks.formats.reading import read_only_format, root_of
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.labeling import OBJECT_COLUMNS
from pipeline_tasks.labelled_sets.class_map import ClassMap, class_map
from pipeline_tasks.labelled_sets.licences import StatedLicence, licence_of
from pipeline_tasks.labelled_sets.own_splits import own_splits
from pipeline_tasks.labelled_sets.unpacking import unpacked
from pipeline_tasks.records.labelled_set import LabelledSet
from pipeline_tasks.sources.file_keys import key_of_path
from pipeline_tasks.tables.label_object import SetObject
from pipeline_tasks.tables.set_image import SetImage
from pipeline_tasks.tables.set_left_out import SetLeftOut
from pipeline_tasks.tables.table import Rows, check, empty

ONLY_DROPPED = "image of dropped classes alone, which has no label then"
NO_FIT = "label that does not fit the project's form"
NO_CONSENSUS = "label whose objects contradict each other"


@dataclass(frozen=True)
class ReadSet:
    """A labelled set in the project's terms."""

    folder: Path
    """The folder below which the images lie."""
    read: LabelledFolder
    classes: ClassMap
    licence: StatedLicence
    images: Rows[SetImage]
    objects: Rows[SetObject]
    left_out: tuple[Counted, ...]

    @property
    def left_out_rows(self) -> Rows[SetLeftOut]:
        """The places that were left out."""
        return left_out_rows(self.images["source"][0], self.left_out)


def read_set(wanted: LabelledSet, kind: Kind, space: Path) -> ReadSet:
    """Read a labelled set for a project of this kind; an archive and IDX files are unpacked below `space`.

    Raises:
        SettingsError: there is no such place, no format with the kind's labels in it, or a label or a class cannot be meant.
    """
    if not Path(wanted.place).exists():
        raise SettingsError(
            f"labelled set {wanted.name}: wanted a folder, an archive or an annotation file, found nothing at {wanted.place}"
        )
    place = unpacked(wanted, space)
    folder = root_of(place)
    listing = list_folder(folder)
    read = read_only_format(place, kind.name, wanted.format_key)
    classes = class_map(read, wanted, kind.vocabulary)
    splits = own_splits(read, listing)
    left_out = Tally()
    rows = _Rows(wanted.name, listing, splits)
    for image in read.images:
        _add(rows, image, classes, kind, left_out)
    if not rows.images:
        why = "; ".join(f"{one.count} × {one.reason} ({one.example})" for one in (*read.left_out, *left_out.all()))
        raise SettingsError(f"labelled set {wanted.name}: wanted at least one image with a label, found none: {why}")
    said = licence_of(wanted.licence, listing)
    return ReadSet(folder, read, classes, said, *rows.tables(), (*read.left_out, *left_out.all()))


def left_out_rows(set_name: str, left_out: Sequence[Counted]) -> Rows[SetLeftOut]:
    """The first places of each reason as rows."""
    rows = [
        {"source": set_name, "reason": one.reason, "number": number, "place": place}
        for one in left_out
        for number, place in enumerate(one.places)
    ]
    return check(SetLeftOut, pl.DataFrame(rows)) if rows else empty(SetLeftOut)


class _Rows:
    """Rows of the two tables, gathered by column."""

    def __init__(self, set_name: str, listing: Listing, splits: Mapping[Path, str]) -> None:
        self._set_name, self._listing, self._splits = set_name, listing, splits
        self._root = f"{listing.root}{os.sep}"
        self.images: list[tuple[Any, ...]] = []
        self._objects: list[tuple[Any, ...]] = []

    def add(self, image: LabelledImage, state: str, objects: Sequence[Any], kind: Kind) -> None:
        """Add an image with its objects."""
        key = key_of_path(str(image.path).removeprefix(self._root).replace(os.sep, "/"))
        said_in = None if image.said_in is None else self._listing.where(image.said_in)
        people = ", ".join(annotator_pseudonym(self._set_name, int(who)) for who in image.people) or None
        self.images.append((self._set_name, key, state, *image.size_px, said_in, self._splits.get(image.path), people))
        for index, one in enumerate(objects):
            columns = kind.labeling.as_columns(one)
            self._objects.append((self._set_name, key, index, *(getattr(columns, name) for name in OBJECT_COLUMNS)))

    def tables(self) -> tuple[Rows[SetImage], Rows[SetObject]]:
        """Both tables, checked."""
        images = pl.DataFrame(self.images, empty(SetImage).schema, orient="row")
        objects = pl.DataFrame(self._objects, empty(SetObject).schema, orient="row")
        return check(SetImage, images), check(SetObject, objects)


def _add(rows: _Rows, image: LabelledImage, classes: ClassMap, kind: Kind, left_out: Tally) -> None:
    """Add an image by the project's classes, or count why it is left out."""
    fitting = []
    for vote in image.votes:
        objects = [_named(one, classes) for one in vote if one.class_name in classes.names]
        if not objects and vote and not kind.freezing.keeps_empty:
            left_out.count(ONLY_DROPPED, str(image.path))
        elif not kind.labeling.can_vote(objects):
            left_out.count(NO_FIT, str(image.path))
        else:
            fitting.append(objects)
    agreed = kind.labeling.agree(fitting) if fitting else None
    if agreed is not None and agreed.state in ("labelled", "empty"):
        rows.add(image, agreed.state, agreed.objects, kind)
    elif agreed is not None:
        left_out.count(NO_CONSENSUS, str(image.path))


def _named(one: Labelled, classes: ClassMap) -> Labelled:
    return replace(one, class_name=classes.names[one.class_name])
