"""Open Inference Protocol (KServe's version 2) over HTTP: encoded images in one BYTES tensor, predictions in another.

https://github.com/kserve/open-inference-protocol, with its binary tensor data extension for requests.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from pipeline_tasks.json_values import Json
from pipeline_tasks.release import RELEASE
from pipeline_tasks.serving.batch import BatchImage, predict_batch
from pipeline_tasks.serving.body import Bodies, ClientDisconnect
from pipeline_tasks.serving.limits import ServerLimits
from pipeline_tasks.serving.openapi import INFER, OPEN
from pipeline_tasks.serving.predict_handler import PredictHandler, until_left
from pipeline_tasks.serving.prediction_threads import JobResult
from pipeline_tasks.serving.predictor import Predictor
from pipeline_tasks.serving.refusal import refusal
from pipeline_tasks.serving.tensors import INPUT, Inference, read_inference

OUTPUT = "prediction"


class OpenInference:
    """The protocol's one model, which has the name of the project and the champion's digest as its version."""

    def __init__(self, handler: PredictHandler, predictor: Predictor, bodies: Bodies, limits: ServerLimits) -> None:
        """Share the parts of /predict."""
        self._handler, self._predictor, self._bodies, self._limits = handler, predictor, bodies, limits

    def model(self, name: str) -> dict[str, Json]:
        """Metadata of the model.

        Raises:
            HTTPException: 404 another name, 503 no model yet.
        """
        served = self._predictor.served()
        if name != served.pointer.project:
            raise refusal(404, "no_such_model", f"Wanted the model {served.pointer.project!r}, found {name[:100]!r}.")
        about: dict[str, Json] = {"name": name, "versions": [served.champion.digest], "platform": "onnxruntime_onnx"}
        tensors: dict[str, Json] = {
            "inputs": [{"name": INPUT, "datatype": "BYTES", "shape": [-1]}],
            "outputs": [{"name": OUTPUT, "datatype": "BYTES", "shape": [-1]}],
        }
        return about | tensors

    async def infer(self, name: str, request: Request) -> Response:
        """Predict the images of a request; the whole request is refused if one of them cannot be used."""

        async def infer_named(request: Request) -> tuple[Response, list[int]]:
            return await self._infer(name, request)

        return await self._handler.counted(request, infer_named)

    async def _infer(self, name: str, request: Request) -> tuple[Response, list[int]]:
        self.model(name)
        with self._bodies.room_for(self._predictor.served().pointer.max_body_bytes, self._limits.max_batch_bodies) as room:
            content = await room.read(request)
            header = request.headers.get("inference-header-content-length")
            # In a thread: reading megabytes of base64 would keep all other requests waiting.
            inference = await asyncio.to_thread(read_inference, content, header, self._limits.max_batch)
            images = [BatchImage(image) for image in inference.images]
            outcomes = await until_left(request, lambda left: predict_batch(self._predictor, images, left))
        if outcomes is None:
            raise ClientDisconnect
        for number, outcome in enumerate(outcomes, start=1):
            if isinstance(outcome, HTTPException):
                detail: Any = outcome.detail
                why = f"image {number} of {len(outcomes)}: {detail['why']}"
                raise refusal(outcome.status_code, detail["reason"], why, outcome.headers)
        results = [outcome for outcome in outcomes if isinstance(outcome, JobResult)]
        return JSONResponse(_response(name, inference, results)), [200] * len(results)


def add_open_inference(application: FastAPI, protocol: OpenInference, is_ready: Callable[[], bool]) -> None:
    """The protocol's addresses; its errors are `{"error": sentence}`."""

    @application.get("/v2", openapi_extra=OPEN)
    async def server_metadata() -> dict[str, str | list[str]]:
        """Name of the server and extensions of the Open Inference Protocol."""
        return {"name": "nightlens", "version": RELEASE, "extensions": ["binary_tensor_data"]}

    @application.get("/v2/health/live", openapi_extra=OPEN)
    async def server_live() -> dict[str, bool]:
        """Report that the process is alive."""
        return {"live": True}

    @application.get("/v2/health/ready", openapi_extra=OPEN)
    async def server_ready() -> JSONResponse:
        """Report if requests should be sent here."""
        return JSONResponse({"ready": is_ready()}, status_code=200 if is_ready() else 503)

    @application.get("/v2/models/{name}")
    async def model_metadata(name: str) -> Response:
        """Tensors of the model; its name is the project's."""
        return await _in_its_form(lambda: _json(lambda: protocol.model(name)))

    @application.get("/v2/models/{name}/ready")
    async def model_ready(name: str) -> Response:
        """Report if the model may be asked."""
        return await _in_its_form(lambda: _json(lambda: {"name": str(protocol.model(name)["name"]), "ready": is_ready()}))

    @application.post("/v2/models/{name}/infer", **INFER)
    async def infer(name: str, request: Request) -> Response:
        """Predict the images of a BYTES tensor, base64 in JSON or raw behind it."""
        return await _in_its_form(lambda: protocol.infer(name, request))


async def _in_its_form(respond: Callable[[], Coroutine[Any, Any, Response]]) -> Response:
    try:
        return await respond()
    except HTTPException as error:
        detail: Any = error.detail
        return JSONResponse({"error": f"{detail['reason']}: {detail['why']}"}, error.status_code, error.headers)


async def _json(content: Callable[[], dict[str, Json]]) -> Response:
    return JSONResponse(content())


def _response(name: str, inference: Inference, results: list[JobResult]) -> dict[str, Json]:
    digests = {str(result.prediction.model_digest) for result in results}
    about: dict[str, Json] = {"model_name": name}
    about |= {"model_version": digests.pop()} if len(digests) == 1 else {}
    about |= {} if inference.request_id is None else {"id": inference.request_id}
    data = [json.dumps(result.prediction.response()) for result in results]
    return about | {"outputs": [{"name": OUTPUT, "datatype": "BYTES", "shape": [len(data)], "data": data}]}
