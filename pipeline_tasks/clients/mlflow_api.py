"""MLflow's REST API: each call returns the parsed response or raises an error of `errors.py`.

Called directly, because importing MLflow's own client takes seconds in every task, even to set one alias.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError
from pipeline_tasks.json_values import JsonObject

_API = "/api/2.0/mlflow/"
_ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_CONNECT_TRIES = 2


class MlflowApi:
    """One MLflow server; opens its connections at the first call."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        """Use the server at `url`; tests pass their own transport."""
        self.url = url.rstrip("/")
        self._client = httpx.Client(
            base_url=self.url, timeout=_TIMEOUT, transport=transport or httpx.HTTPTransport(retries=_CONNECT_TRIES)
        )

    @property
    def page_url(self) -> str:
        """The address shown to people: without the connection's user and password."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    def get(self, path: str, **parameters: str) -> JsonObject:
        """Send a GET request.

        Raises:
            ServiceUnavailableError: the server does not respond or is overloaded.
            ServiceRefusedError: it refused the request.
        """
        return self._content(self._send("GET", _API + path, params=parameters))

    def find(self, path: str, **parameters: str) -> JsonObject | None:
        """Send a GET request for something that may not exist; None if it does not. Otherwise raises as `get` does."""
        response = self._send("GET", _API + path, params=parameters)
        code, message = ("", "") if response.is_success else _complaint(response)
        # MLflow reports an alias that does not exist as an invalid parameter.
        if code == "RESOURCE_DOES_NOT_EXIST" or (code == "INVALID_PARAMETER_VALUE" and "not found" in message):
            return None
        return self._content(response)

    def make(self, path: str, fields: JsonObject) -> JsonObject | None:
        """Create something that an earlier try may have created; None if it exists. Otherwise raises as `get` does."""
        response = self._send("POST", _API + path, json=fields)
        if not response.is_success and _complaint(response)[0] == "RESOURCE_ALREADY_EXISTS":
            return None
        return self._content(response)

    def post(self, path: str, fields: JsonObject) -> JsonObject:
        """Send a POST request; raises as `get` does."""
        return self._content(self._send("POST", _API + path, json=fields))

    def put_artifact(self, artifact_uri: str, name: str, content: bytes) -> None:
        """Upload a file as an artifact of a run; `artifact_uri` is the run's own, or a folder below it.

        Raises:
            ServiceRefusedError: the server does not accept artifacts itself.
            ServiceUnavailableError: it does not respond or is overloaded.
        """
        self._content(self._send("PUT", f"{_ARTIFACTS}/{self._folder(artifact_uri)}/{name}", content=content))

    def has_artifact(self, artifact_uri: str, name: str) -> bool:
        """Return True if a run's folder has this file. Raises as `put_artifact` does."""
        response = self._send("GET", _ARTIFACTS, params={"path": self._folder(artifact_uri)})
        if response.status_code == httpx.codes.NOT_FOUND:
            return False
        files = self._content(response).get("files", [])
        return any(one.get("path", "").rpartition("/")[2] == name for one in files)

    def _folder(self, artifact_uri: str) -> str:
        if not artifact_uri.startswith("mlflow-artifacts:/"):
            raise ServiceRefusedError(
                f"MLflow at {self.page_url}: wanted a server that stores artifacts (start it with --serve-artifacts), "
                f"found runs that keep them under {artifact_uri.split(':')[0]}:"
            )
        return urlsplit(artifact_uri).path.strip("/")

    def _send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **arguments)
        except httpx.TransportError as error:
            raise ServiceUnavailableError(f"MLflow at {self.page_url}: no answer: {error or type(error).__name__}") from error

    def _content(self, response: httpx.Response) -> JsonObject:
        """Parse the response; MLflow names the problem in `error_code`."""
        if response.is_success:
            return _fields(response, self.page_url)
        code, message = _complaint(response)
        said = f"MLflow at {self.page_url}: {response.request.url.path} answered {response.status_code} {code}: {message}"
        if response.status_code >= 500 or response.status_code in (408, 429):
            raise ServiceUnavailableError(said)
        raise ServiceRefusedError(said)


def _fields(response: httpx.Response, page_url: str) -> JsonObject:
    """The response's JSON; a proxy's login page is answered with 200, too."""
    try:
        fields = response.json() if response.content else {}
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        kind = response.headers.get("content-type", "no type")
        raise ServiceRefusedError(
            f"MLflow at {page_url}: {response.request.url.path}: wanted JSON, found {kind}: {response.text[:80]!r}"
        )
    return fields


def _complaint(response: httpx.Response) -> tuple[str, str]:
    try:
        fields = response.json()
    except ValueError:
        return "", response.text[:200]
    if not isinstance(fields, dict):
        return "", response.text[:200]
    return str(fields.get("error_code", "")), str(fields.get("message", ""))[:500]
