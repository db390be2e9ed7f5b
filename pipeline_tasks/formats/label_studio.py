"""Label Studio's JSON: a list of tasks with an image and the annotations of people, read by the parsers of the label kinds.

The image is the field of `data` that names one: an upload (`/data/upload/3/1a2b3c4d-a.jpg`), a local file (`…/?d=folder/a.jpg`), a
web or bucket address, or a plain name. Skipped annotations and predictions are not read; where people starred annotations as the
truth, only those count. An annotation without a result says that nothing is there (labelstud.io/guide/task_format).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.annotation_text import read_json
from pipeline_tasks.formats.finding import Finding, refuse
from pipeline_tasks.formats.gathering import Gathering
from pipeline_tasks.formats.labelled_folder import Labelled, LabelledFolder
from pipeline_tasks.formats.listing import Listing, is_image
from pipeline_tasks.formats.placing import Placing
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.boxes.label_studio import TYPE as BOX_TYPE
from pipeline_tasks.kinds.boxes.label_studio import read_boxes
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.kinds.keypoints.label_studio import POINT_TYPE, read_skeletons
from pipeline_tasks.kinds.masks.label_studio import TYPES as MASK_TYPES
from pipeline_tasks.kinds.masks.label_studio import read_masks
from pipeline_tasks.kinds.refused import Refused, problems

NAME = "Label Studio"
SKIPPED = "annotation that a person skipped"
NOT_USABLE = "annotation with an object that cannot be used"
NOT_STARRED = "annotation beside one that is starred as the truth"
CHOICES = "choices"
_KINDS = {"box": {BOX_TYPE}, "mask": set(MASK_TYPES), "keypoints": {POINT_TYPE}, "class": {CHOICES}, "classes": {CHOICES}}
"""Label kind → types of the results that say it."""
_PARTS = (b'"data"', b'"annotations"')
_UPLOAD = re.compile(r"[0-9a-f]{8}-")
"""Begin of a file's name that Label Studio gives to uploads."""
_LOCAL = "/data/local-files/"


@dataclass(frozen=True)
class _Form:
    """Meaning of the results in a set's files."""

    label_kind: str
    points: Mapping[str, Sequence[str]]
    """Class → its points, of keypoints whose labels are `class: point`."""
    has_boxes: bool

    def read(self, result: Sequence[JsonObject]) -> tuple[Any, ...]:
        """The objects of one annotation; those that cannot be used say so."""
        if self.label_kind == "box":
            return read_boxes(result)
        if self.label_kind == "mask":
            return read_masks(result)
        if self.label_kind == "keypoints":
            return read_skeletons(result, self.points, has_boxes=self.has_boxes)
        chosen = [one for one in result if one.get("type") == CHOICES]
        if result and not chosen:
            return (Refused(None, "an answer to another form"),)
        return tuple(ClassObject(name) for name in dict.fromkeys(name for one in chosen for name in _names(one, CHOICES)))


def find(listing: Listing) -> Finding | None:
    """The JSON files of tasks with annotations; None if there are none."""
    found, types = [], Counter[str]()
    for path in listing.ending_in(".json"):
        if (tasks := _tasks(path, listing)) is not None:
            found.append(path)
            types.update(str(one.get("type")) for one in _results(tasks))
    kinds = tuple(kind for kind, wanted in _KINDS.items() if wanted & set(types))
    return Finding(tuple(found), kinds or tuple(_KINDS)) if found else None


def read(listing: Listing, finding: Finding, label_kind: str) -> LabelledFolder:
    """Read the annotations of all these files.

    Raises:
        SettingsError: a task or an annotation is not what it must be, or two are of one image; the message names file and place.
    """
    gathering = Gathering(NAME, label_kind, listing)
    read_files = [(path, tasks) for path in finding.files if (tasks := _tasks(path, listing)) is not None]
    form = _form(label_kind, [one for _, tasks in read_files for one in _results(tasks)])
    for path, tasks in read_files:
        ids: dict[str, str] = {}
        for at, task in enumerate(tasks):
            where = f"{listing.where(path)}: [{at}]"
            fields = _fields(task, where)
            if (number := fields.get("id")) is not None and ids.setdefault(str(number), where) != where:
                raise refuse(f"{where}.id", str(number)[:40], "each id once; take out the other task")
            _add(fields, path, where, form, gathering)
    return gathering.folder()


def _add(task: JsonObject, path: Path, where: str, form: _Form, gathering: Gathering) -> None:
    """Add the image of a task with the answers of people."""
    said = _said_image(_fields(task.get("data"), f"{where}.data"), f"{where}.data")
    image = _image(said, path, gathering.listing)
    placing = gathering.placing(image, None, where, f"{said[:200]} of {where}")
    if image is None or placing is None:
        return
    votes = list(_votes(task.get("annotations"), f"{where}.annotations", form, placing))
    if not votes:
        placing.left_out.count(reasons.NOT_LISTED, where)
        return
    people = tuple(dict.fromkeys(who for _, who in votes if who))
    objects, *further = (objects for objects, _ in votes)
    gathering.add(image, placing, objects, path, tuple(further), people)


