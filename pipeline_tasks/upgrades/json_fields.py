"""Versions of JSON objects: from version 2 on, the fields include `form_version` and `form_release`."""

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
    """Fields as they are written: unchanged in version 1, with version and release in later ones."""
    return dict(fields) if form.version == 1 else {**fields, VERSION: form.version, RELEASE: form.release}


def upgraded_fields(form: Form[Fields], fields: Fields, where: str) -> Fields:
    """Convert fields of any version to today's, without version and release.

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
