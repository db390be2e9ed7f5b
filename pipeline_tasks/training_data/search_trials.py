"""Trials of a search as its cycle has them: the frozen plan, the recorded results, and what each trial tries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline_tasks.errors import MissingStageError, NotFoundError
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.records.finished_trial import FinishedTrial
from pipeline_tasks.records.open_search import OpenSearchSummary
from pipeline_tasks.search.proposing import proposed
from pipeline_tasks.search.space import FOR_WHOLE_IMAGES, Space, present_values
from pipeline_tasks.search.trial_rows import rows_of_trials, trials_of_rows
from pipeline_tasks.search.waves import trials_of_wave, wave_of
from pipeline_tasks.settings.search import Value
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.tables.table_files import read_shard, write_shard_once
from pipeline_tasks.tables.trial import Trial


class SearchTrials:
    """Trials of one search; reads and writes their shards."""

    def __init__(self, store: Store, cycle: Cycle) -> None:
        """Read the plan.

        Raises:
            MissingStageError: the search was not opened.
        """
        self.plan = store.summary(cycle.cycle_id, OpenSearchSummary)
        self.training, self._objects, self._cycle_id = cycle.project.training, store.objects, cycle.cycle_id
        self.space: Space = cycle.project.search.space or FOR_WHOLE_IMAGES

    def seed_of(self, *names: str) -> int:
        """A seed of this search, the same on every machine."""
        return derive_seed(self.plan.seed, "search", *names)

    def earlier(self, trial: int) -> list[FinishedTrial]:
        """Recorded trials of the waves before that of a trial.

        Raises:
            MissingStageError: one of them has not been run.
        """
        return self._recorded(trials_of_wave(wave_of(trial, self.plan.trials), self.plan.trials).start)

    def all(self) -> list[FinishedTrial]:
        """All recorded trials.

        Raises:
            MissingStageError: one of them has not been run.
        """
        return self._recorded(self.plan.trials)

    def find(self, trial: int) -> FinishedTrial | None:
        """The recorded result of a trial; None if it has not been run."""
        try:
            return trials_of_rows(read_shard(self._objects, Trial, self._cycle_id, trial))[0]
        except NotFoundError:
            return None

    def values(self, trial: int, earlier: Sequence[FinishedTrial]) -> Mapping[str, Value | None]:
        """Settings of a trial: the project's own first, then proposals from earlier waves."""
        if trial == 0:
            return present_values(self.space, self.training)
        wave = wave_of(trial, self.plan.trials)
        numbers = trials_of_wave(wave, self.plan.trials)
        drawn = proposed(self.space, self.training, earlier, trial - numbers.start + 1, self.seed_of("wave", str(wave)))
        return drawn[-1]

    def record(self, trial: FinishedTrial) -> FinishedTrial:
        """Write a result unless there is one, and return the recorded one.

        The first is right: later waves may have built on it, and another machine may round otherwise.
        """
        rows = rows_of_trials([(wave_of(trial.number, self.plan.trials), trial)])
        return trials_of_rows(write_shard_once(self._objects, Trial, self._cycle_id, trial.number, rows))[0]

    def _recorded(self, count: int) -> list[FinishedTrial]:
        """The first trials."""
        found = [self.find(trial) for trial in range(count)]
        missing = [trial for trial, one in enumerate(found) if one is None]
        if missing:
            raise MissingStageError(
                f"cycle {self._cycle_id}: run_trial has not been done for the trials {', '.join(map(str, missing))}; run it first"
            )
        return [one for one in found if one is not None]