def _votes(said: object, where: str, form: _Form, placing: Placing) -> Iterator[tuple[tuple[Labelled, ...], str | None]]:
    """Objects and person of each annotation that counts."""
    if not isinstance(said, list):
        raise refuse(where, repr(said)[:40], "a list of annotations")
    read = [(f"{where}[{at}]", _fields(one, f"{where}[{at}]")) for at, one in enumerate(said)]
    is_starred = any(one.get("ground_truth") and not one.get("was_cancelled") for _, one in read)
    for place, one in read:
        if one.get("was_cancelled"):
            placing.left_out.count(SKIPPED, place)
        elif is_starred and not one.get("ground_truth"):
            placing.left_out.count(NOT_STARRED, place)
        elif (objects := _objects(one, place, form, placing)) is not None:
            yield objects, _person(one.get("completed_by"))


def _objects(annotation: JsonObject, where: str, form: _Form, placing: Placing) -> tuple[Labelled, ...] | None:
    """Objects of an annotation; None, counted, if it cannot be used."""
    said = annotation.get("result")
    if not isinstance(said, list):
        raise refuse(f"{where}.result", repr(said)[:40], "a list of results")
    result = [_fields(one, f"{where}.result[{at}]") for at, one in enumerate(said)]
    sizes = {(one.get("original_width"), one.get("original_height")) for one in result if one.get("type") != CHOICES}
    if strange := [size for size in sizes if None not in size and size != placing.size_px]:
        width, height = placing.size_px
        says = f"{where}: it says {str(strange[0])[:40]} pixels, the image has {width} x {height}"
        placing.left_out.count(reasons.OTHER_SIZE, says)
        return None
    try:
        objects = form.read(result)
    except (OverflowError, MemoryError) as error:
        objects = (Refused(None, f"a number beyond all images ({error})"),)
    if problem := problems(objects):
        placing.left_out.count(NOT_USABLE, f"{where}: {problem[0][:200]}")
        return None
    return objects


def _form(label_kind: str, results: Sequence[JsonObject]) -> _Form:
    """The meaning of all results.

    Raises:
        SettingsError: classes are said by two controls.
    """
    controls = sorted({str(one.get("from_name")) for one in results if one.get("type") == CHOICES and "id" not in _of_region(one)})
    if label_kind in ("class", "classes") and len(controls) > 1:
        found = f"choices of {len(controls)} controls ({', '.join(controls[:8])[:80]})"
        raise refuse(NAME, found, "one control that says the classes; take the results of the others out of the file")
    points: dict[str, dict[str, None]] = {}
    for one in results if label_kind == "keypoints" else ():
        for name in _names(one, POINT_TYPE):
            class_name, separator, point = name.partition(": ")
            if not separator:
                raise refuse(
                    NAME, f"the point {name[:40]!r}", "labels of points such as `class: point`, as Nightlens' form has them"
                )
            points.setdefault(class_name, {})[point] = None
    has_boxes = any(one.get("type") == BOX_TYPE for one in results)
    return _Form(label_kind, {name: tuple(found) for name, found in points.items()}, has_boxes)


def _of_region(one: JsonObject) -> JsonObject:
    """The fields of a result that belongs to a drawn region, which it names by its place; none for one of the whole image."""
    value = one.get("value")
    return one if isinstance(value, Mapping) and ("x" in value or "points" in value) else {}


def _names(one: JsonObject, kind: str) -> list[str]:
    value = one.get("value")
    found = value.get(kind) if isinstance(value, Mapping) else None
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def _said_image(data: JsonObject, where: str) -> str:
    """The one field that names an image."""
    found = {name: said for name, said in data.items() if isinstance(said, str) and is_image(Path(_path_of(said)))}
    if len(found) != 1:
        named = ", ".join(found) if found else ", ".join(data)
        raise refuse(where, f"{len(found)} of them in the fields {named[:80]}", "one field that names an image")
    return next(iter(found.values()))


def _image(said: str, path: Path, listing: Listing) -> Path | None:
    """The image of an address or a name; that of an upload may have lost the begin of its name."""
    name = _path_of(said)
    folder, _, last = name.rpartition("/")
    without = _UPLOAD.sub("", last, count=1) if _UPLOAD.match(last) else last
    return listing.image_named(name.lstrip("/"), path.parent) or (
        listing.image_named(f"{folder}/{without}".lstrip("/"), path.parent) if without != last else None
    )


def _path_of(said: str) -> str:
    """The path that an address ends in."""
    if "\0" in said:
        return said
    try:
        parts = urlsplit(said)
        if _LOCAL in parts.path:
            return parse_qs(parts.query).get("d", [""])[0]
    except ValueError:
        return said
    return unquote(parts.path) if parts.scheme or said.startswith("/data/") else said


def _person(said: object) -> str | None:
    """The number of the person."""
    number = said.get("id") if isinstance(said, dict) else said
    return str(number) if isinstance(number, int) and not isinstance(number, bool) else None


def _results(tasks: Sequence[object]) -> Iterator[JsonObject]:
    """All results that are objects."""
    for task in tasks:
        annotations = task.get("annotations") if isinstance(task, dict) else None
        for one in annotations if isinstance(annotations, list) else ():
            result = one.get("result") if isinstance(one, dict) else None
            yield from (region for region in result or () if isinstance(region, dict)) if isinstance(result, list) else ()


def _tasks(path: Path, listing: Listing) -> list[object] | None:
    """The tasks of a file; None for a file of something else."""
    content = path.read_bytes()
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[") or not all(part in content for part in _PARTS):
        return None
    tasks = read_json(path, listing.where(path))
    return tasks if isinstance(tasks, list) else None


def _fields(said: object, where: str) -> JsonObject:
    if not isinstance(said, dict):
        raise refuse(where, repr(said)[:40], "an object with named fields")
    return said
