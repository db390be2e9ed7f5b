"""The part of a label kind that people meet: the form, their answers, and what their answers add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")
"""The kind's own frozen dataclass: one object in an annotation, a label or a prediction; it compares by value."""


@dataclass(frozen=True)
class Agreed(Generic[T]):
    """The outcome of the votes on one image."""

    state: str
    """`labelled`, `empty` or `unsure`, as in the table `labels`."""
    votes: int
    agreement_ratio: float
    objects: tuple[T, ...] = ()


@dataclass(frozen=True)
class Agreement:
    """Agreement over all pairs of answers to the same image."""

    images: int
    """Images with at least two answers."""
    pairs: int
    agreeing_ratio: float | None
    """None without a pair."""
    pairwise: dict[tuple[str, str], tuple[int, float]]
    """Two annotators → pairs of answers, and how many of them agree."""
    says: str
    """The kind's own measure in words, to stand behind the ratio; empty without a pair."""


class Labeling(Protocol[T]):
    """Form, parsing, validation, consensus and agreement of one kind."""

    @property
    def control_xml(self) -> str:
        """The part of Label Studio's form that people answer with; it names the image `picture`."""
        ...

    @property
    def hint(self) -> str:
        """The line below the form: how to say that nothing is there, and that one cannot tell."""
        ...

    @property
    def asked(self) -> Any:
        """What the meaning of an answer depends on beside the question, as JSON: digested into the name of the form."""
        ...

    def read(self, result: Sequence[Mapping[str, Any]]) -> tuple[T, ...]:
        """The objects of one answer, from Label Studio's `result`; regions of another form are passed over."""
        ...

    def can_vote(self, objects: Sequence[T]) -> bool:
        """False for an answer to another question: it names a class, say, that the project no longer has."""
        ...

    def agree(self, answers: Sequence[Sequence[T]]) -> Agreed[T]:
        """The label that answers of different people to one image add up to; the order of the answers does not matter."""
        ...

    def agreement(self, answers: Mapping[str, Mapping[str, Sequence[T]]]) -> Agreement:
        """How far people agree, from image → annotator → objects."""
        ...

    def counts(self, objects: Iterable[T]) -> dict[str, int]:
        """How many objects there are of each class or other group that people know, sorted by name."""
        ...

    def describe(self, objects: Sequence[T]) -> str:
        """An answer or a label in a few words."""
        ...

    def as_columns(self, one: T) -> Mapping[str, Any]:
        """An object as columns of `annotation_objects` and `label_objects`; those left out are null."""
        ...

    def from_columns(self, row: Mapping[str, Any]) -> T:
        """The object that a row of these tables holds."""
        ...
