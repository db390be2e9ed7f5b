"""Files of a folder, listed once, and images found in it by the names that annotations use."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath

from pipeline_tasks.formats.folder_names import are_masks

IMAGE_ENDINGS = frozenset((".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif"))
_HIDDEN_MARKS = (".", "__MACOSX")


@dataclass(frozen=True)
class Listing:
    """A folder's files; hidden ones are left out."""

    root: Path
    files: tuple[Path, ...]
    links: tuple[Path, ...] = ()
    """Links that are not followed: they lead out of the folder, to another folder, or nowhere."""

    @cached_property
    def images(self) -> tuple[Path, ...]:
        """Files that are images by their names."""
        return tuple(path for path in self.files if is_image(path))

    @cached_property
    def photographs(self) -> tuple[Path, ...]:
        """Images outside of folders of masks."""
        return tuple(path for path in self.images if not are_masks(self.folders(path)))

    def folders(self, path: Path) -> tuple[str, ...]:
        """Names of the folders from the root to a file."""
        return path.relative_to(self.root).parts[:-1]

    def ending_in(self, *endings: str) -> Iterator[Path]:
        """Files with one of these endings."""
        return (path for path in self.files if path.suffix.lower() in endings)

    def named(self, *names: str) -> Iterator[Path]:
        """Files with one of these names."""
        return (path for path in self.files if path.name.lower() in names)

    def where(self, path: Path) -> str:
        """A file's path inside the folder, for messages."""
        # As text, because it is asked for each image and each file, and pathlib takes microseconds for each.
        root, place = f"{self.root}{os.sep}", str(path)
        return place.removeprefix(root).replace(os.sep, "/") if place.startswith(root) else place

    def image_named(self, name: str, near: Path) -> Path | None:
        """The image that an annotation in the folder `near` calls by this name or path; None if there is none, or no single one."""
        said = PurePosixPath(name.replace("\\", "/"))
        # As text: pathlib takes most of the time of a set of 100,000 images.
        places = (str(said),) if said.is_absolute() else (f"{folder}{os.sep}{said}" for folder in _folders_near(near))
        for place in places:
            if (path := self._known.get(place)) is not None:
                return path
        return self._closest(self._by_name.get(said.name.lower(), ()), said, near)

    def image_of_stem(self, stem: str, near: Path) -> Path | None:
        """The image whose name without its ending is this; None if there is none, or no single one."""
        return self._closest(self._by_stem.get(stem.lower(), ()), PurePosixPath(stem), near)

    def _closest(self, found: Sequence[Path], said: PurePosixPath, near: Path) -> Path | None:
        """The only one, or the only one with most of the said path's folders, or the only one close to the annotation."""
        if len(found) > 1:
            alike = [_common_end(path.parent.parts, said.parent.parts) for path in found]
            found = [path for path, count in zip(found, alike, strict=True) if count == max(alike)]
        if len(found) > 1:
            found = [path for path in found if path.parent == near] or [path for path in found if near.parent in path.parents]
        return found[0] if len(found) == 1 else None

    @cached_property
    def _known(self) -> dict[str, Path]:
        return {str(path): path for path in self.photographs}

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        return _grouped((path.name.lower(), path) for path in self.photographs)

    @cached_property
    def _by_stem(self) -> dict[str, list[Path]]:
        return _grouped((path.stem.lower(), path) for path in self.photographs)


@lru_cache(maxsize=256)
def _folders_near(folder: Path) -> tuple[str, ...]:
    """Folders in which an annotation's images are looked for first."""
    return tuple(str(one) for one in (folder, folder / "images", folder.parent, folder.parent / "images"))


def list_folder(root: Path) -> Listing:
    """List a folder with all that is below it, sorted."""
    files, links, inside = [], [], root.resolve()
    for entry in _entries(str(root)):
        path = Path(entry.path)
        is_file = entry.is_file()
        if entry.is_symlink() and not (is_file and path.resolve().is_relative_to(inside)):
            links.append(path)
        elif is_file:
            files.append(path)
    return Listing(root, tuple(sorted(files)), tuple(sorted(links)))


def is_image(path: Path) -> bool:
    """Return True for the name of an image file."""
    return path.suffix.lower() in IMAGE_ENDINGS


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    """Entries of a folder and of those below it, without hidden files and folders; links to folders are not followed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(_HIDDEN_MARKS):
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    yield from _entries(entry.path)


def _grouped(pairs: Iterable[tuple[str, Path]]) -> dict[str, list[Path]]:
    groups: dict[str, list[Path]] = defaultdict(list)
    for name, path in pairs:
        groups[name].append(path)
    return groups


def _common_end(one: Sequence[str], other: Sequence[str]) -> int:
    """Number of last parts that both paths share."""
    count = 0
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if mine != theirs:
            break
        count += 1
    return count
