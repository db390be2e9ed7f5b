"""Predictions from image bytes: decode in a child, resize, infer, log; as many at once as there are cores."""

from __future__ import annotations

import hashlib
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from io import BytesIO
from typing import Protocol

from PIL import Image

from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage
from pipeline_tasks.decoding.model_image import form_for_model, model_image
from pipeline_tasks.errors import ModelError
from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.logged_prediction import LoggedPrediction
from pipeline_tasks.kinds.suggesting import Suggesting
from pipeline_tasks.serving.drawing import drawn_over
from pipeline_tasks.serving.loaded_model import LoadedModel
from pipeline_tasks.serving.metrics import Metrics
from pipeline_tasks.serving.prediction_log import PredictionLog
from pipeline_tasks.serving.served import Served, pick_route


class Decoder(Protocol):
    """Decoder of untrusted bytes, outside this process."""

    def decode(self, content: bytes, form: CanonicalForm = NEWEST) -> CanonicalImage:
        """The canonical image in this form.

        Raises:
            RejectedFileError: the bytes are not a usable image.
        """
        ...


@dataclass(frozen=True)
class JobResult:
    """A prediction, and the image with it if that was asked for."""

    prediction: LoggedPrediction
    drawn: bytes | None = None
    """JPEG of the upright image."""


@dataclass(frozen=True)
class Suggestion:
    """Objects that a person may keep or correct."""

    model_digest: str
    result: list[Json]
    """Label Studio's `result`."""
    confidence: float | None
    """None without objects."""


@dataclass
class Job:
    """Work of one request; `is_wanted` returns False when its client has left or its time is up."""

    content: bytes
    served: Served
    form: CanonicalForm = NEWEST
    is_drawn: bool = False
    """True if the response shall be the image with the prediction drawn over it."""
    is_wanted: bool = True
    begun: float = field(default_factory=time.perf_counter)


class PredictionThreads:
    """Threads that compute predictions."""

    def __init__(self, decoder: Decoder, log: PredictionLog, metrics: Metrics, threads: int) -> None:
        """Predict up to `threads` images at once; others wait in order."""
        self._decoder, self._log, self._metrics = decoder, log, metrics
        self._count = threads
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="predict")

    def warm(self) -> None:
        """Start every decoding child, so that the first request does not wait for one."""
        list(self._threads.map(self._decoder.decode, [_white_image()] * self._count))

    def submit(self, job: Job) -> Future[JobResult | None]:
        """Queue a job; its result is None if it was no longer wanted before the model ran."""
        return self._threads.submit(self._predict, job)

    def suggest(self, content: bytes, served: Served) -> Future[Suggestion]:
        """Queue an image that the champion shall suggest an annotation of; people's work is not logged as a prediction.

        Its result raises:
            ModelError: models of this kind cannot suggest.
            RejectedFileError: the bytes are no usable image.
        """
        return self._threads.submit(self._suggest, content, served.champion, served.pointer.min_confidence)

    def close(self) -> None:
        """Finish the jobs that have begun."""
        self._threads.shutdown(wait=True)

    def _predict(self, job: Job) -> JobResult | None:
        if not job.is_wanted:
            self._abandon()
            return None
        image_id = hashlib.sha256(job.content).hexdigest()
        route = pick_route(job.served.pointer.routes, image_id)
        model = job.served.models[route.model_digest]
        framing = model.kind.decoding.framing
        image = self._decoder.decode(job.content, form_for_model(job.form, model.side_px, framing))
        if not job.is_wanted:
            self._abandon()
            return None
        fitted = model_image(image.pixels, model.side_px, framing)
        predicted = model.predict(fitted, image.size_px, job.served.pointer.min_confidence)
        prediction = LoggedPrediction(
            image_id=image_id,
            model_digest=model.digest,
            dataset_id=model.dataset_id,
            content=asdict(predicted),
            prediction_id=uuid.uuid4().hex,
            route=route.role,
            at=datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            seconds=round(time.perf_counter() - job.begun, 4),
        )
        self._log.append(prediction)
        self._metrics.count_prediction(prediction, model.kind.decoding.headline(predicted))
        if not job.is_drawn:
            return JobResult(prediction)
        pixels = image.pixels if image.whole_px is None else self._decoder.decode(job.content, job.form).pixels
        return JobResult(prediction, drawn_over(pixels, model.kind.decoding.outlines(predicted, image.size_px)))

    def _suggest(self, content: bytes, model: LoadedModel, min_confidence: float) -> Suggestion:
        decoding = model.kind.decoding
        if not isinstance(decoding, Suggesting):
            raise ModelError(f"Models of the kind {model.kind.name!r} cannot suggest what people would draw.")
        image = self._decoder.decode(content, form_for_model(NEWEST, model.side_px, decoding.framing))
        outputs = model.run(model_image(image.pixels, model.side_px, decoding.framing))
        found = decoding.suggest(decoding.decode(outputs, image.size_px), image.size_px, min_confidence)
        result: list[Json] = [*model.kind.labeling.write(found.objects, image.size_px)]
        return Suggestion(model.digest, result, found.confidence)

    def _abandon(self) -> None:
        self._metrics.abandoned.inc()


def _white_image() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (64, 64), "white").save(buffer, "JPEG")
    return buffer.getvalue()
