"""Label Studio's answers as Nightlens's errors; imports no SDK, so that a trigger's event loop does not wait for it."""

from __future__ import annotations

import httpx

from pipeline_tasks.clients.label_studio_tokens import advice
from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError

_MENDED_BY_WAITING = {408, 425, 429}
_RESERVED, _PROTECTION = "reserved network address", "SSRF_PROTECTION_ENABLED"
"""Label Studio calls no address on its own machine or network while this protection is on; no token changes that."""


class NotThereError(ServiceRefusedError):
    """Label Studio does not have this project, task or annotation (any more)."""


def refusal(url: str, token: str, status: int, what: str, detail: str) -> Exception:
    """The error for a status: waiting may mend some, a valid token others."""
    said = f"label_studio: {url} answers {what} with status {status}: {detail}"
    if status >= 500 or status in _MENDED_BY_WAITING:
        return ServiceUnavailableError(said)
    if status == 403 and _RESERVED in detail.lower():
        return ServiceRefusedError(f"{said}; give an address outside its machine and network, or start it with {_PROTECTION}=false")
    if status in (401, 403):
        return ServiceRefusedError(f"{said}; put a valid API token into the connection: {advice(token)}")
    return NotThereError(said) if status == 404 else ServiceRefusedError(said)


def detail_of(response: httpx.Response) -> str:
    """Label Studio's error detail, shortened to fit a sentence."""
    try:
        content = response.json()
    except ValueError:
        return response.reason_phrase
    if not isinstance(content, dict):
        return response.reason_phrase
    return str(content.get("validation_errors") or content.get("detail") or response.reason_phrase)[:300]
