"""Tests of evidence over many nights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline_tasks.drift.evidence import Evidence, e_value, grown_reference, with_look
from pipeline_tasks.drift.looking import Look, look
from pipeline_tasks.drift.sample import Sample


def sample(count: int, seed: int, mean: float = 0.0) -> Sample:
    return Sample(np.arange(count).astype(str), {"luma_mean": np.random.default_rng(seed).normal(mean, 1, count)})


def drifted(p: float) -> Look:
    """A look whose effect matters, with this p."""
    return replace(look(sample(200, 0), sample(200, 1, mean=2.0), seed=0, draws=99), p=p)


@pytest.mark.parametrize("draws", [99, 199, 999, 100_000])
def test_e_value__is_one_on_average_at_most(draws: int) -> None:
    every_p = np.arange(1, draws + 2) / (draws + 1)

    assert np.mean([e_value(float(one)) for one in every_p]) <= 1


def test_e_value__of_one_plain_night_is_an_alarm() -> None:
    assert e_value(0.005) == pytest.approx(100 + 0.25 / 0.005**0.5)
    assert e_value(0.25) == 0.5


def test_with_look__multiplies_and_begins_anew_below_one() -> None:
    quiet = with_look(Evidence(), drifted(0.25))
    doubt = with_look(quiet, drifted(0.01))
    more = with_look(doubt, drifted(0.01))

    assert (quiet.value, quiet.looks) == (0.5, 1)
    assert (doubt.value, doubt.looks) == (pytest.approx(2.5), 1)
    assert (more.value, more.looks) == (pytest.approx(6.25), 2)
    assert not more.is_alarm


def test_with_look__alarms_after_one_plain_night_or_several_small_ones() -> None:
    assert with_look(Evidence(), drifted(0.002)).is_alarm

    nights = [Evidence()]
    for _ in range(6):
        nights.append(with_look(nights[-1], drifted(0.01)))
    assert [one.is_alarm for one in nights] == [False] * 6 + [True]


def test_with_look__does_not_alarm_on_what_does_not_matter() -> None:
    found = with_look(Evidence(), replace(drifted(0.002), causes=()))

    assert found.value > 100
    assert not found.is_alarm


def test_with_look__is_not_changed_by_a_night_of_few_images() -> None:
    before = Evidence(7.0, 3)

    assert with_look(before, look(sample(200, 0), sample(5, 1), seed=0)) == before


def test_grown_reference__has_the_nights_since() -> None:
    nights = [sample(3, 1, mean=100.0), sample(4, 2, mean=100.0)]

    assert len(grown_reference(sample(10, 0), nights, 17, seed=0)) == 17


def test_grown_reference__draws_from_old_and_new_images_alike() -> None:
    found = grown_reference(sample(900, 0), [sample(900, 1, mean=100.0)], 600, seed=0)

    assert len(found) == 600
    assert 250 < (found.properties["luma_mean"] > 50).sum() < 350
