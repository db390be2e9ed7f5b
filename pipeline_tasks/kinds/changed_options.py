"""Settings of a kind's own that give stored annotations another meaning when they change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline_tasks.json_values import Json


@dataclass(frozen=True)
class ChangedOption:
    """A key of the section `labels` whose value is another one than that of the annotations."""

    key: str
    before: Json
    now: Json


def changed_options(before: Mapping[str, Json], now: Mapping[str, Json], keys: Iterable[str]) -> list[ChangedOption]:
    """Those of these keys whose values differ; one that was not stated before has not changed."""
    return [ChangedOption(key, before[key], now.get(key)) for key in keys if key in before and before[key] != now.get(key)]
