"""Clients of gRPC, made of the published file's messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc

from pipeline_tasks.serving.protocols import prediction_pb2 as messages

SERVICE = "nightlens.v1.PredictionServer"


def a_method(channel: Any, name: str = "Predict") -> Any:
    """A method of the service, over a channel of either kind."""
    methods: dict[str, tuple[Any, Any]] = {
        "Predict": (messages.PredictRequest, messages.Prediction),
        "PredictBatch": (messages.PredictBatchRequest, messages.PredictBatchResponse),
    }
    request, response = methods[name]
    return channel.unary_unary(
        f"/{SERVICE}/{name}", request_serializer=request.SerializeToString, response_deserializer=response.FromString
    )


@dataclass(frozen=True)
class Refused:
    """The end of a call that was refused."""

    code: grpc.StatusCode
    why: str
    metadata: dict[str, str]


def refused(error: Any) -> Refused:
    return Refused(error.code(), error.details(), {str(name): value for name, value in error.trailing_metadata() or ()})
