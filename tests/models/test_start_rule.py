"""Tests of the rule by which a training starts from the champion or from scratch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline_tasks.models.start_rule import ChampionTraining, why_from_champion, why_from_scratch
from pipeline_tasks.settings.fit import FitSettings

CHAMPION = ChampionTraining("2026-11-21", "", (), has_other_settings=False, images=100, trainings_since_scratch=0)
AUTO = FitSettings(start_from="auto")
ALWAYS = FitSettings(start_from="champion")


def test_start__is_the_champion_where_nothing_speaks_against_it() -> None:
    assert why_from_scratch(AUTO, CHAMPION, 150) == why_from_scratch(ALWAYS, CHAMPION, 10_000) == ""
    assert why_from_champion(CHAMPION, 150) == (
        "It starts from the champion of cycle 2026-11-21, which had 100 training images; today there are 150."
    )


@pytest.mark.parametrize(
    ("champion", "images", "said"),
    [
        (CHAMPION, 151, "The training images grew from 100 to 151, by more than most_growth_ratio 0.5."),
        (replace(CHAMPION, has_other_settings=True), 100, "settings of the training are others than those of the champion"),
        (replace(CHAMPION, trainings_since_scratch=4), 100, "4 trainings in a row started from their champion"),
    ],
)
def test_auto__starts_from_scratch_and_says_why(champion: ChampionTraining, images: int, said: str) -> None:
    assert said in why_from_scratch(AUTO, champion, images)
    assert why_from_scratch(ALWAYS, champion, images) == "", "a person decided"


def test_auto__starts_every_fifth_training_from_scratch() -> None:
    starts, since = [], 0
    for _ in range(11):
        is_scratch = bool(why_from_scratch(AUTO, replace(CHAMPION, trainings_since_scratch=since), 100))
        since = 0 if is_scratch else since + 1
        starts.append(is_scratch)

    assert starts == [False, False, False, False, True] * 2 + [False]


@pytest.mark.parametrize("fit", [AUTO, ALWAYS])
def test_start__is_from_scratch_where_the_champion_cannot_be_one(fit: FitSettings) -> None:
    taught = replace(CHAMPION, taught=("a" * 64, "b" * 64, "c" * 64, "d" * 64))

    assert why_from_scratch(fit, None, 100) == "There is no champion yet."
    assert why_from_scratch(fit, replace(CHAMPION, cannot_start="Another backbone."), 100) == "Another backbone."
    assert why_from_scratch(fit, taught, 100).startswith("4 images of today's validation and test are among those")
    assert why_from_scratch(fit, taught, 100).endswith(f"{'a' * 12}, {'b' * 12}, {'c' * 12} ….")


def test_settings_of_the_rule__are_refused_where_it_does_not_decide() -> None:
    with pytest.raises(ValueError, match="scratch_every: found 3 with start_from: champion, which does not use it"):
        FitSettings(start_from="champion", scratch_every=3)
