from __future__ import annotations

from collections.abc import Iterator

from pipeline_tasks.evaluation.latency import median_ms


def a_clock(*seconds: float) -> Iterator[float]:
    """Each prediction takes the next of these."""
    now = 0.0
    for one in seconds:
        yield now
        now += one
        yield now


def test_median_ms__leaves_out_the_image_that_warms_up_and_is_not_moved_by_a_slow_one() -> None:
    clock, seen = a_clock(9.0, 0.002, 0.004, 5.0), list[int]()

    assert round(median_ms(seen.append, range(4), clock.__next__) or 0, 6) == 4
    assert seen == [0, 1, 2, 3]


def test_median_ms__of_one_image_is_unknown() -> None:
    assert median_ms(str, [1], a_clock(1.0).__next__) is None
