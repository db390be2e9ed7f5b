from __future__ import annotations

from collections import Counter

from given import image_id

from pipeline_tasks.serving.served import pick_route
from pipeline_tasks.storage.blobs.serving_pointer import Route

CHAMPION = Route("a" * 64, 0.7, "champion")
CHALLENGER = Route("b" * 64, 0.3, "challenger")
SHADOW = Route("c" * 64, 1.0, "shadow")


def test_pick_route__splits_images_by_share_and_never_asks_a_shadow() -> None:
    picked = Counter(pick_route((CHAMPION, SHADOW, CHALLENGER), image_id(number)).role for number in range(20_000))

    assert set(picked) == {"champion", "challenger"}
    assert abs(picked["challenger"] / 20_000 - 0.3) < 0.01


def test_pick_route__gives_an_image_the_same_route_each_time() -> None:
    routes = (CHAMPION, CHALLENGER)

    assert all(pick_route(routes, image_id(number)) == pick_route(routes, image_id(number)) for number in range(100))


def test_pick_route__gives_the_ends_of_the_range_a_route() -> None:
    assert pick_route((CHAMPION, CHALLENGER), "0" * 64) == CHAMPION
    assert pick_route((CHAMPION, CHALLENGER), "f" * 64) == CHALLENGER


def test_pick_route__falls_back_to_a_champion_without_a_share() -> None:
    assert pick_route((Route("a" * 64, 0.0, "champion"), SHADOW), image_id(1)).role == "champion"
