"""Imports of responses from files of labeling services: an object for each import, numbered, which the next collection takes in.

The responses' content is in the annotation log, which is written first; an import is here whole or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from pipeline_tasks.errors import AlreadyThereError, CorruptObjectError
from pipeline_tasks.json_values import JsonObject
from pipeline_tasks.records.imported_response import ImportedResponse
from pipeline_tasks.records.reading import read_record
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.fail_points import around
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.storage.objects.seal import sealed, unsealed
from pipeline_tasks.upgrades import forms
from pipeline_tasks.upgrades.json_fields import marked, upgraded_fields


@dataclass(frozen=True)
class ResponseFile:
    """One import."""

    sequence: int
    service: str
    responses: Sequence[ImportedResponse]


def put_responses(objects: ObjectStore, service: str, responses: Sequence[ImportedResponse]) -> int:
    """Write an import under the next number, and return it."""
    while True:
        sequence = max((_number(key) for key in objects.list(layout.RESPONSES)), default=0) + 1
        fields: JsonObject = {"sequence": sequence, "service": service, "responses": [asdict(one) for one in responses]}
        content = json.dumps(sealed(marked(forms.RESPONSE_FILE, fields)), sort_keys=True).encode()
        try:
            with around("responses.put"):
                objects.write_new(layout.responses(sequence), content)
        except AlreadyThereError:
            continue  # Another import was quicker.
        return sequence


def read_responses(objects: ObjectStore, after: int = 0) -> Iterator[ResponseFile]:
    """Yield the imports with a higher number than `after`, in order.

    Raises:
        CorruptObjectError: an import is damaged.
    """
    for key in objects.list(layout.RESPONSES):
        if _number(key) > after:
            yield _parse(objects.read(key).content, key)


def _parse(content: bytes, where: str) -> ResponseFile:
    try:
        fields = upgraded_fields(forms.RESPONSE_FILE, unsealed(json.loads(content), where), where)
        responses = [read_record(ImportedResponse, one, where) for one in fields["responses"]]
        return ResponseFile(int(fields["sequence"]), str(fields["service"]), responses)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorruptObjectError(f"{where}: not an import of responses: {error}") from error


def _number(key: str) -> int:
    return int(key.removeprefix(layout.RESPONSES).removesuffix(".json"))
