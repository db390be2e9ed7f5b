"""Single values of a project's state; an event sets a value whole, and the newest one counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import ClassVar, Self, TypeVar

from pipeline_tasks.errors import CorruptObjectError
from pipeline_tasks.json_values import Json, JsonObject
from pipeline_tasks.records.reading import read_record


@dataclass(frozen=True)
class StateValue:
    """One value of the state, and its JSON in the ledger."""

    key: ClassVar[str]

    def as_json(self) -> Json:
        """The value as stored in an event."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: object, where: str) -> Self:
        """Read the value from an event.

        Raises:
            CorruptObjectError: the content is not such a value.
        """
        if not isinstance(content, dict):
            raise CorruptObjectError(f"{where}: wanted the fields of a {cls.__name__}, found {content!r}")
        return read_record(cls, content, where)


V = TypeVar("V", bound=StateValue)


@dataclass(frozen=True)
class Champion(StateValue):
    """The model in production."""

    key: ClassVar[str] = "champion"

    model_digest: str
    dataset_id: str
    cycle_id: str
    """The cycle that trained it."""
    registry_version: str | None


@dataclass(frozen=True)
class Candidate(StateValue):
    """The newest exported model."""

    key: ClassVar[str] = "candidate"

    model_digest: str
    dataset_id: str
    dataset_cycle_id: str
    """The cycle whose `dataset_images` holds its training version."""
    cycle_id: str
    """The cycle that trained it."""
    registry_version: str | None


@dataclass(frozen=True)
class Dataset(StateValue):
    """The dataset version that the newest training used or would use."""

    key: ClassVar[str] = "dataset"

    dataset_id: str
    cycle_id: str
    """The cycle whose `dataset_images` holds its rows."""


@dataclass(frozen=True)
class RestoredDataset(StateValue):
    """The dataset version that a person restored; trainings use it instead of the current labels."""

    key: ClassVar[str] = "restored_dataset"

    dataset_id: str
    cycle_id: str
    """The cycle whose `dataset_images` holds its rows."""
    restored_in: str
    """The cycle of the restore."""

    @property
    def dataset(self) -> Dataset:
        """The version by itself."""
        return Dataset(self.dataset_id, self.cycle_id)


@dataclass(frozen=True)
class Engine(StateValue):
    """The inference engine that ran the project's first images."""

    key: ClassVar[str] = "engine"

    name: str

    def as_json(self) -> str:
        """Its name alone."""
        return self.name

    @classmethod
    def from_json(cls, content: object, where: str) -> Self:
        """Read a name."""
        return read_record(cls, {"name": content}, where)


@dataclass(frozen=True)
class Collection(StateValue):
    """The newest announced collection, which may move objects from then on."""

    key: ClassVar[str] = "collection"

    cycle_id: str

    def as_json(self) -> str:
        """Its cycle alone."""
        return self.cycle_id

    @classmethod
    def from_json(cls, content: object, where: str) -> Self:
        """Read a cycle_id."""
        return read_record(cls, {"cycle_id": content}, where)


@dataclass(frozen=True)
class LabelStudioLooks(StateValue):
    """The newest change that was seen in each Label Studio project, by Label Studio's own clock."""

    key: ClassVar[str] = "label_studio_looks"

    newest_changes: Mapping[int, str]
    """Label Studio project id → time."""

    def as_json(self) -> dict[str, str]:
        """Time by project id; JSON's keys are text."""
        return {str(project_id): moment for project_id, moment in self.newest_changes.items()}

    @classmethod
    def from_json(cls, content: object, where: str) -> Self:
        """Read times by project id."""
        return read_record(cls, {"newest_changes": content}, where)


@dataclass(frozen=True)
class LabelStudioMoves(StateValue):
    """Label Studio projects that were deleted there and made again."""

    key: ClassVar[str] = "label_studio_moves"

    places: Mapping[int, int]
    """Recorded project id → id of the project that stands in its place."""

    def as_json(self) -> Json:
        """Place by project id; JSON's keys are text."""
        return {str(project_id): place for project_id, place in self.places.items()}

    @classmethod
    def from_json(cls, content: object, where: str) -> Self:
        """Read places by project id."""
        return read_record(cls, {"places": content}, where)


@dataclass(frozen=True)
class MovedRounds(StateValue):
    """Rounds whose Label Studio project was deleted there and made again."""

    key: ClassVar[str] = "moved_rounds"

    urls: Mapping[str, str]
    """Round → the address of its tab now."""


@dataclass(frozen=True)
class ResponsesTaken(StateValue):
    """The newest import of responses from a file of a labeling service that was collected."""

    key: ClassVar[str] = "responses_taken"

    sequence: int


@dataclass(frozen=True)
class LabelingPauses(StateValue):
    """Pauses of the project's labeling, in order; the last one may stand."""

    key: ClassVar[str] = "labeling_pauses"

    spans: Sequence[tuple[str, str | None]] = ()
    """Beginning and end of each, ISO times; an end of None: it stands."""

    @property
    def paused_at(self) -> str | None:
        """Beginning of the pause that stands."""
        return self.spans[-1][0] if self.spans and self.spans[-1][1] is None else None

    def begun(self, at: str) -> LabelingPauses:
        """These, and one that begins; one that stands stays as it is."""
        return self if self.paused_at else LabelingPauses([*self.spans, (at, None)])

    def ended(self, at: str) -> LabelingPauses:
        """These, with the last one ended."""
        return LabelingPauses([*self.spans[:-1], (self.spans[-1][0], at)])

    def held_s(self, since: datetime, until: datetime) -> float:
        """Seconds of all pauses between two moments."""
        spans = ((datetime.fromisoformat(begun), datetime.fromisoformat(ended) if ended else until) for begun, ended in self.spans)
        return sum(max(0.0, (min(ended, until) - max(begun, since)).total_seconds()) for begun, ended in spans)


@dataclass(frozen=True)
class SliceRequest:
    """Labelled images that a person wants more of: those like the test images of a found slice."""

    words: str
    """The slice's rule."""
    about: str
    value: str
    cycle_id: str
    """The cycle that found it."""
    number: int
    """Its number there."""
    images: int
    """Labelled images wanted in all."""


@dataclass(frozen=True)
class SliceRequests(StateValue):
    """Standing requests for images of found slices, in the order in which they were made."""

    key: ClassVar[str] = "slice_requests"

    requests: Sequence[SliceRequest] = ()

    def of(self, cycle_id: str, number: int) -> SliceRequest | None:
        """The request for this slice."""
        return next((one for one in self.requests if (one.cycle_id, one.number) == (cycle_id, number)), None)

    def with_one(self, one: SliceRequest) -> SliceRequests:
        """These, and another; it replaces an earlier one for the same slice, and one for no images withdraws that."""
        others = [each for each in self.requests if (each.cycle_id, each.number) != (one.cycle_id, one.number)]
        return SliceRequests([*others, one] if one.images else others)


@dataclass(frozen=True)
class Ended:
    """Removes a value of this kind from the state."""

    kind: type[StateValue]


Change = StateValue | Ended


def changes_as_json(changes: Sequence[Change]) -> dict[str, Json]:
    """Changes of an event: value key → JSON, null for an ended value."""
    return {(one.kind if isinstance(one, Ended) else one).key: None if isinstance(one, Ended) else one.as_json() for one in changes}


def value_in(values: JsonObject, kind: type[V], where: str) -> V | None:
    """Read one value from those that events have set; None if it was never set or has ended.

    Raises:
        CorruptObjectError: the content is not such a value.
    """
    content = values.get(kind.key)
    return None if content is None else kind.from_json(content, f"{where}, {kind.key}")
