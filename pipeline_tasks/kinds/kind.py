"""The protocol of a label kind, opened for the settings of one project.

A kind has one part for each step of the night. Each part is a module of its own, loaded when it is asked for, so that the
prediction server reads neither tables nor torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pipeline_tasks.kinds.decoding import Decoding
from pipeline_tasks.kinds.labeling import Labeling

if TYPE_CHECKING:
    from pydantic import BaseModel

    # These read tables; the prediction server has nothing to read them with.
    from pipeline_tasks.kinds.choosing import Choosing
    from pipeline_tasks.kinds.modelling import Modelling
    from pipeline_tasks.kinds.reporting import Reporting
    from pipeline_tasks.kinds.scoring import Scoring

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
    def vocabulary(self) -> tuple[str, ...]:
        """The names that a label or a model of this kind may use, in their order; empty where there are none."""
        ...

    @property
    def properties(self) -> Mapping[str, str]:
        """What a model's file keeps of the kind, among its `metadata_props`."""
        ...

    @property
    def labeling(self) -> Labeling[Any]:
        """What people are asked, and how their answers become labels."""
        ...

    @property
    def decoding(self) -> Decoding[Any]:
        """How the outputs of a model become objects and answers."""
        ...

    @property
    def scoring(self) -> Scoring[Any]:
        """How models are judged."""
        ...

    @property
    def modelling(self) -> Modelling:
        """How models are trained and exported."""
        ...

    @property
    def choosing(self) -> Choosing:
        """What a selection of images may know of labels and models."""
        ...

    @property
    def reporting(self) -> Reporting:
        """What the cycle's report says of labels and models."""
        ...


class KindOpener(Protocol[K]):
    """The class of a kind, as the registry names it: opens the kind from wherever its settings were kept."""

    def answer_model(self) -> type[BaseModel]:
        """The fields that an answer of this kind adds to what the prediction server says of every image."""
        ...

    def from_settings(self, settings: Mapping[str, Any]) -> K:
        """Open the kind for the keys of a project file.

        Raises:
            SettingsError: a key of this kind is missing or wrong.
        """
        ...

    def from_about(self, about: Mapping[str, Any]) -> K:
        """Open the kind for what a dataset version's index keeps of it."""
        ...

    def from_properties(self, properties: Mapping[str, str]) -> K:
        """Open the kind for what a model's file keeps of it.

        Raises:
            KeyError, ValueError, TypeError: it keeps nothing of this kind, or something else.
        """
        ...
