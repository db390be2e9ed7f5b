"""What people can be asked for, one module a label kind, behind one protocol."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Protocol

from pipeline_tasks.annotations.class_kind import ClassKind

Thing = Mapping[str, Any]
"""One thing in an answer or a label: columns of `AnnotationObject` and `LabelObject`; those left out are null."""


class LabelKind(Protocol):
    """All that differs between asking for a class, a box, a mask."""

    def control_xml(self, class_names: Sequence[str]) -> str:
        """The part of Label Studio's form that people answer with."""
        ...

    def things(self, result: Sequence[Mapping[str, Any]]) -> list[Thing]:
        """The things that one answer names."""
        ...

    def vote(self, things: Sequence[Thing], class_names: Sequence[str]) -> Hashable | None:
        """What one answer stands for among others; `()` for "nothing is there", None for no vote at all."""
        ...

    def things_of_vote(self, vote: Hashable) -> list[Thing]:
        """The things of a label that this vote has won."""
        ...


KINDS: dict[str, LabelKind] = {"class": ClassKind()}
"""Label kind in the project file → what knows about it."""
