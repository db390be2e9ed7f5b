"""Several images of one request: each has its own prediction or its own refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException

from pipeline_tasks.serving.prediction_threads import Job, JobResult
from pipeline_tasks.serving.predictor import Predictor
from pipeline_tasks.serving.refusal import refusal
from pipeline_tasks.serving.requested_form import requested_form
from pipeline_tasks.serving.served import Served


@dataclass(frozen=True)
class BatchImage:
    """Encoded bytes of one image, and the bits that its sender named; None names none."""

    content: bytes
    bit_depth: str | None = None


async def predict_batch(
    predictor: Predictor, images: Sequence[BatchImage], left: asyncio.Future[Any] | None = None
) -> list[JobResult | HTTPException] | None:
    """Prediction or refusal of each image, in their order; None if `left`, the client's leaving, is done first.

    Raises:
        HTTPException: 422, more images than may ever wait; 429, too many are waiting now; 503, there is no model yet.
    """
    served = predictor.served()
    if len(images) > served.pointer.max_waiting:
        most = served.pointer.max_waiting
        raise refusal(
            422, "too_many_images", f"Wanted at most {most} images, the project's serving.max_waiting, found {len(images)}."
        )
    wanted = [_job(image, served) for image in images]
    jobs = [one for one in wanted if isinstance(one, Job)]
    outcomes = await predictor.predict(jobs, left) if jobs else []
    if outcomes is None:
        return None
    predicted = iter(outcomes)
    return [next(predicted) if isinstance(one, Job) else one for one in wanted]


def image_job(image: BatchImage, served: Served, *, is_drawn: bool = False) -> Job:
    """Work of one image.

    Raises:
        HTTPException: 413, it has too many bytes; 422, there is no such number of bits.
    """
    if len(image.content) > served.pointer.max_body_bytes:
        raise refusal(413, "too_many_bytes", f"An image may have {served.pointer.max_body_bytes} bytes.")
    return Job(image.content, served, requested_form(image.bit_depth, served.pointer.bit_depth), is_drawn=is_drawn)


def _job(image: BatchImage, served: Served) -> Job | HTTPException:
    try:
        return image_job(image, served)
    except HTTPException as error:
        return error
