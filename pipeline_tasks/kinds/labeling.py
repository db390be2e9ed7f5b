"""Part of a label kind for annotators: form, annotations, and their resolution into labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Generic, Protocol, TypeVar

from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.kinds.agreement import Agreement, AgreementMeasure
from pipeline_tasks.kinds.object_changes import ObjectChanges

T = TypeVar("T")
"""The kind's frozen dataclass for one object in an annotation, a label or a prediction; compared by value."""


@dataclass(frozen=True)
class Agreed(Generic[T]):
    """Result of the votes on one image."""

    state: str
    """`labelled`, `empty` or `unsure`, as in the table `labels`; `unmatched` is for who reads the annotations to say."""
    votes: int
    agreement_ratio: float
    """Mean of the kind's measure over the votes, each compared with the label."""
    objects: tuple[T, ...] = ()


@dataclass(frozen=True)
class ObjectColumns:
    """One object in the tables `annotation_objects` and `label_objects`: their columns that say what it is."""

    label_kind: str
    class_name: str | None = None
    x_min_px: float | None = None
    y_min_px: float | None = None
    width_px: float | None = None
    height_px: float | None = None
    points_px: Sequence[float] | None = None
    mask_rle: str | None = None
    text: str | None = None


OBJECT_COLUMNS = tuple(one.name for one in fields(ObjectColumns))
"""The columns of a row of these tables that `ObjectColumns` takes."""


class Labeling(Protocol[T]):
    """Form, parsing, validation, consensus and agreement of one kind."""

    @property
    def control_xml(self) -> str:
        """Controls of Label Studio's form; they refer to the image as `picture`."""
        ...

    @property
    def question(self) -> str:
        """Question above the form of a project that states none."""
        ...

    @property
    def hint(self) -> str:
        """Line below the form: how to submit an empty annotation, and how to skip."""
        ...

    @property
    def asked(self) -> Any:
        """JSON that an annotation's meaning depends on, beside the question; part of the form's digest."""
        ...

    def read(self, result: Sequence[JsonObject]) -> tuple[Any, ...]:
        """Objects of one annotation, from Label Studio's `result`; answers to questions that people added are skipped.

        An annotation of another form altogether becomes objects that say so (`kinds.refused`, also for what is not valid): it must
        never look empty.
        """
        ...

    def write(self, objects: Sequence[T], size_px: tuple[int, int]) -> list[JsonObject]:
        """Objects in an image of this width and height as Label Studio's `result`; the inverse of `read`."""
        ...

    def can_vote(self, objects: Sequence[T]) -> bool:
        """Return False for an annotation that answered another question, for example with a removed class."""
        ...

    def unknown(self, objects: Sequence[T]) -> tuple[str, ...]:
        """Names in an annotation that the project does not have; they are counted and shown to people."""
        ...

    def agree(self, annotations: Sequence[Sequence[T]]) -> Agreed[T]:
        """Label from several people's annotations of one image, independent of their order."""
        ...

    @property
    def agreement_measure(self) -> AgreementMeasure:
        """The measure behind `agreement_ratio` and `agreement`, in words."""
        ...

    def agreement(self, annotations: Mapping[str, Mapping[str, Sequence[T]]]) -> Agreement:
        """Agreement between annotators, from image → annotator → objects."""
        ...

    def object_changes(self, before: Sequence[T], after: Sequence[T]) -> ObjectChanges:
        """Differences between the objects of two labels of one image."""
        ...

    def counts(self, objects: Iterable[T]) -> dict[str, int]:
        """Number of objects of each class or other group, sorted by name."""
        ...

    def says(self, objects: Sequence[T]) -> str:
        """The objects of one label or annotation in a few words; `nothing there` for none."""
        ...

    def as_json(self, objects: Sequence[T]) -> dict[str, list[str]]:
        """The same as fields for `explain`."""
        ...

    def as_columns(self, one: T) -> ObjectColumns:
        """An object as these tables keep it."""
        ...

    def from_columns(self, columns: ObjectColumns) -> T:
        """Read an object as these tables keep it."""
        ...
