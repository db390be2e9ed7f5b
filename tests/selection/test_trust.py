import numpy as np
import pytest

from pipeline_tasks.neighbors.cosine import unit_rows
from pipeline_tasks.selection import trust as room
from pipeline_tasks.selection.trust import trust


def heaps(count: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(9)
    numbers = np.arange(count) % 3
    return unit_rows(np.eye(20)[numbers] + spread * generator.normal(size=(count, 20))), numbers


def test_trust__is_high_for_separate_classes_and_near_0_for_mixed_ones() -> None:
    assert trust(*heaps(60, 0.1), classes=3) > 0.95
    units, numbers = heaps(300, 0.1)
    assert trust(units, np.random.default_rng(1).permutation(numbers), classes=3) < 0.2


def test_trust__counts_a_class_without_labels_as_wrong() -> None:
    units, numbers = heaps(60, 0.1)
    assert trust(units, numbers, classes=6) == pytest.approx(0.4, abs=0.02)


def test_trust__of_too_few_labels_is_near_0() -> None:
    units, numbers = heaps(3, 0.1)
    assert trust(units[:0], numbers[:0], classes=3) == 0
    assert trust(units[:1], numbers[:1], classes=3) == 0
    assert trust(units, numbers, classes=3) == 0
    assert trust(unit_rows(np.ones((6, 4))), np.array([0, 1, 2, 0, 1, 2]), classes=3) < 0.3


def test_trust__answers_for_a_row_as_if_it_had_been_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The closed form equals leaving each row out in turn, except for the mean of all rows."""
    monkeypatch.setattr(room, "RIDGES", (0.1,))
    units, numbers = heaps(30, 0.6)
    answers = room._left_out_predictions(units, numbers)[0]
    centred = units - units.mean(axis=0)
    gram = centred @ centred.T + np.mean(centred**2)
    ridge = 0.1 * np.linalg.eigvalsh(gram).clip(0).mean()
    for row in range(30):
        others = np.setdiff1d(np.arange(30), row)
        solved = np.linalg.solve(gram[np.ix_(others, others)] + ridge * np.eye(29), np.eye(3)[numbers[others]])
        assert answers[row] == (gram[row, others] @ solved).argmax()
