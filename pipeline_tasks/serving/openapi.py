"""OpenAPI descriptions of the addresses that predict: requests, responses of every label kind, refusals, and `curl` lines."""

from __future__ import annotations

import functools
import operator
from typing import Any

from pydantic import BaseModel, create_model

from pipeline_tasks.kinds.registry import prediction_models
from pipeline_tasks.serving.documentation import CURL


class Predicted(BaseModel):
    """The fields of any response of /predict; the label kind adds its own."""

    prediction_id: str
    image_id: str
    model_digest: str
    dataset_id: str
    route: str


class Refused(BaseModel):
    """Reason for programs, and a sentence for people."""

    reason: str
    why: str


def prediction_model() -> Any:
    """The response of /predict, for OpenAPI: the predictions of all label kinds, since a server learns its kind from its model."""
    models = [
        create_model("Prediction" if name == "class" else f"Prediction_{name}", __base__=(Predicted, model))
        for name, model in prediction_models().items()
    ]
    return functools.reduce(operator.or_, models)


def batch_model() -> Any:
    """The response of /predict_batch: an entry an image, with a prediction or a refusal."""
    entry = create_model(
        "BatchEntry", name=(str, ...), status=(int, ...), prediction=(_PREDICTION | None, ...), refusal=(Refused | None, ...)
    )
    return create_model("Batch", results=(list[entry], ...))


_PREDICTION = prediction_model()
_BINARY = {"type": "string", "format": "binary"}
_IMAGE = {"schema": _BINARY}
_FORM = {"schema": {"type": "object", "properties": {"image": _BINARY}, "required": ["image"]}}
_FORM_OF_SEVERAL = {
    "schema": {
        "type": "object",
        "properties": {"image": {"type": "array", "items": _BINARY, "minItems": 1}},
        "required": ["image"],
    }
}
_BIT_DEPTH = {
    "name": "bit_depth",
    "in": "query",
    "description": "Bits that the camera gives in a 16-bit file whose tags do not say it; by default the sources' setting.",
    "schema": {"type": "integer", "minimum": 8, "maximum": 16},
}
_DRAW = {
    "name": "draw",
    "in": "query",
    "description": "1: respond with the upright image as JPEG, the prediction drawn over it; its id is in a header.",
    "schema": {"type": "integer", "enum": [0, 1]},
}
_DRAWN: dict[str, Any] = {"content": {"image/jpeg": {"schema": _BINARY}}}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The form has no image."},
    401: {"description": "The server wants an API key."},
    408: {"description": "The body arrived too slowly."},
    413: {"description": "The image has too many bytes."},
    422: {"description": "The bytes are not a usable image; the reason says why."},
    429: {"description": "Too busy; try again after Retry-After seconds."},
    503: {"description": "There is no model yet."},
    504: {"description": "The prediction took too long."},
}
_NOT_OF_A_BATCH = (504,)
_TENSOR = {"name": "image", "datatype": "BYTES", "shape": [1], "data": ["<base64>"]}

OPEN = {"x-open": True}
"""Addresses that need no API key."""
PREDICT: dict[str, Any] = {
    "responses": _REFUSALS | {200: {"model": _PREDICTION, **_DRAWN}},
    "openapi_extra": {
        CURL: '-H "Content-Type: application/octet-stream" --data-binary @image.jpg',
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": _IMAGE, "image/*": _IMAGE, "multipart/form-data": _FORM},
        },
        "parameters": [_BIT_DEPTH, _DRAW],
    },
}
BATCH: dict[str, Any] = {
    "responses": {status: one for status, one in _REFUSALS.items() if status not in _NOT_OF_A_BATCH}
    | {200: {"model": batch_model(), "description": "An entry an image, with the status that it would have had alone."}},
    "openapi_extra": {
        CURL: "-F image=@first.jpg -F image=@second.jpg",
        "requestBody": {"required": True, "content": {"multipart/form-data": _FORM_OF_SEVERAL}},
        "parameters": [_BIT_DEPTH],
    },
}
INFER: dict[str, Any] = {
    "responses": {
        status: {"description": f"{one['description']} The body is `error`, a sentence."} for status, one in _REFUSALS.items()
    }
    | {404: {"description": "The server's one model has the name of its project."}},
    "openapi_extra": {
        # Through a file, because an argument of a command has at most 128 KiB.
        CURL: '-H "Content-Type: application/json" --data-binary @<(printf '
        """'{"inputs": [{"name": "image", "datatype": "BYTES", "shape": [1], "data": ["%s"]}]}' "$(base64 -w0 image.jpg)")""",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"example": {"inputs": [_TENSOR]}}, "application/octet-stream": _IMAGE},
        },
    },
}
