"""Handler of /predict and /predict_batch: bodies in, predictions or refusals out, every image counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.responses import JSONResponse

from pipeline_tasks.decoding.canonical_form import CanonicalForm
from pipeline_tasks.json_values import Json
from pipeline_tasks.serving.body import Bodies, ClientDisconnect, SentImage
from pipeline_tasks.serving.limits import ServerLimits
from pipeline_tasks.serving.metrics import Metrics
from pipeline_tasks.serving.prediction_threads import Job, JobResult
from pipeline_tasks.serving.predictor import Predictor
from pipeline_tasks.serving.refusal import refusal

CLIENT_LEFT = 499
Outcome = JobResult | HTTPException


class PredictHandler:
    """Responses to requests over HTTP, within the server's limits."""

    def __init__(self, predictor: Predictor, bodies: Bodies, metrics: Metrics, limits: ServerLimits) -> None:
        """Share `predictor` and `bodies` with the other handlers of the server."""
        self._predictor, self._bodies, self._metrics, self._limits = predictor, bodies, metrics, limits

    async def respond(self, request: Request) -> Response:
        """Respond to a request with one image."""
        return await self._counted(request, self._predict)

    async def respond_batch(self, request: Request) -> Response:
        """Respond to a form of several images; each has its own prediction or refusal."""
        return await self._counted(request, self._predict_batch)

    async def _counted(
        self, request: Request, handle: Callable[[Request], Coroutine[Any, Any, tuple[Response, list[int]]]]
    ) -> Response:
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
            job = Job(content, served, _form(request, served.pointer.bit_depth), is_drawn=_is_drawn(request))
            outcomes = await self._outcomes(request, [job])
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
            served = self._predictor.served()
            pointer = served.pointer
            if len(images) > pointer.max_waiting:
                why = f"Wanted at most {pointer.max_waiting} images, the project's serving.max_waiting, found {len(images)}."
                raise refusal(422, "too_many_images", why)
            fitting = [image for image in images if len(image.content) <= pointer.max_body_bytes]
            form = _form(request, pointer.bit_depth)
            outcomes = await self._outcomes(request, [Job(image.content, served, form) for image in fitting])
        if outcomes is None:
            raise ClientDisconnect
        predicted, large = iter(outcomes), _too_large(pointer.max_body_bytes)
        each = [next(predicted) if len(image.content) <= pointer.max_body_bytes else large for image in images]
        return _batch_response(images, each), [200 if isinstance(one, JobResult) else one.status_code for one in each]

    async def _outcomes(self, request: Request, jobs: Sequence[Job]) -> list[Outcome] | None:
        if not jobs:
            return []
        left = asyncio.ensure_future(_left(request))
        try:
            return await self._predictor.predict(jobs, left)
        finally:
            left.cancel()


def _form(request: Request, bit_depth: int | None) -> CanonicalForm:
    """The form in which to decode: with the bits that the request or else the project's sources name."""
    given = request.query_params.get("bit_depth")
    if given is None:
        return CanonicalForm(bit_depth=bit_depth)
    if not given.isdecimal() or not 8 <= int(given) <= 16:
        raise refusal(422, "bad_bit_depth", f"bit_depth: wanted a whole number from 8 to 16, found {given[:20]!r}.")
    return CanonicalForm(bit_depth=int(given))


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


def _too_large(max_bytes: int) -> HTTPException:
    return refusal(413, "too_many_bytes", f"An image may have {max_bytes} bytes.")


async def _left(request: Request) -> None:
    """Return when the client has left."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
