"""Calls of gRPC: the same predictor, limits, keys and figures as the HTTP API, with the codes of gRPC."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias, TypeVar

import grpc
from fastapi import HTTPException

from pipeline_tasks.serving.api_keys import ApiKeys
from pipeline_tasks.serving.batch import BatchImage, image_job, predict_batch
from pipeline_tasks.serving.key_gate import KEY_HEADER, check
from pipeline_tasks.serving.limits import ServerLimits
from pipeline_tasks.serving.metrics import Metrics
from pipeline_tasks.serving.prediction_threads import JobResult
from pipeline_tasks.serving.predictor import Predictor
from pipeline_tasks.serving.protocols import prediction_pb2 as messages
from pipeline_tasks.serving.refusal import refusal

SERVICE = messages.DESCRIPTOR.services_by_name["PredictionServer"].full_name
CANCELLED = 499
CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    413: grpc.StatusCode.INVALID_ARGUMENT,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}
"""Status of a refusal → code. A large image is not RESOURCE_EXHAUSTED, which clients retry."""
Call: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
_Response = TypeVar("_Response")


class GrpcService:
    """Handlers of the service in `prediction.proto`; used from one event loop."""

    def __init__(self, predictor: Predictor, metrics: Metrics, limits: ServerLimits, keys: ApiKeys | None) -> None:
        """Share `predictor` with the HTTP API; `keys` of None let everyone in."""
        self._predictor, self._metrics, self._limits, self._keys = predictor, metrics, limits, keys

    def handlers(self) -> grpc.GenericRpcHandler:
        """The service's methods, to be added to a server."""
        predict = grpc.unary_unary_rpc_method_handler(
            self.predict,
            request_deserializer=messages.PredictRequest.FromString,
            response_serializer=messages.Prediction.SerializeToString,
        )
        predict_batch = grpc.unary_unary_rpc_method_handler(
            self.predict_batch,
            request_deserializer=messages.PredictBatchRequest.FromString,
            response_serializer=messages.PredictBatchResponse.SerializeToString,
        )
        return grpc.method_handlers_generic_handler(SERVICE, {"Predict": predict, "PredictBatch": predict_batch})

    async def predict(self, request: Any, call: Call) -> Any:
        """Predict one image.

        Args:
            request: a `PredictRequest`.
            call: its metadata, deadline and client; aborted with a code if there is no prediction.
        """
        return await self._counted(call, lambda: self._predict(request))

    async def predict_batch(self, request: Any, call: Call) -> Any:
        """Predict the images of a `PredictBatchRequest`, each by itself."""
        return await self._counted(call, lambda: self._predict_batch(request))

    async def _counted(self, call: Call, handle: Callable[[], Coroutine[Any, Any, tuple[_Response, list[int]]]]) -> _Response:
        begun, statuses = time.perf_counter(), [500]
        try:
            self._check_key(call)
            response, statuses = await handle()
        except HTTPException as error:
            statuses = [error.status_code]
            await _abort(call, error, self._limits.retry_after_s)
            raise
        except asyncio.CancelledError:
            # The client cancelled, or its deadline passed: the predictor has taken the jobs out of the queue.
            statuses = [CANCELLED]
            raise
        finally:
            for status in statuses:
                self._metrics.requests.labels(str(status)).inc()
            self._metrics.seconds.observe(time.perf_counter() - begun)
        return response

    def _check_key(self, call: Call) -> None:
        sent = {str(name): value for name, value in call.invocation_metadata() or () if isinstance(value, str)}
        check(self._keys, sent.get("authorization", ""), sent.get(KEY_HEADER, ""))

    async def _predict(self, request: Any) -> tuple[Any, list[int]]:
        job = image_job(_image(request), self._predictor.served())
        outcomes = await self._predictor.predict([job])
        assert outcomes is not None, "only a client that leaves has no outcome, and then this call is cancelled"
        (outcome,) = outcomes
        if isinstance(outcome, HTTPException):
            raise outcome
        return _prediction(outcome), [200]

    async def _predict_batch(self, request: Any) -> tuple[Any, list[int]]:
        images, most = [_image(one) for one in request.requests], self._limits.max_batch
        if not 0 < len(images) <= most:
            raise refusal(422, "too_many_images" if images else "no_image", f"Wanted 1 to {most} images, found {len(images)}.")
        outcomes = await predict_batch(self._predictor, images)
        assert outcomes is not None, "only a client that leaves has no outcomes, and then this call is cancelled"
        response = messages.PredictBatchResponse(results=[_result(one) for one in outcomes])
        return response, [200 if isinstance(one, JobResult) else one.status_code for one in outcomes]


def _image(request: Any) -> BatchImage:
    return BatchImage(request.image, str(request.bit_depth) if request.HasField("bit_depth") else None)


def _prediction(result: JobResult) -> Any:
    fields = result.prediction.response()
    about = {
        name: fields.pop(name) for name in ("prediction_id", "image_id", "model_digest", "dataset_id", "route") if name in fields
    }
    message = messages.Prediction(**about)  # type: ignore[arg-type]
    message.content.update(fields)
    return message


def _result(outcome: JobResult | HTTPException) -> Any:
    if isinstance(outcome, JobResult):
        return messages.PredictBatchResponse.Result(prediction=_prediction(outcome))
    why = messages.Refusal(code=code_of(outcome).value[0], **_detail(outcome))
    return messages.PredictBatchResponse.Result(refusal=why)


def code_of(error: HTTPException) -> grpc.StatusCode:
    """The code that says over gRPC what the status says over HTTP."""
    return CODES.get(error.status_code, grpc.StatusCode.INTERNAL)


async def _abort(call: Call, error: HTTPException, retry_after_s: int) -> None:
    detail = _detail(error)
    metadata = [("nightlens-reason", detail["reason"])]
    if error.status_code == 429:
        metadata.append(("grpc-retry-pushback-ms", str(retry_after_s * 1000)))
    await call.abort(code_of(error), detail["why"], tuple(metadata))


def _detail(error: HTTPException) -> dict[str, str]:
    detail: Any = error.detail
    return {"reason": detail["reason"], "why": detail["why"]}
