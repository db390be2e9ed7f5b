"""Images in the tensors of the Open Inference Protocol: base64 strings in JSON, or raw bytes behind the JSON."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipeline_tasks.serving.refusal import refusal

INPUT = "image"
_LENGTH_BYTES = 4


@dataclass(frozen=True)
class Inference:
    """Encoded images of one request, and the id that its client gave it."""

    images: tuple[bytes, ...]
    request_id: str | None


def read_inference(body: bytes, header_length: str | None, most: int) -> Inference:
    """Read a request of `POST /v2/models/NAME/infer`.

    Args:
        body: JSON, and behind it raw tensor data if there is a `header_length`.
        header_length: the header `Inference-Header-Content-Length`, bytes of the JSON.
        most: images of one request.

    Raises:
        HTTPException: 400, the body is not such a request, or has no or too many images.
    """
    length = len(body) if header_length is None else _number(header_length, len(body))
    request = _object(body[:length])
    tensor = _tensor(request)
    size = (tensor.get("parameters") or {}).get("binary_data_size")
    images = tuple(_listed(tensor.get("data")) if size is None else _raw(body[length:], size))
    if not 0 < len(images) <= most:
        raise _bad(f"Wanted 1 to {most} images, found {len(images)}.")
    shape = tensor.get("shape")
    if shape not in ([len(images)], [len(images), 1]):
        raise _bad(f"inputs[0].shape: wanted [{len(images)}], as there are {len(images)} images, found {str(shape)[:50]}.")
    request_id = request.get("id")
    return Inference(images, None if request_id is None else str(request_id)[:200])


def _object(content: bytes) -> dict[str, Any]:
    try:
        request = json.loads(content)
    except (ValueError, RecursionError):
        raise _bad("Wanted a JSON object with `inputs`; raw data wants the header Inference-Header-Content-Length.") from None
    if not isinstance(request, dict):
        raise _bad("Wanted a JSON object with `inputs`.")
    return request


def _tensor(request: dict[str, Any]) -> dict[str, Any]:
    inputs = request.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise _bad(f"inputs: wanted one tensor, {INPUT!r}.")
    tensor: dict[str, Any] = inputs[0]
    if tensor.get("name") != INPUT or tensor.get("datatype") != "BYTES" or not isinstance(tensor.get("parameters") or {}, dict):
        raise _bad(f"inputs[0]: wanted name {INPUT!r} and datatype 'BYTES', one encoded image an element.")
    return tensor


def _listed(data: Any) -> Iterator[bytes]:
    """Images of a list of base64 strings, or of lists with one each."""
    for number, one in enumerate(data if isinstance(data, list) else [], start=1):
        text = one[0] if isinstance(one, list) and len(one) == 1 else one
        try:
            yield base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError, TypeError):
            raise _bad(f"inputs[0].data: element {number}: wanted an image in base64.") from None


def _raw(content: bytes, size: Any) -> Iterator[bytes]:
    """Images of raw elements: four bytes of length, little endian, and the image."""
    if size != len(content):
        raise _bad(
            f"inputs[0].parameters.binary_data_size: wanted {len(content)}, the bytes behind the JSON, found {str(size)[:20]}."
        )
    at = 0
    while at < len(content):
        end = at + _LENGTH_BYTES + int.from_bytes(content[at : at + _LENGTH_BYTES], "little")
        if end > len(content):
            raise _bad(f"raw data: an element at byte {at} ends at {end}, behind the end at {len(content)}.")
        yield content[at + _LENGTH_BYTES : end]
        at = end


def _number(given: str, most: int) -> int:
    if not given.isascii() or not given.isdecimal() or int(given[:12]) > most:
        raise _bad(f"Inference-Header-Content-Length: wanted at most {most}, found {given[:20]!r}.")
    return int(given)


def _bad(why: str) -> Exception:
    return refusal(400, "bad_tensor", why)
