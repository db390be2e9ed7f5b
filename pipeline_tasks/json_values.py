"""Types of JSON: values that Nightlens writes, and an object as another program or an earlier release wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""A value that is written as JSON, checked all the way down: a time or a path in it is a type error."""

NO_FIELDS: Mapping[str, Json] = MappingProxyType({})
"""An object without fields, as a default."""

JsonObject: TypeAlias = dict[str, Any]
"""An object of JSON as it was read, before a module turns it into a record. `tests/house/test_records.py` lists those modules."""
