"""Client of the receiver: sends one image, from where an earlier try ended, and tells what became of it."""

from __future__ import annotations

import hashlib
import http.client
import json
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pipeline_tasks.edge.outbox import Waiting
from pipeline_tasks.edge.settings import ReceiverSettings
from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError
from pipeline_tasks.release import RELEASE
from pipeline_tasks.sent_images.private_files import key_of, read_private
from pipeline_tasks.sent_images.signature import RequestClaims

logger = logging.getLogger(__name__)
_MAX_RESPONSE_BYTES = 65_536
_MOST_CORRECTIONS = 5
"""Answers to one image that name another offset, sequence or time, before it is left for later."""
_OF_THE_IMAGE = {413, 422}
"""Statuses after which the same image is never accepted."""


class WaitError(ServiceUnavailableError):
    """The receiver is away or asks to wait; `retry_after_s` is what it asks for."""

    def __init__(self, why: str, retry_after_s: float | None = None) -> None:
        """Keep the wish."""
        super().__init__(why)
        self.retry_after_s = retry_after_s


class RefusedImageError(ServiceRefusedError):
    """The receiver will never accept this image."""

    def __init__(self, reason: str, why: str) -> None:
        """Keep the reason."""
        super().__init__(why)
        self.reason, self.why = reason, why


@dataclass(frozen=True)
class _Response:
    status: int
    fields: Mapping[str, Any]
    retry_after_s: float | None


class ReceiverClient:
    """Connection to the receiver, with the key of the device. For one thread."""

    def __init__(self, device: str, settings: ReceiverSettings, clock: Callable[[], float] = time.time) -> None:
        """Read the key; the connection is made when it is needed.

        Raises:
            SettingsError: the key or the certificates cannot be used.
        """
        self._device, self._settings, self._clock = device, settings, clock
        self._key = key_of(read_private(settings.key_file, "receiver.key_file").decode("ascii", "replace"), "receiver.key_file")
        self._parts = urlsplit(settings.url)
        self._connection: http.client.HTTPConnection | None = None
        self._clock_off_s, self._sequence, self._part_bytes = 0.0, 0, settings.part_bytes

    def send(self, waiting: Waiting) -> None:
        """Send an image; return when the receiver has all of it.

        Raises:
            WaitError: try again later.
            RefusedImageError: this image is not accepted.
        """
        target = f"/images/{waiting.note.image_id}"
        received, is_complete = self._progress(self._put(f"{target}/note", waiting.note.as_bytes()))
        corrections = 0
        while not is_complete:
            part = waiting.content[received : received + self._part_bytes]
            response = self._ask(f"{target}?offset={received}", part)
            if (
                response.status == 409
                and isinstance(response.fields.get("received_bytes"), int)
                and corrections < _MOST_CORRECTIONS
            ):
                corrections += 1
                received = response.fields["received_bytes"]
                continue
            received, is_complete = self._progress(self._checked(response))
            if not is_complete and received >= len(waiting.content):
                raise WaitError(f"the receiver has {received} bytes of {len(waiting.content)} and does not call the image complete")

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _put(self, target: str, content: bytes) -> Mapping[str, Any]:
        return self._checked(self._ask(target, content))

    def _ask(self, target: str, content: bytes) -> _Response:
        """The response to one request, repeated where it corrects the device's clock or sequence."""
        for _ in range(_MOST_CORRECTIONS):
            response = self._once(target, content)
            reason = response.fields.get("reason")
            if reason == "clock_off" and isinstance(response.fields.get("time"), int | float):
                self._clock_off_s = float(response.fields["time"]) - self._clock()
                logger.warning("the device's clock is %.0f s off the receiver's; requests use the receiver's", self._clock_off_s)
            elif reason == "replayed" and isinstance(response.fields.get("last_sequence"), int):
                self._sequence = response.fields["last_sequence"]
            else:
                return response
        return response

    def _once(self, target: str, content: bytes) -> _Response:
        now = self._clock() + self._clock_off_s
        # Nanoseconds, so that a restarted agent goes on above what it has sent.
        self._sequence = max(self._sequence + 1, int(now * 1e9))
        digest = hashlib.sha256(content).hexdigest()
        # Without the path of receiver.url, which is that of a proxy.
        claims = RequestClaims("PUT", target, self._device, f"{now:.3f}", str(self._sequence), digest)
        headers = claims.headers(self._key) | {"User-Agent": f"nightlens-edge/{RELEASE}"}
        is_reused = self._connection is not None
        try:
            connection = self._open()
            connection.request("PUT", self._parts.path + target, content, headers)
            response = connection.getresponse()
            body = response.read(_MAX_RESPONSE_BYTES)
            if response.will_close or response.read(1):
                self.close()
            return _Response(response.status, _fields(body), _seconds(response.headers.get("Retry-After")))
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if is_reused:
                # The receiver closes a connection that was idle; a request may be repeated, because it says where its bytes belong.
                return self._once(target, content)
            raise WaitError(f"the receiver {self._settings.url} cannot be reached: {type(error).__name__}: {error}") from error

    def _open(self) -> http.client.HTTPConnection:
        if self._connection is None:
            place = (self._parts.hostname or "", self._parts.port)
            if self._parts.scheme == "https":
                trusted = ssl.create_default_context(cafile=self._settings.ca_file)
                self._connection = http.client.HTTPSConnection(*place, timeout=self._settings.timeout_s, context=trusted)
            else:
                self._connection = http.client.HTTPConnection(*place, timeout=self._settings.timeout_s)
        return self._connection

    def _checked(self, response: _Response) -> Mapping[str, Any]:
        """The fields of a response that is fine."""
        if response.status == 200:
            return response.fields
        reason = str(response.fields.get("reason", "no_reason"))[:60]
        why = f"the receiver answers {response.status} {reason}: {str(response.fields.get('why', ''))[:300]}"
        if reason == "too_large_part" and isinstance(response.fields.get("max_part_bytes"), int):
            self._part_bytes = max(1_024, min(self._part_bytes, response.fields["max_part_bytes"]))
            raise WaitError(why, 0.0)
        if response.status in _OF_THE_IMAGE:
            raise RefusedImageError(reason, why)
        raise WaitError(why, response.retry_after_s)

    def _progress(self, fields: Mapping[str, Any]) -> tuple[int, bool]:
        received, is_complete = fields.get("received_bytes"), fields.get("is_complete")
        if not isinstance(received, int) or not isinstance(is_complete, bool):
            raise WaitError(f"the receiver {self._settings.url} answers what no receiver of Nightlens does; check receiver.url")
        return received, is_complete


def _fields(body: bytes) -> Mapping[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _seconds(retry_after: str | None) -> float | None:
    """Seconds that are asked for; a date is not, because the device's clock may be wrong."""
    text = (retry_after or "").strip()
    return min(float(text), 86_400.0) if text.isascii() and text.isdigit() and len(text) < 10 else None
