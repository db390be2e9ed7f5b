"""Versions of JSON objects: `form_version` and `form_release` stand among the fields from version 2 on."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.upgrades.form import Form

Fields = JsonObject

VERSION = "form_version"
RELEASE = "form_release"


def marked(form: Form[Fields], fields: Fields) -> Fields:
    """Fields of today as they are written: as they are in version 1, with version and release in any later one."""
    return dict(fields) if form.version == 1 else {**fields, VERSION: form.version, RELEASE: form.release}


def upgraded_fields(form: Form[Fields], fields: Fields, where: str) -> Fields:
    """Fields as they were written, brought to today's version and without their marks.

    Raises:
        NewerFormError: a later Nightlens wrote them.
    """
    content = {name: value for name, value in fields.items() if name not in (VERSION, RELEASE)}
    return form.upgraded(content, int(fields.get(VERSION, 1)), fields.get(RELEASE), where)


def without_keys(content: object, paths: Sequence[Sequence[int | str]]) -> object:
    """A copy of nested JSON without the keys at these paths."""
    copy: Any = deepcopy(content)
    for path in paths:
        holder = copy
        for step in path[:-1]:
            holder = holder[step]
        del holder[path[-1]]
    return copy
