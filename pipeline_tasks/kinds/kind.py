"""Protocol of a label kind, opened with the settings of one project.

A kind has one part for each step of the night. Each part is its own module, loaded when first used, so that the prediction
server reads neither tables nor torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pipeline_tasks.json_values import NO_FIELDS, Json
from pipeline_tasks.kinds.changed_options import ChangedOption
from pipeline_tasks.kinds.decoding import Decoding
from pipeline_tasks.kinds.labeling import Labeling
from pipeline_tasks.kinds.name_changes import NameChanges

if TYPE_CHECKING:
    from pydantic import BaseModel

    # Imported for types only: the prediction server's environment cannot import tables.
    from pipeline_tasks.kinds.choosing import Choosing
    from pipeline_tasks.kinds.freezing import Freezing
    from pipeline_tasks.kinds.modelling import Modelling
    from pipeline_tasks.kinds.reporting import Reporting
    from pipeline_tasks.kinds.scoring import Scoring
    from pipeline_tasks.settings.labels import KindSettings
    from pipeline_tasks.settings.section import Settings

K = TypeVar("K", bound="Kind", covariant=True)


class Kind(Protocol):
    """All that differs between classes, boxes and masks."""

    @property
    def name(self) -> str:
        """Name of the label kind in the project file."""
        ...

    @property
    def about(self) -> Mapping[str, Json]:
        """JSON that a dataset_id digests beside the kind's name; for the kind `class` the list of classes."""
        ...

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Names that labels and models of this kind may use, in order; empty if there are none."""
        ...

    @property
    def options(self) -> Mapping[str, Json]:
        """Settings of the kind's own, beside the vocabulary; a dataset version keeps them to open the kind again."""
        ...

    def refused_changes(self, before: Mapping[str, Json]) -> Sequence[ChangedOption]:
        """Changes of `options` that would give annotations another meaning, which were made under these earlier ones.

        A change after which every annotation still says the same is none of them, such as a new class.
        """
        ...

    @property
    def changes(self) -> NameChanges:
        """Names of earlier vocabularies, and what became of them; none for a kind of a model or a version."""
        ...

    @property
    def properties(self) -> Mapping[str, str]:
        """Fields for a model file's `metadata_props`."""
        ...

    @property
    def labeling(self) -> Labeling[Any]:
        """Form for annotators, and resolution of annotations into labels."""
        ...

    @property
    def decoding(self) -> Decoding[Any, Any]:
        """Decoding of a model's outputs to objects and predictions."""
        ...

    @property
    def scoring(self) -> Scoring[Any]:
        """Scoring of models."""
        ...

    @property
    def freezing(self) -> Freezing:
        """Rule for the labels that a dataset version may hold."""
        ...

    @property
    def modelling(self) -> Modelling:
        """Training and export of models."""
        ...

    @property
    def choosing(self) -> Choosing:
        """Labels and models for the selection of images."""
        ...

    @property
    def reporting(self) -> Reporting:
        """Report sections on labels and models."""
        ...


class KindOpener(Protocol[K]):
    """Class of a kind in the registry; opens the kind from any of its stored forms."""

    def prediction_model(self) -> type[BaseModel]:
        """Fields that this kind adds to the prediction server's response."""
        ...

    def settings_model(self) -> type[Settings]:
        """Keys of the section `labels` for this kind; `NoSettings` if it has none."""
        ...

    def from_settings(self, settings: KindSettings) -> K:
        """Open the kind from a project file; a kind without classes gets none.

        Raises:
            SettingsError: the kind cannot have these classes or changes of their names.
        """
        ...

    def from_vocabulary(self, vocabulary: Sequence[str], options: Mapping[str, Json] = NO_FIELDS) -> K:
        """Open the kind for the names and the options that a dataset version was made with."""
        ...

    def from_properties(self, properties: Mapping[str, str]) -> K:
        """Open the kind from a model's file.

        Raises:
            KeyError, ValueError, TypeError: the file lacks the kind's fields, or they are invalid.
        """
        ...
