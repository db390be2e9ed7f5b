"""Tests of logging one training to both trackers."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pipeline_tasks.clients.mlflow_runs import TrackedRun
from pipeline_tasks.clients.training_log import RunDescription, TrainingLog
from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError

RUN = RunDescription("parts", "parts/2026-11-21", {}, {}, "d" * 64, "versions/d/index.json")


class RememberingTracker:
    """An MLflow that keeps calls in memory."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self.metrics: dict[int, dict[str, float]] = {}
        self.is_success: bool | None = None

    def find_or_start_run(self, name: str, cycle_key: str, params: Mapping[str, object], tags: Mapping[str, str]) -> TrackedRun:
        return TrackedRun(cycle_key, "1", "http://tracker", "mlflow-artifacts:/1", 0)

    def log_dataset(self, run_id: str, name: str, dataset_id: str, source: str) -> None:
        pass

    def log_epoch_metrics(self, run: TrackedRun, epochs: list[tuple[int, Mapping[str, float]]]) -> None:
        for epoch, metrics in epochs:
            self.told.append(epoch)
            self.metrics.setdefault(epoch, {}).update(metrics)

    def end_run(self, run_id: str, *, is_success: bool = True) -> None:
        self.is_success = is_success


class QuietLog:
    """A W&B that ignores every call."""

    mode = "offline"

    def start(self, name: str, cycle_key: str, settings: Mapping[str, object]) -> None:
        pass

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        pass

    def finish(self) -> None:
        pass


def test_training_log__sends_short_epochs_together_and_loses_none() -> None:
    tracker = RememberingTracker()

    with TrainingLog(tracker, QuietLog(), RUN) as log:
        for epoch in range(5):
            log.tell_epoch(epoch, {"val_loss": 1.0 - epoch / 10})
        sent_before_the_checkpoint = list(tracker.told)
        log.send()
        assert tracker.told == [0, 1, 2, 3, 4]
        log.tell_epoch(5, {"val_loss": 0.1})
        log.end({"best_val_loss": 0.1})

    assert sent_before_the_checkpoint == []
    assert sorted(tracker.metrics) == [0, 1, 2, 3, 4, 5]
    assert tracker.metrics[0] == {"val_loss": 1.0, "best_val_loss": 0.1}
    assert tracker.is_success is True


def test_training_log__sends_what_it_has_when_the_training_fails() -> None:
    tracker = RememberingTracker()

    def fail() -> None:
        with TrainingLog(tracker, QuietLog(), RUN) as log:
            log.tell_epoch(0, {"val_loss": 1.0})
            raise ValueError("diverged")

    with pytest.raises(ValueError, match="diverged"):
        fail()

    assert tracker.told == [0]
    assert tracker.is_success is False


class AwayTracker(RememberingTracker):
    """An MLflow that is away."""

    def find_or_start_run(self, name: str, cycle_key: str, params: Mapping[str, object], tags: Mapping[str, str]) -> TrackedRun:
        raise ServiceUnavailableError("MLflow is away")


class TidiedTracker(RememberingTracker):
    """An MLflow whose run is deleted while the training goes on."""

    def log_epoch_metrics(self, run: TrackedRun, epochs: list[tuple[int, Mapping[str, float]]]) -> None:
        super().log_epoch_metrics(run, epochs)
        raise ServiceRefusedError("MLflow: the run must be in the 'active' state")


class FullDisk(QuietLog):
    """A W&B whose folder cannot be written."""

    def start(self, name: str, cycle_key: str, settings: Mapping[str, object]) -> None:
        raise ServiceUnavailableError("W&B: no space left on device")

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        raise AssertionError("it was never started")


def test_training_log__waits_for_a_tracker_until_the_last_try() -> None:
    with pytest.raises(ServiceUnavailableError):
        TrainingLog(AwayTracker(), QuietLog(), RUN)

    with TrainingLog(AwayTracker(), QuietLog(), RUN, is_last_try=True) as log:
        log.tell_epoch(0, {"val_loss": 1.0})
        log.end({})

    assert log.run is None
    assert log.notes == ["MLflow is away. The night continued without it; later nights add at most the champion."]


def test_training_log__continues_when_its_run_is_deleted_during_the_training() -> None:
    tracker = TidiedTracker()

    with TrainingLog(tracker, QuietLog(), RUN) as log:
        log.tell_epoch(0, {"val_loss": 1.0})
        log.send()
        log.tell_epoch(1, {"val_loss": 0.5})
        log.end({"best_val_loss": 0.5})

    assert tracker.told == [0], "a run that refused is told no more"
    assert log.notes == ["MLflow: the run must be in the 'active' state. The night continued without it."]


def test_training_log__continues_without_a_folder_for_w_and_b() -> None:
    tracker = RememberingTracker()

    with TrainingLog(tracker, FullDisk(), RUN, is_last_try=True) as log:
        log.tell_epoch(0, {"val_loss": 1.0})
        log.end({})

    assert tracker.is_success is True
    assert log.notes == ["W&B: no space left on device. The night continued without it; later nights add at most the champion."]
