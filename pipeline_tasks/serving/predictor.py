"""Predictions for requests of any protocol: one admission, one queue and one deadline for the whole server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from fastapi import HTTPException

from pipeline_tasks.errors import RejectedFileError, ServiceUnavailableError
from pipeline_tasks.serving.admission import Admission
from pipeline_tasks.serving.follower import Follower
from pipeline_tasks.serving.limits import ServerLimits
from pipeline_tasks.serving.metrics import Metrics
from pipeline_tasks.serving.prediction_threads import Job, JobResult, PredictionThreads
from pipeline_tasks.serving.refusal import refusal, too_busy
from pipeline_tasks.serving.served import Served


class Predictor:
    """Front of the prediction threads, with a bound on the images that wait or run; used from one event loop."""

    def __init__(self, follower: Follower, threads: PredictionThreads, metrics: Metrics, limits: ServerLimits) -> None:
        """Start without admitted images."""
        self._follower, self._threads, self._metrics, self._limits = follower, threads, metrics, limits
        self._admission = Admission()

    def served(self) -> Served:
        """The state that a request begins with.

        Raises:
            HTTPException: 503, there is no model yet.
        """
        if (served := self._follower.served) is None:
            raise refusal(503, "no_model", "There is no model yet: nothing has been promoted, or it could not be loaded.")
        return served

    async def predict(self, jobs: Sequence[Job], left: asyncio.Future[Any] | None = None) -> list[JobResult | HTTPException] | None:
        """Result or refusal of each job, in their order; None if `left`, the client's leaving, is done first.

        All jobs are admitted or none. A cancelled call, too, takes its jobs out of the queue, so that the model never sees them.

        Raises:
            HTTPException: 429, too many images are waiting or running.
        """
        self._admit(jobs)
        work = [self._submit(job) for job in jobs]
        predictions = [asyncio.wrap_future(one) for one in work]
        finished = asyncio.ensure_future(asyncio.wait(predictions))
        waiting: set[asyncio.Future[Any]] = {finished} if left is None else {finished, left}
        try:
            await asyncio.wait(waiting, timeout=self._limits.deadline_s, return_when=asyncio.FIRST_COMPLETED)
            if left is not None and left.done() and not finished.done():
                return None
            return [self._outcome(one, prediction) for one, prediction in zip(work, predictions, strict=True)]
        finally:
            finished.cancel()
            self._forget(jobs, work, predictions)

    def _admit(self, jobs: Sequence[Job]) -> None:
        bound = jobs[0].served.pointer.max_waiting
        if not self._admission.take(len(jobs), bound):
            held = self._admission.held
            raise too_busy(f"{held} of at most {bound} images are waiting or running.", self._limits.retry_after_s)

    def _submit(self, job: Job) -> Future[JobResult | None]:
        """Queue a job, which stays admitted until its work has ended, even if its client leaves earlier."""
        self._metrics.admitted.inc()
        work = self._threads.submit(job)

        def give_back(_: Future[JobResult | None]) -> None:
            self._metrics.admitted.dec()
            self._admission.give_back(1)

        work.add_done_callback(give_back)
        return work

    def _outcome(self, work: Future[JobResult | None], prediction: asyncio.Future[JobResult | None]) -> JobResult | HTTPException:
        """The result of a job, or the refusal that says why it has none."""
        if not prediction.done():
            if work.cancel():
                return too_busy("The request waited too long for its turn.", self._limits.retry_after_s)
            return refusal(504, "too_slow", f"The prediction took more than {self._limits.deadline_s:g} s.")
        try:
            result = prediction.result()
        except RejectedFileError as error:
            return refusal(422, error.reason, error.detail)
        except ServiceUnavailableError as error:
            return too_busy(str(error), self._limits.retry_after_s)
        assert result is not None, "only a job that is not wanted has no result"
        return result

    def _forget(
        self, jobs: Sequence[Job], work: Sequence[Future[JobResult | None]], predictions: Sequence[asyncio.Future[Any]]
    ) -> None:
        """Stop the work that nobody waits for any more."""
        for job, one, prediction in zip(jobs, work, predictions, strict=True):
            if prediction.done():
                continue
            job.is_wanted = False
            if not one.done() and one.cancel():
                self._metrics.abandoned.inc()
            prediction.cancel()
