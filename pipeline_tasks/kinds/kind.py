"""The protocol of a label kind, opened for the settings of one project.

A kind has one part for each step of the night. Each part is a module of its own, loaded when it is asked for, so that the
prediction server reads neither tables nor torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from pipeline_tasks.kinds.labeling import Labeling

K = TypeVar("K", bound="Kind", covariant=True)


class Kind(Protocol):
    """All that differs between asking for a class, a box, a mask."""

    @property
    def name(self) -> str:
        """The label kind in the project file."""
        ...

    @property
    def about(self) -> Mapping[str, Any]:
        """What a dataset version's index keeps of the kind, as JSON: of a class its list of classes."""
        ...

    @property
    def labeling(self) -> Labeling[Any]:
        """What people are asked, and how their answers become labels."""
        ...


class KindOpener(Protocol[K]):
    """The class of a kind, as the registry names it: opens the kind from wherever its settings were kept."""

    def from_settings(self, settings: Mapping[str, Any]) -> K:
        """Open the kind for the keys of a project file.

        Raises:
            SettingsError: a key of this kind is missing or wrong.
        """
        ...

    def from_about(self, about: Mapping[str, Any]) -> K:
        """Open the kind for what a dataset version's index keeps of it."""
        ...
