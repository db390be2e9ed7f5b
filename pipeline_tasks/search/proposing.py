"""Proposals of a search: a tree-structured Parzen estimator (Bergstra et al. 2011), Optuna's, over the results of earlier waves.

The study is built anew from the recorded results for each wave, so a proposal is a function of them and of the seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline_tasks.records.finished_trial import FinishedTrial
from pipeline_tasks.search.space import Space, rounded
from pipeline_tasks.settings import TrainingSettings
from pipeline_tasks.settings.search import SearchedValues, Value, as_setting, is_whole

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

RANDOM_TRIALS = 8
"""Finished trials before the estimator is believed; drawn evenly until then."""
Distributions = Mapping[str, "BaseDistribution"]


def proposed(
    space: Space, training: TrainingSettings, earlier: Sequence[FinishedTrial], count: int, seed: int
) -> list[dict[str, Value]]:
    """Settings of the next `count` trials, from the finished ones in any order. A trial is told of those proposed before it.

    `seed` is one of the wave; imports Optuna.
    """
    with _quiet_optuna():
        import optuna

        distributions = {key: _distribution(values, whole=is_whole(training, key)) for key, values in space.items()}
        sampler = optuna.samplers.TPESampler(n_startup_trials=RANDOM_TRIALS, constant_liar=True, seed=seed)
        study = optuna.create_study(sampler=sampler, direction="minimize")
        for trial in sorted(earlier, key=lambda one: one.number):
            if all(_is_within(values, trial.values[key]) for key, values in space.items()):
                study.add_trial(_told(trial, distributions))
        asked = [study.ask(dict(distributions)).params for _ in range(count)]
    return [{key: _as_tried(space[key], training, key, drawn[key]) for key in space} for drawn in asked]


def _distribution(values: SearchedValues, *, whole: bool) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if values.choices is not None:
        return CategoricalDistribution(values.choices)
    assert values.low is not None, "a range has both ends"
    assert values.high is not None, "a range has both ends"
    if whole:
        return IntDistribution(round(values.low), round(values.high), log=values.is_log)
    return FloatDistribution(values.low, values.high, log=values.is_log)


def _told(trial: FinishedTrial, distributions: Distributions) -> FrozenTrial:
    """A finished trial for Optuna."""
    from optuna.trial import TrialState, create_trial

    return create_trial(
        state=TrialState.PRUNED if trial.is_pruned else TrialState.COMPLETE,
        value=None if trial.is_pruned else trial.loss,
        params=dict(trial.values),
        distributions=dict(distributions),
        intermediate_values={folds: trial.loss_after(folds) for folds in range(1, 1 + len(trial.fold_losses))},
    )


def _is_within(values: SearchedValues, value: Value | None) -> bool:
    """Return False for a value of the project's own settings that the search would never try, so that it tells Optuna nothing."""
    if values.choices is not None:
        # By type, too: Python takes 1 for True.
        return any(value == choice and type(value) is type(choice) for choice in values.choices)
    assert values.low is not None, "a range has both ends"
    assert values.high is not None, "a range has both ends"
    return isinstance(value, int | float) and not isinstance(value, bool) and values.low <= value <= values.high


def _as_tried(values: SearchedValues, training: TrainingSettings, key: str, drawn: Value) -> Value:
    """A drawn value as a setting: whole, or with few digits."""
    if values.choices is not None or not isinstance(drawn, float):
        return drawn
    found: Value = as_setting(training, key, rounded(drawn, values))
    return found


@contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Keep Optuna from writing each new study into the log."""
    import optuna

    standing = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(standing)
