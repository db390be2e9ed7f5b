"""YOLO: a text file an image, a line an object; boxes as centre and sides, or polygons, in shares of the upright image.

A line is `class x y width height`, or `class x1 y1 x2 y2 x3 y3 …`. Text files lie in `labels/` where images lie in `images/`, or
beside the images. The classes are named in a YAML file (`names`) or a text file, one a line. An image without a text file is one in
which nothing is there (docs.ultralytics.com/datasets/detect).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.annotation_text import number_of, read_text, read_yaml
from pipeline_tasks.formats.finding import Finding, refuse
from pipeline_tasks.formats.image_header import read_header
from pipeline_tasks.formats.labelled_folder import Labelled, LabelledFolder, LabelledImage, Tally
from pipeline_tasks.formats.listing import Listing
from pipeline_tasks.formats.placing import NotTakenError, Placing, placing_in
from pipeline_tasks.geometry.polygons import hull

NAME = "YOLO"
IMAGES, LABELS = "images", "labels"
NAME_FILES = ("classes.txt", "obj.names", "_darknet.labels", "classes.names")
BOX_NUMBERS, LEAST_POLYGON_NUMBERS = 5, 7
MOST = 2.0
"""Greatest number that is still a share of an image, of an object that reaches out of it; larger ones are pixels."""
_MOST_BYTES = 4_000_000


@dataclass(frozen=True)
class _Names:
    """Names of the classes, with the file that says them."""

    file: Path
    by_number: dict[int, str]
    points: int = 0
    """Numbers of key points that follow each box."""


def find(listing: Listing) -> Finding | None:
    """The text files of images, if their lines are numbers; None if there are none."""
    files = tuple(sorted({_label_file(image, listing) for image in _images(listing)} & set(listing.files)))
    lines = {path: list(_words(path)) for path in files}
    lengths = {len(words) for of_file in lines.values() for words in of_file}
    if not any(of_file and all(_is_number(word) for words in of_file for word in words) for of_file in lines.values()):
        return None
    names = _find_names(listing)
    has_points = bool(names and names.points)
    polygons = any(length >= LEAST_POLYGON_NUMBERS for length in lengths) and not has_points
    kinds = [kind for kind, is_there in (("box", BOX_NUMBERS in lengths or has_points), ("mask", polygons)) if is_there]
    return Finding(files, tuple(dict.fromkeys([*kinds, "box"])) if names or kinds else ("box",))


def read(listing: Listing, finding: Finding, label_kind: str) -> LabelledFolder:
    """Read the lines of all these files.

    Raises:
        SettingsError: no file names the classes, a class has no name, or a line is none of the format's; the message says which.
    """
    names = _find_names(listing)
    if names is None:
        found = f"{len(finding.files)} text files of {NAME} without one"
        raise refuse(str(listing.root), found, f"a YAML file with `names`, or {NAME_FILES[0]} with a class a line")
    left_out, changed, images, files = Tally(), Tally(), [], set(finding.files)
    for path in _images(listing):
        if (header := read_header(path)) is None:
            left_out.count(reasons.UNREADABLE_IMAGE, listing.where(path))
            continue
        placing = placing_in(header, None, listing.where(path), left_out, changed)
        assert placing is not None, "the format says no size"
        label_file = _label_file(path, listing)
        lines = _Lines(label_file, listing, names, label_kind, placing).objects() if label_file in files else ()
        images.append(LabelledImage(path, placing.size_px, tuple(lines), label_file if label_file in files else None))
    for path in sorted(set(listing.photographs) - {one.path for one in images}):
        if read_header(path) is not None:
            left_out.count(reasons.NOT_LISTED, listing.where(path))
    class_names = tuple(names.by_number[number] for number in sorted(names.by_number))
    notes = (f"points of {NAME} are not read, only their boxes",) if names.points else ()
    return LabelledFolder(NAME, label_kind, class_names, tuple(images), left_out.all(), changed.all(), notes)


@dataclass(frozen=True)
class _Lines:
    """The lines of one text file."""

    path: Path
    listing: Listing
    names: _Names
    label_kind: str
    placing: Placing

    def objects(self) -> Iterator[Labelled]:
        """The objects, in order."""
        seen = set[tuple[str, ...]]()
        for number, words in enumerate(_words(self.path), start=1):
            where = f"{self.listing.where(self.path)}, object {number}"
            numbers = self._numbers(words, where)
            with self.placing.counting():
                if tuple(words) in seen:
                    raise NotTakenError(reasons.TWICE, where)
                seen.add(tuple(words))
                yield self._object(numbers, where)

    def _object(self, numbers: Sequence[float], where: str) -> Labelled:
        name, shares = self._name(numbers[0], where), numbers[1:]
        if self.names.points:
            shares = shares[: BOX_NUMBERS - 1]
        width, height = self.placing.size_px
        if len(numbers) == BOX_NUMBERS or self.names.points:
            if self.label_kind == "mask":
                raise NotTakenError(reasons.NO_MASK, where)
            x, y, wide, high = shares
            corners = ((x - wide / 2) * width, (y - high / 2) * height, (x + wide / 2) * width, (y + high / 2) * height)
            return self.placing.box(name, corners, where)
        points = [share * (width, height)[at % 2] for at, share in enumerate(shares)]
        if self.label_kind == "mask":
            return self.placing.polygon_mask(name, [points], where)
        left, top, wide, high = hull(points)
        return self.placing.box(name, (left, top, left + wide, top + high), where)

    def _numbers(self, words: Sequence[str], where: str) -> list[float]:
        """The numbers of a line, checked."""
        wanted = f"{BOX_NUMBERS} numbers of a box, or at least {LEAST_POLYGON_NUMBERS} of a polygon"
        if not all(_is_number(word) for word in words):
            raise refuse(where, " ".join(words)[:60], wanted)
        count, points = len(words), self.names.points
        is_polygon = count >= LEAST_POLYGON_NUMBERS and count % 2 == 1
        if count != BOX_NUMBERS + points if points else not (count == BOX_NUMBERS or is_polygon):
            raise refuse(
                where, f"{count} numbers", f"{BOX_NUMBERS + points} numbers of a box with its points" if points else wanted
            )
        numbers = [float(word) for word in words]
        if points:
            numbers[BOX_NUMBERS:] = []
        if large := [value for value in numbers[1:] if not -MOST <= value <= MOST]:
            raise refuse(where, f"{large[0]:g}", "shares of the image's sides, from 0 to 1; divide pixels by its width or height")
        return numbers

    def _name(self, number: float, where: str) -> str:
        by_number = self.names.by_number
        if number not in by_number:
            names = self.listing.where(self.names.file)
            wanted = f"one of the {len(by_number)} classes that {names} names ({min(by_number)} to {max(by_number)}); add it there"
            raise refuse(where, f"class {number:g}", wanted)
        return by_number[int(number)]


def _images(listing: Listing) -> list[Path]:
    """Images in folders of images with labels beside them, or else those beside text files."""
    in_folders = [path for path in listing.photographs if _label_file(path, listing).parent != path.parent]
    if in_folders:
        return in_folders
    folders = {path.parent for path in listing.ending_in(".txt") if path.name.lower() not in NAME_FILES}
    return [path for path in listing.photographs if path.parent in folders]


def _label_file(image: Path, listing: Listing) -> Path:
    """The image's text file: in the folder that is `labels` where the image's is `images`, or else beside the image."""
    parts = list(image.relative_to(listing.root).parts)
    places = [at for at, part in enumerate(parts[:-1]) if part.lower() == IMAGES]
    if places:
        parts[places[-1]] = LABELS
        mirrored = listing.root.joinpath(*parts).with_suffix(".txt")
        if mirrored.parent.is_dir():
            return mirrored
    return image.with_suffix(".txt")


def _words(path: Path) -> Iterable[list[str]]:
    """Words of the lines that are not empty.

    Raises:
        SettingsError: the file is larger than any of one image.
    """
    if (size := path.stat().st_size) > _MOST_BYTES:
        raise refuse(str(path), f"{size} bytes", f"at most {_MOST_BYTES} bytes of text for an image")
    return [words for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines() if (words := line.split())]


def _find_names(listing: Listing) -> _Names | None:
    """The names of the classes; a YAML file goes before a text file.

    Raises:
        SettingsError: two files name them differently, or one is not what it must be.
    """
    found = [names for path in listing.ending_in(".yaml", ".yml") if (names := _names_of_yaml(path, listing))]
    found = found or [_names_of_lines(path, listing) for path in listing.named(*NAME_FILES)]
    for other in found[1:]:
        if other.by_number != found[0].by_number:
            files = f"{listing.where(found[0].file)} and {listing.where(other.file)}"
            raise refuse(files, "different names of classes", "the same names in both; take one of them out of the folder")
    return found[0] if found and found[0].by_number else None


def _names_of_lines(path: Path, listing: Listing) -> _Names:
    where = listing.where(path)
    return _Names(path, _each_once(dict(enumerate(_lines_of(path, where))), where))


def _names_of_yaml(path: Path, listing: Listing) -> _Names | None:
    where = listing.where(path)
    content = read_yaml(path, where)
    named = content.get("names") if isinstance(content, dict) else None
    if isinstance(named, list):
        named = dict(enumerate(named))
    if not isinstance(content, dict) or not isinstance(named, dict) or not all(isinstance(number, int) for number in named):
        return None
    for number, name in named.items():
        if isinstance(number, bool) or number < 0:
            raise refuse(f"{where}: names", repr(number)[:40], "the numbers of the classes, from 0")
        if not isinstance(name, str | int | float):
            raise refuse(f"{where}: names.{number}", f"a {type(name).__name__}", "the name of a class")
    shape = content.get("kpt_shape", [0, 0])
    if not isinstance(shape, list) or len(shape) != 2 or not all(isinstance(one, int) and one >= 0 for one in shape):
        raise refuse(f"{where}: kpt_shape", repr(shape)[:40], "two whole numbers, such as [17, 3]")
    return _Names(path, _each_once({number: str(name) for number, name in named.items()}, where), shape[0] * shape[1])


def _each_once(names: dict[int, str], where: str) -> dict[int, str]:
    """The names, none of which two numbers have."""
    seen = set[str]()
    for name in names.values():
        if name in seen:
            raise refuse(f"{where}: names", f"{name!r} twice", "each class once")
        seen.add(name)
    return names


def _lines_of(path: Path, where: str) -> list[str]:
    return [line.strip() for line in read_text(path, where).splitlines() if line.strip()]


def _is_number(word: str) -> bool:
    return number_of(word) is not None
