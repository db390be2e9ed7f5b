from __future__ import annotations

from dataclasses import replace

import pytest
from given import a_project

from pipeline_tasks.errors import CorruptObjectError
from pipeline_tasks.records.project_state import Champion
from pipeline_tasks.storage.blobs.serving_pointer import (
    Route,
    ServingPointer,
    parse_pointer,
    pointer_to,
    read_pointer,
    replace_pointer,
)
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects

CHAMPION = Champion("a" * 64, "d" * 64, "2026-11-21", "1")
POINTER = pointer_to(CHAMPION, ["bolt", "nut"], a_project())


def test_read_pointer__is_none_before_the_first_promotion() -> None:
    assert read_pointer(MemoryObjects()) is None


def test_replace_pointer__counts_only_changes() -> None:
    objects = MemoryObjects()
    outcomes = [replace_pointer(objects, lambda: POINTER), replace_pointer(objects, lambda: POINTER)]
    outcomes.append(replace_pointer(objects, lambda: replace(POINTER, max_waiting=3)))

    assert [(pointer.generation, is_changed) for pointer, is_changed in outcomes] == [(1, True), (1, False), (2, True)]
    assert read_pointer(objects) == outcomes[-1][0]


def test_replace_pointer__reads_again_if_another_writer_was_faster() -> None:
    objects, asked = MemoryObjects(), []

    def wanted() -> ServingPointer:
        asked.append(len(asked))
        if len(asked) in (1, 3):
            # Somebody else writes between our look and our write: once a first pointer, once a newer one.
            replace_pointer(objects, lambda: replace(POINTER, max_waiting=10 + len(asked)))
        return POINTER

    replace_pointer(objects, wanted)
    first = read_pointer(objects)
    replace_pointer(objects, lambda: replace(POINTER, max_waiting=5))

    assert first is not None
    assert (first.max_waiting, first.generation) == (POINTER.max_waiting, 2)
    assert asked == [0, 1]


def test_replace_pointer__replaces_a_pointer_that_cannot_be_read() -> None:
    objects = MemoryObjects()
    objects.write_new(layout.SERVING_POINTER, b"{")

    assert replace_pointer(objects, lambda: POINTER) == (replace(POINTER, generation=1), True)


@pytest.mark.parametrize("roles", [(), ("champion", "champion"), ("champion", "king")])
def test_parse_pointer__requires_exactly_one_champion(roles: tuple[str, ...]) -> None:
    broken = replace(POINTER, routes=tuple(Route("a" * 64, 1.0, role) for role in roles))

    with pytest.raises(CorruptObjectError, match="wanted one champion"):
        parse_pointer(broken.as_bytes(), "here")


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan"), float("inf"), "0.1", None])
def test_parse_pointer__requires_shares_from_0_to_1(share: object) -> None:
    broken = replace(POINTER, routes=(*POINTER.routes, Route("b" * 64, share, "challenger")))  # type: ignore[arg-type]

    with pytest.raises(CorruptObjectError, match="wanted shares from 0 to 1"):
        parse_pointer(broken.as_bytes(), "here")
