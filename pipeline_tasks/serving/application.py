"""HTTP API of the server: /predict, /healthz, /readyz, /metrics, and /label_studio/ for people's work."""

from __future__ import annotations

import asyncio
import functools
import operator
import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, create_model

from pipeline_tasks.decoding.canonical_form import CanonicalForm
from pipeline_tasks.errors import RejectedFileError, ServiceUnavailableError
from pipeline_tasks.kinds.registry import prediction_models
from pipeline_tasks.serving.admission import Admission
from pipeline_tasks.serving.body import Bodies, ClientDisconnect
from pipeline_tasks.serving.follower import Follower
from pipeline_tasks.serving.label_studio_backend import BackendAccess, LabelStudioBackend, add_routes
from pipeline_tasks.serving.limits import ServerLimits
from pipeline_tasks.serving.metrics import Metrics
from pipeline_tasks.serving.prediction_threads import Job, JobResult, PredictionThreads
from pipeline_tasks.serving.refusal import refusal, too_busy
from pipeline_tasks.serving.served import Served

CLIENT_LEFT = 499
_IMAGE = {"schema": {"type": "string", "format": "binary"}}
_FORM = {"schema": {"type": "object", "properties": {"image": {"type": "string", "format": "binary"}}, "required": ["image"]}}
_REQUEST = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": _IMAGE, "image/*": _IMAGE, "multipart/form-data": _FORM},
    },
    "parameters": [
        {
            "name": "bit_depth",
            "in": "query",
            "description": "Bits that the camera gives in a 16-bit file whose tags do not say it; by default the sources' setting.",
            "schema": {"type": "integer", "minimum": 8, "maximum": 16},
        },
        {
            "name": "draw",
            "in": "query",
            "description": "1: respond with the upright image as JPEG, the prediction drawn over it; its id is in a header.",
            "schema": {"type": "integer", "enum": [0, 1]},
        },
    ],
}
_DRAWN: dict[str, Any] = {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The form has no image."},
    408: {"description": "The body arrived too slowly."},
    413: {"description": "The image has too many bytes."},
    422: {"description": "The bytes are not a usable image; the reason says why."},
    429: {"description": "Too busy; try again after Retry-After seconds."},
    503: {"description": "There is no model yet."},
    504: {"description": "The prediction took too long."},
}


class Predicted(BaseModel):
    """The fields of any response of /predict; the label kind adds its own."""

    prediction_id: str
    image_id: str
    model_digest: str
    dataset_id: str
    route: str


def prediction_model() -> Any:
    """The response of /predict, for OpenAPI: the predictions of all label kinds, since a server learns its kind from its model."""
    models = [
        create_model("Prediction" if name == "class" else f"Prediction_{name}", __base__=(Predicted, model))
        for name, model in prediction_models().items()
    ]
    return functools.reduce(operator.or_, models)


@dataclass
class ServerState:
    """Objects that the HTTP API uses, and whether the server is shutting down."""

    follower: Follower
    prediction_threads: PredictionThreads
    metrics: Metrics
    limits: ServerLimits
    backend: BackendAccess | None = None
    """Access of Label Studio; None refuses it."""
    is_draining: bool = False


def make_application(state: ServerState) -> FastAPI:
    """The web application; it has no pages that load anything from other hosts."""
    application = FastAPI(title="Nightlens prediction server", docs_url=None, redoc_url=None)
    predict_handler = PredictHandler(state)
    state.metrics.generation.set_function(lambda: state.follower.served.pointer.generation if state.follower.served else 0)

    @application.post("/predict", responses=_REFUSALS | {200: {"model": prediction_model(), **_DRAWN}}, openapi_extra=_REQUEST)
    async def predict(request: Request) -> Response:
        """Predict one image."""
        return await predict_handler.respond(request)

    @application.get("/healthz")
    async def healthz() -> dict[str, bool]:
        """Report that the process is alive."""
        return {"is_alive": True}

    @application.get("/readyz", responses={503: {"description": "Not ready; `why` is a sentence."}})
    async def readyz() -> JSONResponse:
        """Report if requests should be sent here, and which model is served."""
        return _readiness(state)

    @application.get("/metrics")
    async def metrics() -> Response:
        """Figures for Prometheus."""
        return Response(state.metrics.as_text(), media_type="text/plain; version=0.0.4")

    add_routes(application, LabelStudioBackend(state.backend, state.follower, state.prediction_threads, state.limits))
    return application


class PredictHandler:
    """Handler of /predict, within the server's limits."""

    def __init__(self, state: ServerState) -> None:
        """Start without admitted requests."""
        self._state, self._limits = state, state.limits
        self._bodies = Bodies(state.limits)
        self._admission = Admission()

    async def respond(self, request: Request) -> Response:
        """Respond to a request and count it."""
        begun, status = time.perf_counter(), 500
        try:
            result = await self._predict(request)
            status = CLIENT_LEFT if result is None else 200
            return Response(status_code=status) if result is None else _response(result)
        except HTTPException as error:
            status = error.status_code
            raise
        except ClientDisconnect:
            status = CLIENT_LEFT
            return Response(status_code=status)
        finally:
            self._state.metrics.requests.labels(str(status)).inc()
            self._state.metrics.seconds.observe(time.perf_counter() - begun)

    async def _predict(self, request: Request) -> JobResult | None:
        with self._bodies.room_for(self._served().pointer.max_body_bytes) as room:
            content = await room.read_image(request)
            served = self._served()
            if not self._admission.take(1, served.pointer.max_waiting):
                why = f"{served.pointer.max_waiting} requests are waiting or running."
                raise too_busy(why, self._limits.retry_after_s)
            job = Job(content, served, _form(request, served.pointer.bit_depth), is_drawn=_is_drawn(request))
            work = self._state.prediction_threads.submit(job)
            self._count_until_done(work)
            return await self._wait(request, job, work)

    def _served(self) -> Served:
        if (served := self._state.follower.served) is None:
            raise refusal(503, "no_model", "There is no model yet: nothing has been promoted, or it could not be loaded.")
        return served

    def _count_until_done(self, work: Future[JobResult | None]) -> None:
        """Keep the request admitted until its work has ended, even if its client leaves earlier."""
        gauge = self._state.metrics.admitted
        gauge.inc()

        def give_back(_: Future[JobResult | None]) -> None:
            gauge.dec()
            self._admission.give_back(1)

        work.add_done_callback(give_back)

    async def _wait(self, request: Request, job: Job, work: Future[JobResult | None]) -> JobResult | None:
        """The prediction; None if the client left first."""
        prediction = asyncio.wrap_future(work)
        left = asyncio.ensure_future(_left(request))
        waiting: tuple[asyncio.Future[Any], ...] = (prediction, left)
        try:
            await asyncio.wait(waiting, timeout=self._limits.deadline_s, return_when=asyncio.FIRST_COMPLETED)
            if prediction.done():
                return prediction.result()
            job.is_wanted = False
            has_begun = not work.cancel()
            if left.done():
                return None
            if has_begun:
                raise refusal(504, "too_slow", f"The prediction took more than {self._limits.deadline_s:g} s.")
            raise too_busy("The request waited too long for its turn.", self._limits.retry_after_s)
        except RejectedFileError as error:
            raise refusal(422, error.reason, error.detail) from None
        except ServiceUnavailableError as error:
            raise too_busy(str(error), self._limits.retry_after_s) from None
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


async def _left(request: Request) -> None:
    """Return when the client has left."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _readiness(state: ServerState) -> JSONResponse:
    served = state.follower.served
    if served is None or state.is_draining:
        why = "The server is shutting down." if state.is_draining else state.follower.refused or "There is no model yet."
        return JSONResponse({"is_ready": False, "model_digest": None, "why": why}, status_code=503)
    champion = {"model_digest": served.champion.digest, "dataset_id": served.champion.dataset_id}
    return JSONResponse({"is_ready": True, "generation": served.pointer.generation, "why": state.follower.refused} | champion)
