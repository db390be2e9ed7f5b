"""Messages about wrong settings: the key, the value, and what it must be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from inspect import isclass
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline_tasks.registry import nearest, unknown
from pipeline_tasks.settings.project import Project
from pipeline_tasks.settings.source import SourceSettings, settings_model


def problems(error: ValidationError, content: object) -> list[str]:
    """Problems of a project file of this content, one line a key; what only follows from another problem is left out."""
    found = error.errors()
    strangers = [one["loc"] for one in found if one["type"] == "extra_forbidden"]
    misspelled = {(*loc[:-1], nearest(str(loc[-1]), _keys_at(loc, content))) for loc in strangers}
    lines: dict[str, list[str]] = {}
    for one in found:
        if one["loc"] not in misspelled and not _follows(one, found):
            lines.setdefault(_key(one["loc"]), []).append(_message(one, content))
    return [f"{key}: {'; or '.join(messages)}" if key else "; ".join(messages) for key, messages in lines.items()]


def _message(one: ErrorDetails, content: object) -> str:
    if one["type"] == "missing":
        return "a value is missing"
    if one["type"] == "extra_forbidden":
        return unknown("key", str(one["loc"][-1]), _keys_at(one["loc"], content))
    if one["type"] == "value_error":
        # Our own sentence, which says all.
        return one["msg"].removeprefix("Value error, ")
    # A project file has lists; that settings keep them as tuples is nobody's business there.
    wanted = "must be a list" if one["type"] == "tuple_type" else re.sub("^[A-Z][a-z]+ should", "must", one["msg"])
    return f"{wanted}, not {one['input']!r}"


def _follows(one: ErrorDetails, found: Sequence[ErrorDetails]) -> bool:
    """Tell whether a list is too short only because one of its items is wrong."""
    loc = one["loc"]
    return one["type"] == "too_short" and any(other["loc"][: len(loc)] == loc != other["loc"] for other in found)


def _key(loc: tuple[int | str, ...]) -> str:
    """The key as a person would write it: without the names that pydantic gives to the choices of a union."""
    return ".".join(str(step) for step in loc if "[" not in str(step) and step != "str")


def _keys_at(loc: tuple[int | str, ...], content: object) -> list[str]:
    """Keys that are known where a key stands."""
    model: type[BaseModel] | None = Project
    for step in loc[:-1]:
        content = _inside(content, step)
        if model is not None and isinstance(step, str):
            field = model.model_fields.get(step)
            model = None if field is None else _model_in(field.annotation)
    if model is SourceSettings:
        model = settings_model(content) or model
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
