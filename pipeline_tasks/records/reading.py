"""Reader of records from the JSON of events."""

from __future__ import annotations

from dataclasses import Field
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from pipeline_tasks.errors import CorruptObjectError
from pipeline_tasks.json_values import JsonObject

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")


class StageRecord(Protocol):
    """Frozen dataclass of JSON-able fields that knows which stage records it."""

    stage: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


def read_record(kind: type[R], fields: JsonObject, where: str) -> R:
    """Read a record, nested ones too; unknown keys are dropped, missing ones get their defaults.

    Raises:
        CorruptObjectError: a field without a default is missing, or holds something of another type.
    """
    try:
        record: R = _adapter(kind).validate_python(fields)
    except ValidationError as error:
        raise CorruptObjectError(f"{where}: wanted a {kind.__name__}: {_first_fault(error)}") from error
    return record


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    field = ".".join(str(step) for step in fault["loc"])
    if fault["type"] == "missing":
        return f"the field {field} is missing"
    return f"the field {field} holds {fault['input']!r}: {fault['msg']}"
