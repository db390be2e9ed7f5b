"""Tests of imports of responses as objects."""

from __future__ import annotations

import pytest

from pipeline_tasks.errors import CorruptObjectError
from pipeline_tasks.records.imported_response import ImportedResponse
from pipeline_tasks.storage.blobs.response_files import put_responses, read_responses
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects


def test_put_responses__numbers_the_imports_and_a_reader_goes_on_behind_the_last_it_took() -> None:
    objects, first, second = (
        MemoryObjects(),
        ImportedResponse("mturk-1", "r", "t", "round"),
        ImportedResponse("scale-1", "r", "t", "round"),
    )

    assert [put_responses(objects, "mturk", [first]), put_responses(objects, "scale", [second])] == [1, 2]
    assert [one.responses for one in read_responses(objects)] == [[first], [second]]
    assert [one.service for one in read_responses(objects, after=1)] == ["scale"]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"sequence": 1}', b'{"sequence": "one", "service": "mturk", "responses": []}'])
def test_read_responses__refuses_a_damaged_import(content: bytes) -> None:
    objects = MemoryObjects()
    objects.write_new(layout.responses(1), content)

    with pytest.raises(CorruptObjectError, match="not an import of responses"):
        list(read_responses(objects))
