"""Client of a prediction server in one file of the standard library; copy it, or import it."""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Sequence
from email.message import Message
from typing import Any

BUSY = 429


class PredictionRefusedError(Exception):
    """The server refused an image or a request."""

    def __init__(self, status: int, reason: str, why: str) -> None:
        """Keep the status of HTTP, the reason for programs and the sentence for people."""
        super().__init__(f"{status} {reason}: {why}")
        self.status, self.reason, self.why = status, reason, why


class PredictionClient:
    """Asks one server; safe to use from several threads."""

    def __init__(self, url: str, key: str | None = None, certificate: str | None = None, within_s: float = 30.0) -> None:
        """Ask the server at `url`, with an API key, and trusting a certificate's file if it is no public one.

        While the server is too busy, a request is sent again for up to `within_s`.
        """
        self._url, self._within_s = url.rstrip("/"), within_s
        self._headers = {} if key is None else {"X-Api-Key": key}
        context = ssl.create_default_context(cafile=certificate)
        # Without proxies of the environment, which know nothing of a server on this machine or network.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))

    def predict(self, image: bytes) -> Any:
        """The prediction of an encoded image, as `POST /predict` responds.

        Raises:
            PredictionRefusedError: the image cannot be used, or the server is still too busy after `within_s`.
            OSError: the server cannot be reached.
        """
        return self._post("/predict", image, "application/octet-stream")

    def predict_batch(self, images: Sequence[bytes]) -> list[Any]:
        """The prediction of each image, or the `PredictionRefusedError` of one that cannot be used; in their order.

        Raises:
            PredictionRefusedError: the request was refused as a whole.
            OSError: the server cannot be reached.
        """
        boundary = uuid.uuid4().hex
        head = 'Content-Disposition: form-data; name="image"; filename="{}"\r\n\r\n'
        parts = [f"--{boundary}\r\n{head.format(number)}".encode() + image + b"\r\n" for number, image in enumerate(images)]
        body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
        results = self._post("/predict_batch", body, f"multipart/form-data; boundary={boundary}")["results"]
        return [one["prediction"] or _refused(one["status"], {"detail": one["refusal"]}) for one in results]

    def _post(self, path: str, body: bytes, content_type: str) -> Any:
        until = time.monotonic() + self._within_s
        request = urllib.request.Request(self._url + path, body, {**self._headers, "Content-Type": content_type}, method="POST")
        while True:
            try:
                with self._opener.open(request, timeout=max(1.0, until - time.monotonic())) as response:
                    return json.load(response)
            except urllib.error.HTTPError as error:
                wait_s = _retry_after_s(error.headers)
                if error.code != BUSY or time.monotonic() + wait_s > until:
                    raise _refused(error.code, _content(error)) from None
                error.close()
                time.sleep(wait_s)


def _retry_after_s(headers: Message) -> float:
    given = headers.get("Retry-After", "1")
    return float(given) if given.isdecimal() else 1.0


def _content(error: urllib.error.HTTPError) -> Any:
    """The JSON of a refusal; empty if something between client and server wrote another body."""
    with error:
        try:
            return json.load(error)
        except ValueError:
            return {}


def _refused(status: int, content: Any) -> PredictionRefusedError:
    detail = content.get("detail") if isinstance(content, dict) else None
    if not isinstance(detail, dict):
        return PredictionRefusedError(status, "unknown", "the response is no refusal of a prediction server")
    return PredictionRefusedError(status, str(detail.get("reason")), str(detail.get("why")))
