"""Turns an image's bytes into an answer: decode in a child, fit, infer, write down; as many at once as there are cores."""

from __future__ import annotations

import hashlib
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timezone
from io import BytesIO
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline_tasks.decoding.canonical_image import CanonicalImage
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.serving.metrics import Metrics
from pipeline_tasks.serving.prediction_log import PredictionLog
from pipeline_tasks.serving.served import Served, pick_route


class Decoder(Protocol):
    """Decodes untrusted bytes, away from this process."""

    def decode(self, content: bytes) -> CanonicalImage:
        """The canonical image.

        Raises:
            RejectedFileError: it is none.
        """
        ...


@dataclass
class Job:
    """One request's work; `is_wanted` turns False when its client has left or its time is up."""

    content: bytes
    served: Served
    is_wanted: bool = True
    begun: float = field(default_factory=time.perf_counter)


class Answering:
    """The threads that answer."""

    def __init__(self, decoder: Decoder, log: PredictionLog, metrics: Metrics, threads: int) -> None:
        """Answer up to `threads` images at once; others wait in order."""
        self._decoder, self._log, self._metrics = decoder, log, metrics
        self._count = threads
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="answering")

    def warm(self) -> None:
        """Start every decoding child, so that the first request does not wait for one."""
        list(self._threads.map(self._decoder.decode, [_white_image()] * self._count))

    def submit(self, job: Job) -> Future[dict[str, Any] | None]:
        """Have a job done; its result is None if nobody wanted it any more before the model ran."""
        return self._threads.submit(self._answer, job)

    def close(self) -> None:
        """Finish what was begun."""
        self._threads.shutdown(wait=True)

    def _answer(self, job: Job) -> dict[str, Any] | None:
        if not job.is_wanted:
            return self._abandon()
        image_id = hashlib.sha256(job.content).hexdigest()
        pixels = self._decoder.decode(job.content).pixels
        if not job.is_wanted:
            return self._abandon()
        route = pick_route(job.served.pointer.routes, image_id)
        model = job.served.models[route.model_digest]
        probabilities = model.probabilities(model_image(pixels, model.side_px))
        named = _named(probabilities, model.class_names, job.served.pointer.min_confidence)
        answer = {
            "prediction_id": uuid.uuid4().hex,
            "image_id": image_id,
            "model_digest": model.digest,
            "dataset_id": model.dataset_id,
            "route": route.role,
        } | named
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        self._log.append({"at": now, "seconds": round(time.perf_counter() - job.begun, 4)} | answer)
        self._metrics.predictions.labels(model.digest, route.role, named["class_name"]).inc()
        return answer

    def _abandon(self) -> dict[str, Any] | None:
        self._metrics.abandoned.inc()
        return None


def _white_image() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (64, 64), "white").save(buffer, "JPEG")
    return buffer.getvalue()


def _named(probabilities: npt.NDArray[np.float32], class_names: tuple[str, ...], min_confidence: float) -> dict[str, Any]:
    """The most probable class, and all of them."""
    best = int(probabilities.argmax())
    return {
        "class_name": class_names[best],
        "probability": float(probabilities[best]),
        "probabilities": {name: float(value) for name, value in zip(class_names, probabilities, strict=True)},
        "is_unsure": bool(probabilities[best] < min_confidence),
    }
