"""Connection to Label Studio through its SDK; turns its errors into Nightlens's errors.

The SDK renews personal access tokens and also accepts legacy ones. Only this part of the SDK is used: its full client
imports pandas, takes two seconds to load, and wraps in models the JSON that the annotation log must keep unchanged.
"""

from __future__ import annotations

from typing import Any

import httpx
from label_studio_sdk.core.api_error import ApiError
from label_studio_sdk.core.client_wrapper import SyncClientWrapper

from pipeline_tasks.clients.label_studio_errors import NotThereError, detail_of, refusal
from pipeline_tasks.clients.label_studio_tokens import check_token
from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError, SettingsError
from pipeline_tasks.json_values import JsonObject

_TIMEOUT_S = 60.0


class Connection:
    """Requests to one Label Studio server with one token. Nothing is retried here: Airflow retries what may succeed later."""

    def __init__(self, url: str, token: str | None, *, transport: httpx.BaseTransport | None = None) -> None:
        """Connect lazily; tests pass a `transport` that stands in for the server.

        Raises:
            SettingsError: there is no token.
            ServiceRefusedError: the token has expired.
        """
        self.url = url.rstrip("/")
        token = (token or "").strip()
        if not token:
            raise SettingsError(
                f"label_studio: wanted an API token for {self.url}, found none; set it as the password of the Airflow connection, "
                "or name its file in NIGHTLENS_LABEL_STUDIO_TOKEN_FILE (docs/how-to/credentials.md)"
            )
        why_not = check_token(token, self.url)
        if why_not is not None:
            raise SettingsError(f"label_studio: {why_not}")
        self._token = token
        self._http = httpx.Client(transport=transport, timeout=_TIMEOUT_S, follow_redirects=True)
        try:
            self._asking = SyncClientWrapper(api_key=token, base_url=self.url, httpx_client=self._http, max_retries=0)
        except ApiError as error:
            raise self._refusal(error.status_code or 401, "sign in", "the token has expired") from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **parameters: Any) -> Any:
        """Send a GET request; returns parsed JSON."""
        return self._ask("GET", path, parameters=parameters)

    def download(self, path: str, **parameters: Any) -> bytes:
        """Send a GET request; returns the bytes of the answer."""
        return self._send("GET", path, parameters=parameters).content

    def post(self, path: str, content: Any) -> Any:
        """Send a POST request; returns parsed JSON."""
        return self._ask("POST", path, content=content)

    def patch(self, path: str, content: Any) -> Any:
        """Send a PATCH request; returns parsed JSON."""
        return self._ask("PATCH", path, content=content)

    def delete(self, path: str) -> None:
        """Send a DELETE request; a missing object is not an error."""
        try:
            self._ask("DELETE", path)
        except NotThereError:
            return

    def _ask(self, method: str, path: str, *, parameters: JsonObject | None = None, content: Any = None) -> Any:
        """Send one request; returns parsed JSON.

        Raises:
            ServiceRefusedError: the answer is no JSON; other errors as `_send`.
        """
        response = self._send(method, path, parameters=parameters, content=content)
        try:
            return response.json() if response.content else None
        except ValueError as error:
            raise ServiceRefusedError(
                f"label_studio: {self.url} ({method} {path}): wanted JSON, found "
                f"{response.headers.get('content-type')}; is the address right?"
            ) from error

    def _send(self, method: str, path: str, *, parameters: JsonObject | None = None, content: Any = None) -> httpx.Response:
        """Send one request.

        Raises:
            ServiceUnavailableError: no response, or one that says to try later.
            NotThereError: the object does not exist.
            ServiceRefusedError: any other error status.
        """
        what = f"{method} {path}"
        try:
            response = self._asking.httpx_client.request(path, method=method, params=parameters, json=content)
        except httpx.TransportError as error:
            raise ServiceUnavailableError(f"label_studio: {self.url} does not answer ({what}): {type(error).__name__}") from error
        except ApiError as error:
            raise self._refusal(error.status_code or 401, what, "the token cannot be renewed") from error
        except ValueError as error:
            raise ServiceUnavailableError(f"label_studio: {self.url} answers without JSON when a token is renewed") from error
        if response.is_error:
            raise self._refusal(response.status_code, what, detail_of(response))
        return response

    def _refusal(self, status: int, what: str, detail: str) -> Exception:
        return refusal(self.url, self._token, status, what, detail)
