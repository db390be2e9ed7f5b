"""Licence of a labelled set: as a person says, or as the set's own files do."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline_tasks.formats.listing import Listing

_NAMES = ("license", "licence", "license.txt", "licence.txt", "license.md", "licence.md", "copying")
_LONGEST = 200
_BYTES = 4096


@dataclass(frozen=True)
class StatedLicence:
    """A licence, and where it is stated."""

    text: str | None
    stated_in: str | None


def licence_of(given: str | None, listing: Listing) -> StatedLicence:
    """The given licence, else the first line of the set's licence file; nothing is guessed."""
    if given:
        return StatedLicence(_one_line(given), "the command")
    for path in sorted(listing.named(*_NAMES), key=lambda path: (len(path.parts), str(path))):
        with path.open("rb") as file:
            lines = file.read(_BYTES).decode("utf-8", errors="replace").splitlines()
        if first := next((line.strip(" #*\t") for line in lines if line.strip(" #*\t")), None):
            return StatedLicence(_one_line(first), listing.where(path))
    return StatedLicence(None, None)


def _one_line(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:_LONGEST]
