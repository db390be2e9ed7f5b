from collections import Counter

from pipeline_tasks.selection.arms import draw_control, interleave


def test_draw_control__draws_its_share_of_the_pool() -> None:
    assert len(draw_control(pool=10, budget=100, control_ratio=0.4, seed=1)) == 4
    assert len(draw_control(pool=100, budget=10, control_ratio=0.1, seed=1)) == 1
    assert len(draw_control(pool=0, budget=10, control_ratio=0.5, seed=1)) == 0


def test_draw_control__gives_every_image_the_same_chance() -> None:
    drawn = Counter(row for seed in range(2000) for row in draw_control(10, 10, 0.2, seed).tolist())
    assert all(330 <= drawn[row] <= 470 for row in range(10))


def test_interleave__spreads_both_arms_evenly() -> None:
    arms = [one.arm for one in interleave(2, 6)]
    assert arms.count("control") == 2
    assert arms[:4].count("control") == arms[4:].count("control") == 1
    assert [one.number for one in interleave(0, 3)] == [0, 1, 2]
    assert interleave(0, 0) == []
