"""Tests of Krippendorff's alpha against published worked examples, and of its interval."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline_tasks.label_quality.alpha import alpha, alpha_by_name, alpha_with_interval


def counts(*rows: str, names: str) -> np.ndarray:
    """Votes of people (rows, one letter an image, `.` for none) for each name: images x names."""
    return np.array([[sum(row[at] == name for row in rows) for name in names] for at in range(len(rows[0]))])


FOUR_PEOPLE = counts("123321412...", "1233224125.3", ".3332342251.", "12332441251.", names="12345")


def test_alpha__of_krippendorffs_examples() -> None:
    two_names = counts("0100000010", "1110010000", names="01")
    many_names = counts("aabbdccceDda".lower(), "babbbcccedDd".lower(), names="abcde")
    assert alpha(two_names) == pytest.approx(0.095, abs=5e-4)
    assert alpha(many_names) == pytest.approx(0.692, abs=5e-4)
    assert alpha(FOUR_PEOPLE) == pytest.approx(0.743, abs=5e-4)


def test_alpha__by_hand_from_coincidences() -> None:
    # Pairs a-a, a-b, b-b: six votes, three for each name, of which two in each pair; one pair of three differs.
    # Observed 1 - 4/6 = 1/3, expected 1 - 2 * (3 * 2) / (6 * 5) = 0.6.
    assert alpha(counts("aab", "abb", names="ab")) == pytest.approx(1 - (1 / 3) / 0.6, abs=1e-12)


def test_alpha__ignores_images_of_one_vote_and_names_without_votes() -> None:
    shown = counts("aabaa", "abb..", names="abz")
    assert alpha(shown) == alpha(counts("aab", "abb", names="ab"))


@pytest.mark.parametrize(
    "given", [np.zeros((0, 2)), np.zeros((3, 2)), counts("abab", names="ab"), counts("aaa", "aaa", names="ab"), np.zeros((3, 0))]
)
def test_alpha__is_not_defined_without_pairs_or_with_one_name(given: np.ndarray) -> None:
    assert alpha(given) is None
    found = alpha_with_interval(given)
    assert (found.value, found.low, found.high) == (None, None, None)


def test_alpha__does_not_depend_on_the_order_of_images() -> None:
    generator = np.random.default_rng(0)
    found = {alpha_with_interval(FOUR_PEOPLE[generator.permutation(12)], samples=50) for _ in range(5)}
    assert len(found) == 1


def test_alpha__has_an_interval_around_it() -> None:
    found = alpha_with_interval(FOUR_PEOPLE)
    assert 0.3 < (found.low or 0) < (found.value or 0) < (found.high or 0) <= 1
    assert found.images == 11


def test_alpha__interval_holds_the_truth_as_often_as_it_says() -> None:
    generator, covered = np.random.default_rng(0), 0
    for seed in range(200):
        truth = generator.integers(0, 2, 150)
        said = [np.where(generator.random(150) < 0.9, truth, 1 - truth) for _ in range(2)]
        found = alpha_with_interval(np.stack([sum(one == name for one in said) for name in (0, 1)], axis=1), samples=300, seed=seed)
        # Two people who are right with .9 agree with .82 where chance gives .5.
        covered += (found.low or 0) <= 0.64 <= (found.high or 0)
    assert 180 <= covered <= 199


def test_alpha__of_full_agreement_on_few_images_is_not_certain() -> None:
    few, many = (alpha_with_interval(counts("ab" * size, "ab" * size, names="ab")) for size in (3, 300))
    assert few.value == many.value == 1
    assert (few.low or 0) < 0.5 < 0.98 < (many.low or 0) < 1


def test_alpha__of_images_in_one_group_is_less_sure() -> None:
    given = np.tile(FOUR_PEOPLE, (10, 1))
    alone, together = alpha_with_interval(given), alpha_with_interval(given, np.arange(120) % 12)
    assert alone.value == pytest.approx(together.value or 0)
    assert (alone.high or 0) - (alone.low or 0) < (together.high or 0) - (together.low or 0)


def test_alpha__by_name_finds_the_one_that_people_mix_up() -> None:
    found = [one.value for one in alpha_by_name(counts("aaaabcbc", "aaaacbbc", names="abc"))]
    assert found[0] == pytest.approx(1)
    assert found[1] == found[2]
    assert (found[1] or 0) < 0.5
