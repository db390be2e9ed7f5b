"""Tests of checks of an object's bytes by its name."""

from __future__ import annotations

import json

import pytest
from given import an_open_cycle

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.content_names import promise_of
from pipeline_tasks.storage.objects.seal import unsealed


def problem(key: str, content: bytes) -> str | None:
    promise = promise_of(key)
    assert promise is not None
    return promise(content)


def test_event__is_valid_only_if_intact_and_under_its_own_number(store: Store) -> None:
    an_open_cycle(store)
    content = store.objects.read(layout.event(1)).content

    assert problem(layout.event(1), content) is None
    assert problem(layout.trash(layout.event(1)), content) is None
    assert "wanted sequence 2, found 1" in str(problem(layout.event(2), content))
    assert problem(layout.event(1), b"[]") is not None
    assert problem(layout.event(1), content[:-1]) is not None


def test_event__with_any_flipped_bit_is_invalid(store: Store) -> None:
    an_open_cycle(store)
    content = store.objects.read(layout.event(1)).content

    for place in range(len(content)):
        flipped = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        try:
            is_same = json.loads(flipped) == json.loads(content)
        except ValueError:
            is_same = False
        assert (problem(layout.event(1), flipped) is None) == is_same, flipped[place - 20 : place + 20]


def test_event__of_a_release_without_seals_is_accepted(store: Store) -> None:
    an_open_cycle(store)
    fields = unsealed(json.loads(store.objects.read(layout.event(1)).content), "event")

    assert problem(layout.event(1), json.dumps(fields).encode()) is None


@pytest.mark.parametrize("key", ["parts/images/cycle=2026-11-21/shard-00000.parquet", "reports/2026-11-21/index.html"])
def test_names__of_caches_are_not_checked(key: str) -> None:
    assert promise_of(key) is None
