"""Messages about wrong settings: the key, the value, and what it must be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from inspect import isclass
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from pipeline_tasks.registry import nearest, unknown
from pipeline_tasks.settings.labels import DEFAULT_KIND, labels_model
from pipeline_tasks.settings.project import Project
from pipeline_tasks.settings.section import Settings
from pipeline_tasks.settings.source import SourceSettings, settings_model

_WANTED = {
    "string_type": "must be text",
    "invalid_key": "a key must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list",
    "dict_type": "must be a section of `key: value` lines",
    "model_type": "must be a section of `key: value` lines",
    "too_short": "must have at least {min_length} entries",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "string_pattern_mismatch": "must match {pattern}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
}
"""Pydantic's kind of fault → our words, about the file and not about Python's types."""

Place = tuple[int | str, ...]
LABELS = "labels"
"""Section of the label kind's own keys."""


def problems(error: ValidationError, content: object) -> list[str]:
    """Problems of a project file of this content, one line a key; what only follows from another problem is left out."""
    found = error.errors()
    strangers = [one["loc"] for one in found if one["type"] == "extra_forbidden"]
    misspelled = {(*loc[:-1], nearest(str(loc[-1]), _keys_at(loc, content))) for loc in strangers}
    lines: dict[str, list[str]] = {}
    for one in found:
        if one["loc"] not in misspelled and not _follows(one, found):
            for place in _lacking(one):
                lines.setdefault(_key(place), []).append(_message(one, content))
    return [f"{key}: {'; or '.join(messages)}" if key else "; ".join(messages) for key, messages in lines.items()]


def _lacking(one: ErrorDetails) -> Iterator[Place]:
    """The keys that a fault is about: of a section that is missing, those that have no default."""
    is_missing = one["type"] == "missing" or (one["type"] == "model_type" and one["input"] is None)
    model = _section_at(one["loc"]) if is_missing else None
    if model is None:
        yield one["loc"]
    else:
        yield from ((*one["loc"], name) for name, field in model.model_fields.items() if field.is_required())


def _message(one: ErrorDetails, content: object) -> str:
    if one["type"] == "missing" or (one["type"] == "model_type" and one["input"] is None):
        return "a value is missing; it has no default"
    if one["type"] == "extra_forbidden":
        return _unknown_key(one["loc"], content)
    if one["type"] == "value_error":
        # Our own sentence, which says all.
        return one["msg"].removeprefix("Value error, ")
    context = {name: f"{value:g}" if isinstance(value, float) else value for name, value in one.get("ctx", {}).items()}
    if one["type"] == "literal_error":
        return unknown("value", str(one["input"]), re.findall(r"'([^']*)'", str(context["expected"])))
    wanted = _WANTED.get(one["type"], re.sub("^[A-Z][a-z]+ should", "must", one["msg"])).format(**context)
    found = "and is empty" if one["input"] is None else f"not {_shown(one['input'])}"
    way_out = _way_out(str(one["loc"][-1]), one["input"]) if one["type"] in ("string_type", "invalid_key") else ""
    return f"{wanted.replace(' 1 entries', ' 1 entry')}, {found}{way_out}"


def _shown(value: object) -> str:
    """A value as the file has it."""
    return str(value) if isinstance(value, date) else str(value).lower() if isinstance(value, bool) else repr(value)


def _way_out(key: str, value: object) -> str:
    """Advice where YAML has read a text as something else: `no` as false, `22:00` as 1320."""
    if key == "schedule" and isinstance(value, int) and 0 <= value < 24 * 60:
        return f'; for {value // 60}:{value % 60:02} every day write "{value % 60} {value // 60} * * *"'
    if isinstance(value, bool):
        return "; put it in quotes, for YAML reads yes, no, on and off as true or false"
    return "; put it in quotes" if isinstance(value, int | float | date) else ""


def _unknown_key(loc: Place, content: object) -> str:
    """A key that is not known here, and where it is known."""
    key, known = str(loc[-1]), _keys_at(loc, content)
    if loc[0] == LABELS and not known:
        return f"unknown key {key!r}: the label kind {_label_kind(content)!r} has no settings of its own here"
    homes = [str(name) for name, field in Project.model_fields.items() if key in _fields(_model_of(name, field, content))]
    if key in Project.model_fields:
        return f"unknown key {key!r} here; it belongs to the top of the file"
    if homes and homes[0] not in loc and nearest(key, known) is None:
        return f"unknown key {key!r} here; it belongs to the section {homes[0]!r}"
    return unknown("key", key, known)


def _follows(one: ErrorDetails, found: Sequence[ErrorDetails]) -> bool:
    """Tell whether a list is too short only because one of its items is wrong."""
    loc = one["loc"]
    return one["type"] == "too_short" and any(other["loc"][: len(loc)] == loc != other["loc"] for other in found)


def _key(loc: Place) -> str:
    """The key as a person would write it: without the names that pydantic gives to the choices of a union."""
    return ".".join(str(step) for step in loc if "[" not in str(step) and step != "str")


def _keys_at(loc: Place, content: object) -> list[str]:
    """Keys that are known where a key stands."""
    model: type[BaseModel] | None = Project
    whole = content
    for step in loc[:-1]:
        content = _inside(content, step)
        if model is not None and isinstance(step, str):
            field = model.model_fields.get(step)
            model = None if field is None else _model_of(step, field, whole)
    if model is SourceSettings:
        model = settings_model(content) or model
    return list(_fields(model))


def _section_at(loc: Place) -> type[BaseModel] | None:
    """The settings model of a whole section, not of a list of them."""
    field = Project.model_fields.get(str(loc[0])) if len(loc) == 1 else None
    annotation = None if field is None else field.annotation
    return annotation if isclass(annotation) and issubclass(annotation, BaseModel) else None


def _model_of(name: str, field: FieldInfo, content: object) -> type[BaseModel] | None:
    """The settings model of a field; that of the section `labels` comes with the label kind."""
    model = _model_in(field.annotation)
    return labels_model(_label_kind(content)) if model is Settings else model


def _label_kind(content: object) -> object:
    """The label kind that a file of this content names."""
    return content.get("label_kind", DEFAULT_KIND) if isinstance(content, dict) else DEFAULT_KIND


def _fields(model: type[BaseModel] | None) -> list[str]:
    return [] if model is None else list(model.model_fields)


def _inside(content: object, step: int | str) -> object:
    """A part of the file's content, None where there is none."""
    if isinstance(content, dict):
        return content.get(step)
    return content[step] if isinstance(content, list) and isinstance(step, int) else None


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The settings model of a field, also where it is optional or in a tuple."""
    if isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for one in get_args(annotation) if (model := _model_in(one)) is not None), None)
