"""A receiver's application inside this process, and signed requests to it."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from edge.given_edge import KEY, an_image, some_keys

from pipeline_tasks.receiving.application import make_application
from pipeline_tasks.receiving.device_keys import DeviceKeys
from pipeline_tasks.receiving.limits import ReceiverLimits
from pipeline_tasks.receiving.received_images import ReceivedImages
from pipeline_tasks.receiving.signed_requests import SignedRequests
from pipeline_tasks.sent_images.image_note import ImageNote
from pipeline_tasks.sent_images.signature import RequestClaims

NOW = 1_796_000_000.0


@dataclass
class Requests:
    """Requests of a device, numbered by themselves."""

    folder: Path
    limits: ReceiverLimits = field(default_factory=lambda: ReceiverLimits(min_free_bytes=0, max_part_bytes=100_000))
    device: str = "gate-1"
    key: bytes = bytes.fromhex(KEY)
    sequence: int = 0
    time: float = NOW

    def __post_init__(self) -> None:
        if not (self.folder / "keys.toml").exists():
            some_keys(self.folder)
        self.restart()

    def restart(self) -> None:
        """Start the receiver anew."""
        keys = DeviceKeys(self.folder / "keys.toml")
        inbox = self.folder / "inbox"
        signed = SignedRequests(keys, inbox / ".receiving", self.limits.max_clock_off_s, clock=lambda: NOW)
        self.application = make_application(ReceivedImages(inbox, self.limits), signed, self.limits)

    def signed(self, target: str, content: bytes, **changed: Any) -> dict[str, str]:
        """Headers of a request; `changed` are claims that differ from the signed ones afterwards."""
        self.sequence += 1
        digest = hashlib.sha256(content).hexdigest()
        claims = RequestClaims("PUT", target, self.device, f"{self.time:.3f}", str(self.sequence), digest)
        return claims.headers(self.key) | changed

    def put(self, target: str, content: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
        """Send a request."""

        async def sent() -> httpx.Response:
            transport = httpx.ASGITransport(self.application)
            async with httpx.AsyncClient(transport=transport, base_url="http://receiver") as client:
                given = self.signed(target, content) if headers is None else headers
                return await client.put(target, content=content, headers=given)

        return asyncio.run(sent())

    def note(self, content: bytes, **fields: Any) -> httpx.Response:
        """Send the note of an image."""
        image_id = hashlib.sha256(content).hexdigest()
        given: dict[str, Any] = {"image_id": image_id, "size_bytes": len(content), "device": self.device, "kept_because": "new"}
        return self.put(f"/images/{image_id}/note", ImageNote(**given | fields).as_bytes())

    def part(self, content: bytes, start: int = 0, end: int | None = None) -> httpx.Response:
        """Send the bytes of an image from `start` to `end`."""
        return self.put(f"/images/{hashlib.sha256(content).hexdigest()}?offset={start}", content[start:end])

    def images(self) -> list[Path]:
        """The images in the inbox."""
        return sorted(path for path in (self.folder / "inbox").glob("gate-*/*/*") if path.suffix != ".json")


IMAGE = an_image(1)
