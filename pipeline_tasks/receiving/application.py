"""HTTP API of the receiver: the note of an image, then its bytes in one or more parts."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipeline_tasks.receiving.limits import ReceiverLimits
from pipeline_tasks.receiving.received_images import Progress, ReceivedImages
from pipeline_tasks.receiving.refusal import RefusedRequestError
from pipeline_tasks.receiving.signed_requests import SignedRequests, is_digest_of
from pipeline_tasks.sent_images.image_note import DIGEST, MAX_NOTE_BYTES, read_note
from pipeline_tasks.sent_images.signature import RequestClaims

logger = logging.getLogger(__name__)
_DRAIN_S = 1.0
"""Seconds that a refused body is read and forgotten, so that its sender sees the answer."""


def make_application(images: ReceivedImages, signed: SignedRequests, limits: ReceiverLimits) -> Starlette:
    """The web application."""
    receiver = Receiver(images, signed, limits)
    return Starlette(
        routes=[
            Route("/images/{image_id}/note", receiver.note, methods=["PUT"]),
            Route("/images/{image_id}", receiver.part, methods=["PUT"]),
            Route("/healthz", _alive, methods=["GET"]),
        ],
        exception_handlers={RefusedRequestError: _refused, ClientDisconnect: _left},
    )


class Receiver:
    """Handlers of the requests. Those of one device wait for each other."""

    def __init__(self, images: ReceivedImages, signed: SignedRequests, limits: ReceiverLimits) -> None:
        """Answer with these."""
        self._images, self._signed, self._limits = images, signed, limits
        self._devices: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def note(self, request: Request) -> Response:
        """Take the note of an image, and say how much of the image is there."""
        image_id = _image_id(request)
        claims, content = await self._accepted(request, MAX_NOTE_BYTES)
        try:
            note = read_note(content)
            if (note.image_id, note.device) != (image_id, claims.device):
                raise ValueError("image_id, device: wanted those of the request")
        except ValueError as error:
            raise RefusedRequestError(422, "bad_note", str(error)) from error
        return await self._done(claims, lambda: self._images.begin(note))

    async def part(self, request: Request) -> Response:
        """Take a part of an image."""
        image_id, offset = _image_id(request), request.query_params.get("offset", "0")
        claims, content = await self._accepted(request, self._limits.max_part_bytes)
        if not offset.isascii() or not offset.isdigit() or len(offset) > 12:
            raise RefusedRequestError(422, "bad_offset", f"offset: wanted a whole number, found {offset[:20]!r}")
        return await self._done(claims, lambda: self._images.append(claims.device, image_id, int(offset), content))

    async def _accepted(self, request: Request, max_bytes: int) -> tuple[RequestClaims, bytes]:
        """The claims and the body of a request, both checked; claims are checked before the body is read."""
        query = request.url.query
        target = request.url.path + (f"?{query}" if query else "")
        try:
            claims = self._signed.check(request.method, target, request.headers)
        except RefusedRequestError:
            await self._forget(request, max_bytes)
            raise
        content = await self._body(request, max_bytes)
        if not is_digest_of(claims, hashlib.sha256(content).hexdigest()):
            raise RefusedRequestError(401, "bad_signature", "the body is not the one that was signed")
        return claims, content

    async def _done(self, claims: RequestClaims, work: Callable[[], Progress]) -> Response:
        async with self._devices[claims.device]:
            self._signed.accept(claims)
            progress = await asyncio.to_thread(work)
        return JSONResponse(asdict(progress))

    async def _body(self, request: Request, max_bytes: int) -> bytes:
        content = bytearray()
        try:
            async with asyncio.timeout(self._limits.body_s):
                async for chunk in request.stream():
                    content += chunk
                    if len(content) > max_bytes:
                        await self._forget(request, max_bytes)
                        why = f"a request may have {max_bytes} bytes; send a large image in parts"
                        raise RefusedRequestError(413, "too_large_part", why, more={"max_part_bytes": max_bytes})
        except TimeoutError:
            raise RefusedRequestError(408, "too_slow", f"the body did not arrive within {self._limits.body_s:g} s") from None
        return bytes(content)

    async def _forget(self, request: Request, max_bytes: int) -> None:
        read = 0
        try:
            async with asyncio.timeout(_DRAIN_S):
                while (message := await request.receive()).get("more_body") and read <= max_bytes:
                    read += len(message.get("body", b""))
        except TimeoutError:
            pass


def _image_id(request: Request) -> str:
    image_id = str(request.path_params["image_id"])
    if not DIGEST.fullmatch(image_id):
        raise RefusedRequestError(404, "not_found", "wanted /images/<sha256 of the image in 64 hexadecimal digits>")
    return image_id


async def _alive(request: Request) -> Response:
    return JSONResponse({"is_alive": True})


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedRequestError)
    logger.warning("%s %s: %d %s: %s", request.method, request.url.path, error.status, error.reason, error.why)
    headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    return JSONResponse({"reason": error.reason, "why": error.why, **error.more}, error.status, headers)


async def _left(request: Request, error: Exception) -> Response:
    """Answer nobody: the device has left."""
    return Response(status_code=499)
