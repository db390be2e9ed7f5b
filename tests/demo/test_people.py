"""Tests of the simulated annotators."""

from __future__ import annotations

from collections import Counter

from given import image_id

from demo.people import MOST_WRONG, PEOPLE, Person, annotate, person_for, seconds_spent
from demo.plan import CLASSES

ADA = PEOPLE[0]


def test_people__are_at_least_three_and_err_within_the_limit() -> None:
    assert len({person.email for person in PEOPLE}) >= 3
    assert all(0 <= person.error_ratio <= MOST_WRONG for person in PEOPLE)


def test_answer__depends_on_person_and_image_only() -> None:
    first = [annotate(person, image_id(number), "gear", CLASSES) for person in PEOPLE for number in range(50)]

    assert first == [annotate(person, image_id(number), "gear", CLASSES) for person in PEOPLE for number in range(50)]


def test_answer__is_wrong_at_about_the_persons_error_rate() -> None:
    person = Person("Dora", "dora@nightlens.local", 0.05)

    wrong = sum(annotate(person, image_id(number), "nut", CLASSES) != "nut" for number in range(4000))

    assert 150 < wrong < 250


def test_answer__errs_within_the_limit_and_takes_a_class_for_a_similar_one() -> None:
    careless = Person("Eve", "eve@nightlens.local", 1.0)

    annotations = Counter(annotate(careless, image_id(number), "chipped_gear", CLASSES) for number in range(4000))

    assert set(annotations) == {"chipped_gear", "gear"}
    assert annotations["gear"] / 4000 < MOST_WRONG * 1.2


def test_answer__takes_an_unknown_class_for_any_other() -> None:
    careless = Person("Eve", "eve@nightlens.local", 1.0)

    annotations = {annotate(careless, image_id(number), "cat", ("cat", "dog", "owl")) for number in range(500)}

    assert annotations == {"cat", "dog", "owl"}


def test_person_for__gives_copies_of_an_image_to_different_people() -> None:
    for number in range(20):
        assert len({person_for(PEOPLE, image_id(number), copy).name for copy in range(3)}) == 3
    assert person_for(PEOPLE, image_id(1), 3) == person_for(PEOPLE, image_id(1), 0)


def test_person_for__spreads_images_over_all_people() -> None:
    shares = Counter(person_for(PEOPLE, image_id(number), 0).name for number in range(900))

    assert all(240 < share < 360 for share in shares.values())


def test_seconds_spent__is_a_plausible_time() -> None:
    assert 1.5 <= seconds_spent(ADA, image_id(1)) <= 7.5
