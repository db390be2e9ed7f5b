"""Tests of the consensus of people, alone and with a model."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.label_quality.consensus import Prior, consensus, dawid_skene, without_own_vote
from pipeline_tasks.label_quality.votes import VoteArrays, in_order

PLAIN = Prior(accuracy=0.5, all_people=0, person=0, errors=0, shares=0)


def votes(*rows: tuple[int, int, int], names: int = 2) -> VoteArrays:
    """Votes from image, person and name."""
    images, people, said = zip(*rows, strict=True) if rows else ((), (), ())
    sizes = {"image_count": max(images, default=-1) + 1, "people_count": max(people, default=-1) + 1}
    return in_order(images, people, said, **sizes, name_count=names)


THREE_PEOPLE = votes(*((image, person, 0) for image in (0, 1) for person in range(3)), (2, 0, 1), (2, 1, 1), (2, 2, 0))


def test_dawid_skene__by_hand() -> None:
    # One round without smoothing, from the majorities of two names with half a vote each: images 0 and 1 are name 0 with
    # (3 + 1/2) / 4, image 2 with (1 + 1/2) / 4.
    found = consensus(THREE_PEOPLE, prior=PLAIN, iterations=1)
    sure, unsure = 3.5 / 4, 1.5 / 4
    shares = np.array([2 * sure + unsure, 3 - 2 * sure - unsure]) / 3
    # Person 0 said 0, 0, 1; person 2 said 0 three times.
    as_first = 2 * sure / (2 * sure + unsure), 2 * (1 - sure) / (2 * (1 - sure) + 1 - unsure)
    assert found.errors[0, :, 0] == pytest.approx(as_first)
    assert found.errors[2, :, 0] == pytest.approx([1, 1])
    weighed = shares * np.array(as_first) ** 2
    assert found.beliefs[0] == pytest.approx(weighed / weighed.sum())
    other = shares * (1 - np.array(as_first)) ** 2
    assert found.beliefs[2] == pytest.approx(other / other.sum())


def test_dawid_skene__believes_a_good_person_against_two_who_guess() -> None:
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 4, 300)
    rows = []
    for person, accuracy in enumerate((0.95, 0.95, 0.25, 0.25, 0.25)):
        said = np.where(generator.random(300) < accuracy, truth, generator.integers(0, 4, 300))
        rows += [(image, person, name) for image, name in enumerate(said.tolist())]
    given = votes(*rows, names=4)
    by_majority = (given.counts.argmax(axis=1) == truth).mean()
    for is_one_coin in (False, True):
        found = dawid_skene(given, is_one_coin=is_one_coin)
        assert (found.names == truth).mean() > by_majority + 0.05


def test_consensus__of_one_vote_an_image_is_that_vote() -> None:
    given = votes(*((image, image % 3, image % 5) for image in range(60)), names=5)
    assert consensus(given).names.tolist() == [image % 5 for image in range(60)]


def test_consensus__decides_a_tie_by_the_model() -> None:
    agreeing = [(image, person, image % 2) for image in range(20) for person in range(2)]
    given = votes(*agreeing, (20, 0, 0), (20, 1, 1))
    model = np.full((21, 2), 0.1)
    model[np.arange(20), np.arange(20) % 2] = 0.9
    model[20, 1] = 0.9
    found = consensus(given, model)
    assert found.names[20] == 1
    assert 0.5 < found.quality[20] < found.quality[:20].min()


def test_consensus__learns_that_a_model_says_nothing() -> None:
    generator = np.random.default_rng(1)
    truth = generator.integers(0, 3, 400)
    rows = [
        (image, person, int(truth[image] if generator.random() < 0.9 else generator.integers(0, 3)))
        for image in range(400)
        for person in (image % 4, (image + 1) % 4)
    ]
    noise = generator.dirichlet(np.full(3, 0.2), 400)
    good = np.full((400, 3), 0.05)
    good[np.arange(400), truth] = 0.9
    nothing, much = (consensus(votes(*rows, names=3), model).power for model in (noise, good))
    assert (nothing or 0) < 0.2 < 0.8 < (much or 0)


def test_consensus__does_not_depend_on_the_order_of_votes() -> None:
    generator = np.random.default_rng(2)
    columns = [generator.integers(0, size, 200) for size in (50, 5, 3)]
    model = generator.dirichlet(np.ones(3), 50)
    sizes = {"image_count": 50, "people_count": 5, "name_count": 3}
    given = consensus(in_order(*columns, **sizes), model)
    order = generator.permutation(200)
    other = consensus(in_order(*(one[order] for one in columns), **sizes), model)
    assert np.array_equal(given.beliefs, other.beliefs)


@pytest.mark.parametrize("given", [votes(), votes(names=0), votes((0, 0, 0)), votes((0, 0, 0), (1, 0, 0), names=1)])
def test_consensus__of_no_votes_one_person_or_one_name(given: VoteArrays) -> None:
    found = consensus(given)
    assert found.beliefs.shape == (given.image_count, given.name_count)
    assert np.isfinite(found.beliefs).all()


def test_without_own_vote__is_the_belief_of_the_others() -> None:
    found = consensus(THREE_PEOPLE)
    alone = without_own_vote(THREE_PEOPLE, found)
    by_hand = found.before_votes[2] + np.log(found.errors[0, :, 1]) + np.log(found.errors[1, :, 1])
    shares = np.exp(by_hand) / np.exp(by_hand).sum()
    assert (THREE_PEOPLE.images[8], THREE_PEOPLE.people[8]) == (2, 2)
    assert alone[8] == pytest.approx(shares)
