"""Reading of a request's images: counts bytes as they arrive and gives up on slow senders."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from pipeline_tasks.serving.admission import Admission
from pipeline_tasks.serving.limits import ServerLimits
from pipeline_tasks.serving.refusal import refusal, too_busy

FIELD = "image"
OLD_FIELD = "picture"
"""Field name that clients of 0.1.0 use; still accepted."""
MAX_FORM_PARTS = 4
FORM_EXTRA_BYTES = 4096
"""Bytes that a form may have beside its image."""
LINGER_S = 1.0
"""Seconds that a refused body is read and discarded, so that its sender sees the response, not a broken pipe."""


@dataclass(frozen=True)
class SentImage:
    """One image of a form, with the file name that its client gave; empty if it gave none."""

    name: str
    content: bytes


class Bodies:
    """Bodies of all requests, with a bound on their total size."""

    def __init__(self, limits: ServerLimits) -> None:
        """Start without any body."""
        self._limits = limits
        self._buffered = Admission()

    @contextmanager
    def room_for(self, max_bytes: int, images: int = 1) -> Iterator[Room]:
        """Reserve room for one body of `images` times `max_bytes` as it grows; released at the end of the block."""
        room = Room(self._buffered, max_bytes, images, self._limits)
        try:
            yield room
        finally:
            self._buffered.give_back(room.taken)


class Room:
    """Memory that one request may hold."""

    def __init__(self, buffered: Admission, max_bytes: int, images: int, limits: ServerLimits) -> None:
        """Start with nothing reserved; `max_bytes` are those of one image."""
        self.taken = 0
        self._buffered, self._max_bytes, self._images, self._limits = buffered, max_bytes, images, limits

    async def read_image(self, request: Request) -> bytes:
        """Read the image's bytes: the body, or the field `image` of a form.

        Raises:
            HTTPException: 400 no image in the form, 408 too slow, 413 too large, 429 too many bodies at once.
            ClientDisconnect: the client left.
        """
        is_form = _is_form(request)
        content = await self.read(request, FORM_EXTRA_BYTES if is_form else 0)
        return (await _files(request.headers, content, 1))[0].content if is_form else content

    async def read_images(self, request: Request, most: int) -> list[SentImage]:
        """Read the 1 to `most` images of a form: its fields `image`, in their order.

        Raises:
            HTTPException: 400 the body is no form or has no image or too many, 408 too slow, 413 too large, 429 too many bodies.
            ClientDisconnect: the client left.
        """
        if not _is_form(request):
            raise refusal(400, "bad_form", f"Wanted a form (multipart/form-data) with files in fields {FIELD!r}.")
        return await _files(request.headers, await self.read(request, FORM_EXTRA_BYTES * most), most)

    async def read(self, request: Request, extra_bytes: int = 0) -> bytes:
        """Read the whole body, with `extra_bytes` for what surrounds its images.

        Raises:
            HTTPException: 408 too slow, 413 too large, 429 too many bodies at once.
            ClientDisconnect: the client left.
        """
        try:
            async with asyncio.timeout(self._limits.body_s):
                return await self._read(request, self._max_bytes * self._images + extra_bytes)
        except TimeoutError:
            why = f"The body did not arrive within {self._limits.body_s:g} s."
            raise refusal(408, "too_slow", why, {"Connection": "close"}) from None

    async def _read(self, request: Request, max_bytes: int) -> bytes:
        """Read the body; refuse it at once if its announced length is too large."""
        announced = request.headers.get("content-length", "")
        chunks: list[bytes] = []
        if announced.isdigit() and int(announced) > max_bytes:
            await self._too_large(request, max_bytes)
        async for chunk in request.stream():
            if self.taken + len(chunk) > max_bytes:
                await self._too_large(request, max_bytes)
            if not self._buffered.take(len(chunk), self._limits.max_buffered_bodies * self._max_bytes):
                raise too_busy("Too many images are being received at once.", self._limits.retry_after_s)
            self.taken += len(chunk)
            chunks.append(chunk)
        return b"".join(chunks)

    async def _too_large(self, request: Request, max_bytes: int) -> None:
        """Discard what still arrives for a moment, then refuse."""
        if "expect" not in request.headers:
            await linger(request.receive)
        why = f"An image may have {self._max_bytes} bytes."
        if self._images > 1:
            why = f"The images of one request may have {max_bytes} bytes together."
        raise refusal(413, "too_many_bytes", why, {"Connection": "close"})


async def linger(receive: Receive) -> None:
    """Discard what still arrives of a refused body for a moment, so that its sender sees the response, not a broken pipe."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while (await receive()).get("more_body"):
                pass


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def _files(headers: Headers, content: bytes, most: int) -> list[SentImage]:
    """Read the images of a form."""

    async def one_chunk() -> AsyncIterator[bytes]:
        yield content

    parser = MultiPartParser(headers, one_chunk(), max_files=most, max_fields=MAX_FORM_PARTS)  # type: ignore[arg-type]
    # The body is already in memory: spooling it to disk would block the event loop.
    parser.spool_max_size = len(content) + 1
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise refusal(400, "bad_form", f"The form cannot be read: {error.message}") from None
    files = [one for name, one in form.multi_items() if name in (FIELD, OLD_FIELD) and isinstance(one, UploadFile)]
    if not files:
        raise refusal(400, "bad_form", f"The form must have a file in its field {FIELD!r}.")
    return [SentImage(file.filename or "", await file.read()) for file in files]


__all__ = ["Bodies", "ClientDisconnect", "Room", "SentImage"]
