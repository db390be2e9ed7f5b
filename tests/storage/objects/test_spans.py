"""Tests of the runs of a growing list that are stored as one object."""

from __future__ import annotations

import pytest

from pipeline_tasks.storage.objects.spans import child_spans, spans

NO_LIMIT = 10**9


@pytest.mark.parametrize(
    ("count", "wanted"),
    [
        (0, []),
        (1, [(0, 1)]),
        (7, [(0, 7)]),
        (8, [(0, 8)]),
        (10, [(0, 8), (8, 10)]),
        (60, [(0, 56), (56, 60)]),
        (64, [(0, 64)]),
        (100, [(0, 64), (64, 96), (96, 100)]),
    ],
)
def test_spans__cut_at_multiples_of_powers_of_eight(count: int, wanted: list[tuple[int, int]]) -> None:
    assert spans([1] * count, NO_LIMIT) == wanted


def test_spans__cover_every_list_once_in_few_pieces() -> None:
    for count in range(1, 600):
        found = spans([1] * count, NO_LIMIT)

        assert found[0][0] == 0
        assert [end for _, end in found] == [*(start for start, _ in found[1:]), count]
        assert len(found) <= 4


def test_spans__are_made_of_earlier_spans() -> None:
    for count in range(2, 300):
        before = set(spans([1] * (count - 1), NO_LIMIT)) | {(count - 1, count)}
        for start, end in set(spans([1] * count, NO_LIMIT)) - before:
            assert {(start + first, start + last) for first, last in child_spans(end - start)} <= before


def test_spans__of_the_greatest_size_do_not_change() -> None:
    assert spans([3, 3, 3, 3, 9, 1, 1], 7) == [(0, 2), (2, 4), (4, 5), (5, 7)]
    assert spans([3, 3, 3, 3, 9, 1, 1, 5, 2], 7)[:4] == [(0, 2), (2, 4), (4, 5), (5, 8)]


def test_spans__write_each_entry_only_a_few_times() -> None:
    written = 0
    for count in range(1, 513):
        new = set(spans([1] * count, NO_LIMIT)) - set(spans([1] * (count - 1), NO_LIMIT))
        written += sum(end - start for start, end in new)

    assert written / 512 < 4.5 * 3
