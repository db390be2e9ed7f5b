"""Checks of a request's claims: a known device, a clock that is right, a signature, and a sequence that was not there before."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline_tasks.receiving.device_keys import DeviceKeys
from pipeline_tasks.receiving.refusal import RefusedRequestError
from pipeline_tasks.sent_images.image_note import DEVICE as DEVICE_FORM
from pipeline_tasks.sent_images.image_note import DIGEST
from pipeline_tasks.sent_images.signature import BODY, DEVICE, SEQUENCE, SIGNATURE, TIME, RequestClaims

_LONGEST_NUMBER = 24


class SignedRequests:
    """Checks requests; a sequence that was accepted is never accepted again, also after a restart."""

    def __init__(self, keys: DeviceKeys, folder: Path, max_clock_off_s: float, clock: Callable[[], float] = time.time) -> None:
        """`folder` holds the last sequence of each device, in a folder of its name."""
        self._keys, self._folder, self._max_clock_off_s, self._clock = keys, folder, max_clock_off_s, clock
        self._last: dict[str, int] = {}

    def check(self, method: str, target: str, headers: Mapping[str, str]) -> RequestClaims:
        """Claims of a request that its device signed.

        Raises:
            RefusedRequestError: `not_signed`, `unknown_device`, `bad_signature`, `clock_off` or `replayed`.
        """
        names = (DEVICE, TIME, SEQUENCE, BODY, SIGNATURE)
        given = [headers.get(name.lower(), "") for name in names]
        if not all(given):
            lacking = ", ".join(name for name, one in zip(names, given, strict=True) if not one)
            raise RefusedRequestError(401, "not_signed", f"wanted the headers {', '.join(names)}; missing: {lacking}")
        device, sent_at, sequence, body_digest, signature = given
        claims = RequestClaims(method, target, device, sent_at, sequence, body_digest)
        keys = self._keys.of(device) if DEVICE_FORM.fullmatch(device) else ()
        if not keys:
            raise RefusedRequestError(401, "unknown_device", f"the receiver has no key of the device {device[:64]!r}")
        if not any(claims.is_signed(signature, key) for key in keys):
            raise RefusedRequestError(401, "bad_signature", f"the signature is not that of a key of the device {device}")
        self._check_time(claims)
        self._check_sequence(claims)
        return claims

    def accept(self, claims: RequestClaims) -> None:
        """Use up a request's sequence; call it for one request of a device at a time.

        Raises:
            RefusedRequestError: `replayed`: another request used it meanwhile.
        """
        self._check_sequence(claims)
        self._last[claims.device] = int(claims.sequence)
        _write(self._path(claims.device), json.dumps({"last_sequence": int(claims.sequence)}))

    def _check_time(self, claims: RequestClaims) -> None:
        now = self._clock()
        try:
            off_s = abs(float(claims.time[:_LONGEST_NUMBER]) - now)
        except ValueError:
            off_s = float("inf")
        # A comparison with NaN is False, so that it is refused.
        if not off_s <= self._max_clock_off_s:
            why = f"the device's clock is {off_s:.0f} s off, wanted at most {self._max_clock_off_s:g} s; set it, or let NTP set it"
            raise RefusedRequestError(401, "clock_off", why, more={"time": now})

    def _check_sequence(self, claims: RequestClaims) -> None:
        last = self._last_of(claims.device)
        if not claims.sequence.isascii() or not claims.sequence.isdigit() or len(claims.sequence) > _LONGEST_NUMBER:
            raise RefusedRequestError(401, "not_signed", f"the sequence is no whole number: {claims.sequence[:_LONGEST_NUMBER]!r}")
        if int(claims.sequence) <= last:
            why = f"wanted a sequence above {last}, found {claims.sequence}: the request is a repeated one"
            raise RefusedRequestError(409, "replayed", why, more={"last_sequence": last})

    def _last_of(self, device: str) -> int:
        if device not in self._last:
            try:
                self._last[device] = int(json.loads(self._path(device).read_text())["last_sequence"])
            except (FileNotFoundError, ValueError, KeyError, TypeError):
                self._last[device] = 0
        return self._last[device]

    def _path(self, device: str) -> Path:
        return self._folder / device / "last_sequence.json"


def is_digest_of(claims: RequestClaims, digest: str) -> bool:
    """Return True if the body has the digest that was signed."""
    return DIGEST.fullmatch(claims.body_digest) is not None and claims.body_digest == digest


def _write(path: Path, text: str) -> None:
    """Write whole or not at all. Not synced: after a loss of power a repeated request stores the same bytes again, and no more."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.replace(name, path)
