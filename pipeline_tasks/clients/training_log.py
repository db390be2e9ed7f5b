"""Log of one training in MLflow, W&B and TensorBoard's files, under one key that derives from the cycle. None of them ends it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from pipeline_tasks.clients.mirrors import mirroring
from pipeline_tasks.clients.mlflow_runs import TrackedRun
from pipeline_tasks.errors import ServiceError
from pipeline_tasks.json_values import Json

SEND_EVERY_S = 1.0
"""Epochs that end within this time go to MLflow in one request. A request costs 30 ms on each side; an epoch of a head costs 10."""


class RunTracker(Protocol):
    """The calls to MLflow during a training; `ModelRegistry` implements them."""

    def find_or_start_run(self, name: str, cycle_key: str, params: Mapping[str, Json], tags: Mapping[str, str]) -> TrackedRun:
        """Find or create the run of a cycle."""
        ...

    def log_dataset(self, run_id: str, name: str, dataset_id: str, source: str) -> None:
        """Record the dataset that the run trains on."""
        ...

    def log_epoch_metrics(self, run: TrackedRun, epochs: list[tuple[int, Mapping[str, float]]]) -> None:
        """Log metrics by epoch."""
        ...

    def end_run(self, run_id: str, *, is_success: bool = True) -> None:
        """Mark the run as ended."""
        ...


class EpochLog(Protocol):
    """The calls to W&B during a training; `ExperimentLog` implements them."""

    @property
    def mode(self) -> str:
        """`online` or `offline`."""
        ...

    def start(self, name: str, cycle_key: str, settings: Mapping[str, Json]) -> None:
        """Start the run of a cycle."""
        ...

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Log metrics."""
        ...

    def finish(self) -> None:
        """End the run."""
        ...


class EventLog(Protocol):
    """The calls to TensorBoard's files during a training; `EventFiles` implements them."""

    def start(self, settings: Mapping[str, Json]) -> None:
        """Begin a file."""
        ...

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Write metrics."""
        ...

    def flush(self) -> None:
        """Bring what was written to the disk."""
        ...

    def finish(self) -> None:
        """End the file."""
        ...


@dataclass(frozen=True)
class RunDescription:
    """Data that the trackers receive at the start."""

    name: str
    """The project's outside name."""
    cycle_key: str
    params: Mapping[str, Json]
    tags: Mapping[str, str]
    dataset_id: str
    dataset_source: str
    """The key of the version's index in the project's root."""


class TrainingLog:
    """Context manager that logs one training to the trackers; a block that raises leaves the run marked as failed."""

    def __init__(
        self,
        tracker: RunTracker,
        epoch_log: EpochLog,
        description: RunDescription,
        *,
        is_last_try: bool = False,
        event_log: EventLog | None = None,
    ) -> None:
        """Find or start the run in MLflow, then in W&B; begin TensorBoard's file, if there is an `event_log`.

        Raises:
            ServiceUnavailableError: a tracker does not respond, and this is not the last try.
        """
        self._tracker, self._epoch_log, self._is_last_try = tracker, epoch_log, is_last_try
        self.notes: list[str] = []
        """Refusals of a tracker, and things deleted there; empty if all went well."""
        self.run = self._start_run(description)
        self._has_epoch_log = False
        settings = {**description.params, **description.tags}
        with self._mirroring():
            epoch_log.start(description.name, description.cycle_key, settings)
            self._has_epoch_log = True
        self._event_log = event_log
        self._tell_events(lambda events: events.start(settings))
        self._unsent: list[tuple[int, Mapping[str, float]]] = []
        self._sent_at = time.monotonic()
        self._is_done = False

    def __enter__(self) -> TrainingLog:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Mark the run as failed if the training did not finish."""
        with mirroring(self.notes, is_last_try=True):
            self._epoch_log.finish()
        self._tell_events(lambda events: events.finish())
        if not self._is_done and self.run is not None:
            # The error that ended the block matters more than a failure to report it.
            with suppress(ServiceError):
                self.send()
                self._tracker.end_run(self.run.run_id, is_success=False)

    def tell_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Log one epoch's metrics; logging them again changes nothing in MLflow."""
        self._unsent.append((epoch, metrics))
        self._log_epoch(epoch, metrics)
        self._tell_events(lambda events: events.log_epoch(epoch, metrics))
        if time.monotonic() - self._sent_at >= SEND_EVERY_S:
            self.send()

    def send(self) -> None:
        """Send MLflow its missing epochs; call this before a checkpoint, because they are not sent again after it."""
        unsent, self._unsent = self._unsent, []
        self._sent_at = time.monotonic()
        if unsent:
            self._tell(unsent)
            self._tell_events(lambda events: events.flush())

    def end(self, metrics: Mapping[str, float]) -> None:
        """Mark the run as finished and log its final metrics."""
        self.send()
        self._tell([(0, metrics)])
        with self._mirroring():
            if self.run is not None:
                self._tracker.end_run(self.run.run_id)
        self._is_done = True

    def _start_run(self, description: RunDescription) -> TrackedRun | None:
        """The run in MLflow; None if the training continues without it."""
        run = None
        with self._mirroring():
            run = self._tracker.find_or_start_run(description.name, description.cycle_key, description.params, description.tags)
            self.notes += run.notes
            self._tracker.log_dataset(run.run_id, description.name, description.dataset_id, description.dataset_source)
        return run

    def _tell(self, epochs: list[tuple[int, Mapping[str, float]]]) -> None:
        """Log to MLflow; after a refusal, as of a run that was deleted meanwhile, it is told no more."""
        if self.run is None:
            return
        before = len(self.notes)
        with self._mirroring():
            self._tracker.log_epoch_metrics(self.run, epochs)
        if len(self.notes) > before:
            self.run = None

    def _log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        if not self._has_epoch_log:
            return
        before = len(self.notes)
        with mirroring(self.notes, is_last_try=True):
            self._epoch_log.log_epoch(epoch, metrics)
        self._has_epoch_log = len(self.notes) == before

    def _tell_events(self, call: Callable[[EventLog], None]) -> None:
        """Write to TensorBoard's files; after an error, as of a full disk, no more of this training is written there."""
        if self._event_log is None:
            return
        events, self._event_log = self._event_log, None
        with mirroring(self.notes, is_last_try=True):
            call(events)
            self._event_log = events

    def _mirroring(self) -> AbstractContextManager[None]:
        return mirroring(self.notes, is_last_try=self._is_last_try)
