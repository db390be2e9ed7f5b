"""Index of an append-only folder: files `index-<n>.json`, the newest whole one of which tells what stands."""

from __future__ import annotations

import json

from airflow.sdk import ObjectStoragePath

from pipeline_tasks.json_values import JsonObject

_NAME = "index-"


def newest_index(folder: ObjectStoragePath) -> tuple[int, JsonObject]:
    """Number and content of the newest whole index; 0 and nothing if there is none.

    One that a killed writer left half-written counts for nothing, and is replaced by the next.
    """
    for number in sorted(_numbers(folder), reverse=True):
        try:
            content: JsonObject = json.loads(_file(folder, number).read_text())
        except ValueError:
            continue
        except FileNotFoundError:
            if number in _numbers(folder):
                raise
            return newest_index(folder)  # Another pull wrote newer ones and dropped this one since it was listed.
        return number, content
    return 0, {}


def keep_index(folder: ObjectStoragePath, number: int, content: JsonObject) -> None:
    """Write the index that follows number - 1, then drop those before that, which nothing reads any more.

    The one before stays: it is whole, and stands if this one is not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _file(folder, number).write_text(json.dumps(content, sort_keys=True))
    for one in _numbers(folder):
        if one < number - 1:
            _file(folder, one).unlink(missing_ok=True)


def _numbers(folder: ObjectStoragePath) -> list[int]:
    names = [file.name for file in folder.iterdir()] if folder.exists() else []
    inner = [name.removeprefix(_NAME).removesuffix(".json") for name in names if name.startswith(_NAME) and name.endswith(".json")]
    return [int(one) for one in inner if one.isdigit()]


def _file(folder: ObjectStoragePath, number: int) -> ObjectStoragePath:
    return folder / f"{_NAME}{number}.json"
