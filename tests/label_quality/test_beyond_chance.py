"""Tests of agreement beyond chance by name, pair and person, small enough to count."""

from __future__ import annotations

import pytest

from pipeline_tasks.label_quality.beyond_chance import BeyondChance, beyond_chance
from pipeline_tasks.label_quality.kappa import cohens_kappa, fleiss_kappa
from pipeline_tasks.label_quality.votes import in_order

PEOPLE = ("ada", "ben", "cho", "dan")


def agreement(*votes: tuple[int, int, int]) -> BeyondChance:
    """Of votes (image, person, name) for two names."""
    sizes = {"image_count": 1 + max(image for image, _, _ in votes), "people_count": len(PEOPLE), "name_count": 2}
    return beyond_chance(in_order(*zip(*votes, strict=True), **sizes), PEOPLE, ("bolt", "nut"))


# Of images 0 to 3 ada says bolt, bolt, nut, nut; ben the same but for image 3; cho is asked about 0 and 3 and differs from ada.
GIVEN = agreement(
    *((image, 0, name) for image, name in enumerate([0, 0, 1, 1])),
    *((image, 1, name) for image, name in enumerate([0, 0, 1, 0])),
    *((0, 2, 1), (3, 2, 0), (4, 3, 0)),
)


def test_beyond_chance__has_cohens_kappa_of_each_pair_that_shares_images() -> None:
    assert GIVEN.by_pair == {
        ("ada", "ben"): pytest.approx(0.5),
        ("ada", "cho"): pytest.approx(-1.0),
        ("ben", "cho"): pytest.approx(0.0),
    }


def test_beyond_chance__takes_all_others_of_a_person_as_one() -> None:
    assert list(GIVEN.by_person) == ["ada", "ben", "cho"], "dan shares no image"
    assert [one.pairs for one in GIVEN.by_person.values()] == [6, 6, 4]
    assert GIVEN.by_person["ada"].cohen == cohens_kappa([0, 0, 1, 1, 0, 1], [0, 0, 1, 0, 1, 0])


def test_beyond_chance__has_fleiss_kappa_of_the_round_and_of_each_name() -> None:
    assert GIVEN.fleiss == fleiss_kappa([[2, 1], [2, 0], [0, 2], [2, 1]])
    assert [(one.name, one.fleiss) for one in GIVEN.by_name] == [("bolt", GIVEN.fleiss), ("nut", GIVEN.fleiss)]
    assert GIVEN.alpha.images == 4
