"""Images of a folder gathered with their objects, one annotation after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pipeline_tasks.formats import labelled_folder as reasons
from pipeline_tasks.formats.finding import refuse
from pipeline_tasks.formats.image_header import read_header
from pipeline_tasks.formats.labelled_folder import Labelled, LabelledFolder, LabelledImage, Size, Tally
from pipeline_tasks.formats.listing import Listing
from pipeline_tasks.formats.placing import Placing, placing_in


@dataclass
class Gathering:
    """Images that one format's annotations name, each once; what cannot be used is counted."""

    format_name: str
    label_kind: str
    listing: Listing
    left_out: Tally = field(default_factory=Tally)
    changed: Tally = field(default_factory=Tally)
    class_names: set[str] = field(default_factory=set)
    _images: list[LabelledImage] = field(default_factory=list)
    _owner: dict[Path, str] = field(default_factory=dict)

    def placing(self, image: Path | None, said_px: Size | None, where: str, said: str) -> Placing | None:
        """The place for the objects of one annotation; None, counted, if its image is missing, broken or of another size.

        Args:
            image: the image that the annotation is about; None if the folder has none.
            said_px: the size that the annotation says.
            where: the annotation's place.
            said: the missing image in words.

        Raises:
            SettingsError: another annotation is of this image.
        """
        if image is None:
            self.left_out.count(reasons.NO_FILE, said)
            return None
        if (first := self._owner.setdefault(image, where)) != where:
            wanted = "one annotation an image; take the wrong one out"
            raise refuse(f"{self.listing.where(image)} ({self.format_name})", f"two of it, {first} and {where}", wanted)
        if (header := read_header(image)) is None:
            self.left_out.count(reasons.UNREADABLE_IMAGE, self.listing.where(image))
            return None
        return placing_in(header, said_px, where, self.left_out, self.changed)

    def add(
        self,
        image: Path,
        placing: Placing,
        objects: tuple[Labelled, ...],
        said_in: Path,
        further: tuple[tuple[Labelled, ...], ...] = (),
        people: tuple[str, ...] = (),
    ) -> None:
        """Keep an image with its objects, or with those of each of several people."""
        added = LabelledImage(image, placing.size_px, objects, said_in, further, people)
        self.class_names |= {one.class_name for vote in added.votes for one in vote}
        self._images.append(added)

    def folder(self, notes: tuple[str, ...] = (), annotations: Iterable[Path] = ()) -> LabelledFolder:
        """All images by their paths; those that no annotation names are counted, but for image files that are annotations."""
        for image in sorted(set(self.listing.photographs) - set(self._owner) - set(annotations)):
            self.left_out.count(reasons.NOT_LISTED, self.listing.where(image))
        return LabelledFolder(
            self.format_name,
            self.label_kind,
            tuple(sorted(self.class_names)),
            tuple(sorted(self._images, key=lambda one: one.path)),
            self.left_out.all(),
            self.changed.all(),
            notes,
        )
