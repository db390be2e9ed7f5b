"""HTTP checks of services on loopback: no proxies, short timeouts, and cheap, because they run all the time."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

_LIMIT_S = 5.0


def is_ok(url: str) -> bool:
    """Return True if a GET succeeds."""
    return 200 <= _get(url)[0] < 300


def json_of(url: str) -> dict[str, Any]:
    """The JSON object that a GET returns; empty if there is none."""
    try:
        content = json.loads(_get(url)[1])
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _get(url: str) -> tuple[int, bytes]:
    """Status and body; status 0 if there is no response."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=_LIMIT_S)
    try:
        connection.request("GET", parts.path)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()
