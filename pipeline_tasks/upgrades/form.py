"""A persisted form, and the changes from each of its versions to the next.

Version 1 is the form before any change. A file that carries no version is of version 1, so bytes written before there were
versions, and forms that never changed, need no mark.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipeline_tasks.errors import NewerFormError
from pipeline_tasks.release import RELEASE

Content = TypeVar("Content")


@dataclass(frozen=True)
class Change(Generic[Content]):
    """Step from one version of a form to the next."""

    release: str
    """First release of Nightlens that writes the new version."""
    step: Callable[[Content], Content] | None = None
    """Pure function from the previous version's content to the new one; None if only columns or fields with a default came."""


@dataclass(frozen=True)
class Form(Generic[Content]):
    """Rows of one table, or the fields of one kind of JSON object."""

    name: str
    """Name in messages: `ledger event`, `table labels`."""
    changes: tuple[Change[Content], ...] = ()
    """Steps from version 1 to 2, from 2 to 3, and so on."""

    @property
    def version(self) -> int:
        """The version that is written today."""
        return 1 + len(self.changes)

    @property
    def release(self) -> str:
        """The first release that writes today's version."""
        return self.changes[-1].release if self.changes else "0.1.0"

    def upgraded(self, content: Content, version: int, release: str | None, where: str) -> Content:
        """Convert content of any older version to today's; `release` is the release that a newer file names.

        Raises:
            NewerFormError: the version is newer than today's.
        """
        if version > self.version:
            wrote = f"Nightlens {release} or later" if release else "a later Nightlens"
            raise NewerFormError(
                f"{where}: {self.name} version {version} was written by {wrote}; this is Nightlens {RELEASE}, "
                f"which reads up to version {self.version}: upgrade Nightlens"
            )
        for change in self.changes[version - 1 :]:
            content = content if change.step is None else change.step(content)
        return content
