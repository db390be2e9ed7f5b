"""Description of a dataset version in its index, beside the rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from pipeline_tasks.json_values import Json, JsonObject
from pipeline_tasks.records.reading import read_record


@dataclass(frozen=True)
class GoldenSet:
    """The golden images of a version's test split, named by their content."""

    name: str
    images: int
    sha256: str


@dataclass(frozen=True)
class VersionAbout:
    """The label kind and classes of a version, and what was found when it was frozen."""

    label_kind: str = ""
    class_names: list[str] = field(default_factory=list)
    """The kind's vocabulary, by its name in the index of earlier releases."""
    leak_report: dict[str, int] = field(default_factory=dict)
    """See `BuildDatasetVersionSummary.leak_report`."""
    golden: GoldenSet | None = None
    options: JsonObject = field(default_factory=dict)
    """Settings of the label kind's own, from the section `labels` of the project file; without any in earlier releases."""

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Names that the version's labels may use."""
        return tuple(self.class_names)

    def as_json(self) -> dict[str, Json]:
        """The fields as an index keeps them: only those that say something."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_json(cls, fields: JsonObject, where: str) -> VersionAbout:
        """Read what an index keeps.

        Raises:
            CorruptObjectError: a field holds something else.
        """
        return read_record(cls, fields, where)
