"""Handler of /predict and /predict_batch: bodies in, predictions or refusals out, every image counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.responses import JSONResponse

from pipeline_tasks.json_values import Json
from pipeline_tasks.serving.batch import BatchImage, image_job, predict_batch
from pipeline_tasks.serving.body import Bodies, ClientDisconnect, SentImage
from pipeline_tasks.serving.limits import ServerLimits
from pipeline_tasks.serving.metrics import Metrics
from pipeline_tasks.serving.prediction_threads import JobResult
from pipeline_tasks.serving.predictor import Predictor
from pipeline_tasks.serving.refusal import refusal
from pipeline_tasks.serving.requested_form import requested_form

CLIENT_LEFT = 499
Outcome = JobResult | HTTPException


class PredictHandler:
    """Responses to requests over HTTP, within the server's limits."""

    def __init__(self, predictor: Predictor, bodies: Bodies, metrics: Metrics, limits: ServerLimits) -> None:
        """Share `predictor` and `bodies` with the other handlers of the server."""
        self._predictor, self._bodies, self._metrics, self._limits = predictor, bodies, metrics, limits

    async def respond(self, request: Request) -> Response:
        """Respond to a request with one image."""
        return await self.counted(request, self._predict)

    async def respond_batch(self, request: Request) -> Response:
        """Respond to a form of several images; each has its own prediction or refusal."""
        return await self.counted(request, self._predict_batch)

    async def counted(
        self, request: Request, handle: Callable[[Request], Coroutine[Any, Any, tuple[Response, list[int]]]]
    ) -> Response:
        """Respond by `handle`, which also gives the status of each image, and count them."""
        begun, statuses = time.perf_counter(), [500]
        try:
            response, statuses = await handle(request)
            return response
        except HTTPException as error:
            statuses = [error.status_code]
            raise
        except ClientDisconnect:
            statuses = [CLIENT_LEFT]
            return Response(status_code=CLIENT_LEFT)
        finally:
            for status in statuses:
                self._metrics.requests.labels(str(status)).inc()
            self._metrics.seconds.observe(time.perf_counter() - begun)

    async def _predict(self, request: Request) -> tuple[Response, list[int]]:
        with self._bodies.room_for(self._predictor.served().pointer.max_body_bytes) as room:
            content = await room.read_image(request)
            served = self._predictor.served()
            bits = request.query_params.get("bit_depth")
            job = image_job(BatchImage(content, bits), served, is_drawn=_is_drawn(request))
            outcomes = await until_left(request, lambda left: self._predictor.predict([job], left))
        if outcomes is None:
            raise ClientDisconnect
        (outcome,) = outcomes
        if isinstance(outcome, HTTPException):
            raise outcome
        return _response(outcome), [200]

    async def _predict_batch(self, request: Request) -> tuple[Response, list[int]]:
        if _is_drawn(request):
            raise refusal(422, "bad_draw", "draw: /predict draws one image at a time; a batch is never drawn.")
        with self._bodies.room_for(self._predictor.served().pointer.max_body_bytes, self._limits.max_batch_bodies) as room:
            images = await room.read_images(request, self._limits.max_batch)
            bits = request.query_params.get("bit_depth")
            requested_form(bits, None)
            batch = [BatchImage(image.content, bits) for image in images]
            outcomes = await until_left(request, lambda left: predict_batch(self._predictor, batch, left))
        if outcomes is None:
            raise ClientDisconnect
        return _batch_response(images, outcomes), [200 if isinstance(one, JobResult) else one.status_code for one in outcomes]


async def until_left(
    request: Request, predict: Callable[[asyncio.Future[None]], Coroutine[Any, Any, list[Outcome] | None]]
) -> list[Outcome] | None:
    """The outcomes, or None if the request's client leaves first."""
    left = asyncio.ensure_future(_left(request))
    try:
        return await predict(left)
    finally:
        left.cancel()


def _is_drawn(request: Request) -> bool:
    """Return True if the request asks for the image with the prediction."""
    given = request.query_params.get("draw", "0")
    if given not in ("0", "1"):
        raise refusal(422, "bad_draw", f"draw: wanted 0 or 1, found {given[:20]!r}.")
    return given == "1"


def _response(result: JobResult) -> Response:
    """The prediction as JSON, or drawn over its image."""
    if result.drawn is None:
        return JSONResponse(result.prediction.response())
    about = {"Nightlens-Prediction-Id": str(result.prediction.prediction_id)}
    return Response(result.drawn, media_type="image/jpeg", headers=about)


def _batch_response(images: Sequence[SentImage], each: Sequence[Outcome]) -> Response:
    """One entry an image, in the order of the form."""
    return JSONResponse({"results": [_entry(image, one) for image, one in zip(images, each, strict=True)]})


def _entry(image: SentImage, outcome: Outcome) -> dict[str, Json]:
    if isinstance(outcome, JobResult):
        return {"name": image.name, "status": 200, "prediction": outcome.prediction.response(), "refusal": None}
    detail: Any = outcome.detail
    return {"name": image.name, "status": outcome.status_code, "prediction": None, "refusal": detail}


async def _left(request: Request) -> None:
    """Return when the client has left."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
