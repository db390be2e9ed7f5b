"""One way to ask Label Studio: its own SDK's connection underneath, its refusals and absences turned into our errors.

The SDK renews personal access tokens and takes the older kind as well. Of the SDK only this part is used: its full client
imports pandas and takes two seconds to load, and it hides in models what the annotation log must keep word for word.
"""

from __future__ import annotations

from typing import Any

import httpx
from label_studio_sdk.core.api_error import ApiError
from label_studio_sdk.core.client_wrapper import SyncClientWrapper

from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError, SettingsError

_TIMEOUT_S = 60.0
_MENDED_BY_WAITING = {408, 425, 429}


class NotThereError(ServiceRefusedError):
    """Label Studio has no such project, task or answer (any more)."""


class Connection:
    """Asks one Label Studio with one token. Nothing is asked twice here: Airflow repeats what waiting can mend."""

    def __init__(self, url: str, token: str | None, *, transport: httpx.BaseTransport | None = None) -> None:
        """Connect lazily; `transport` lets tests answer in place of a server.

        Raises:
            SettingsError: there is no token.
            ServiceRefusedError: the token says of itself that it has expired.
        """
        self.url = url.rstrip("/")
        if not token:
            raise SettingsError(f"label_studio: wanted an API token for {self.url}, found none; set it in the connection")
        self._http = httpx.Client(transport=transport, timeout=_TIMEOUT_S, follow_redirects=True)
        try:
            self._asking = SyncClientWrapper(api_key=token, base_url=self.url, httpx_client=self._http, max_retries=0)
        except ApiError as error:
            raise self._refusal(error.status_code or 401, "sign in", "the token has expired") from error

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def get(self, path: str, **parameters: Any) -> Any:
        """Read something; returns parsed JSON."""
        return self._ask("GET", path, parameters=parameters)

    def post(self, path: str, content: Any) -> Any:
        """Make something; returns parsed JSON."""
        return self._ask("POST", path, content=content)

    def patch(self, path: str, content: Any) -> Any:
        """Change something; returns parsed JSON."""
        return self._ask("PATCH", path, content=content)

    def delete(self, path: str) -> None:
        """Remove something; what is not there is no error."""
        try:
            self._ask("DELETE", path)
        except NotThereError:
            return

    def _ask(self, method: str, path: str, *, parameters: dict[str, Any] | None = None, content: Any = None) -> Any:
        """Ask once.

        Raises:
            ServiceUnavailableError: no answer, or one that says "later".
            NotThereError: no such thing.
            ServiceRefusedError: any other no, or an answer that is not Label Studio's.
        """
        what = f"{method} {path}"
        try:
            answer = self._asking.httpx_client.request(path, method=method, params=parameters, json=content)
        except httpx.TransportError as error:
            raise ServiceUnavailableError(f"label_studio: {self.url} does not answer ({what}): {type(error).__name__}") from error
        except ApiError as error:
            raise self._refusal(error.status_code or 401, what, "the token cannot be renewed") from error
        except ValueError as error:
            raise ServiceUnavailableError(f"label_studio: {self.url} answers without JSON when a token is renewed") from error
        if answer.is_error:
            raise self._refusal(answer.status_code, what, _detail(answer))
        try:
            return answer.json() if answer.content else None
        except ValueError as error:
            raise ServiceRefusedError(
                f"label_studio: {self.url} ({what}): wanted JSON, found {answer.headers.get('content-type')}; is the address right?"
            ) from error

    def _refusal(self, status: int, what: str, detail: str) -> Exception:
        said = f"label_studio: {self.url} answers {what} with status {status}: {detail}"
        if status >= 500 or status in _MENDED_BY_WAITING:
            return ServiceUnavailableError(said)
        if status in (401, 403):
            return ServiceRefusedError(f"{said}; put a valid API token into the connection")
        return NotThereError(said) if status == 404 else ServiceRefusedError(said)


def _detail(answer: httpx.Response) -> str:
    """What Label Studio says of the matter, cut to what fits a sentence."""
    try:
        content = answer.json()
    except ValueError:
        return answer.reason_phrase
    if not isinstance(content, dict):
        return answer.reason_phrase
    return str(content.get("validation_errors") or content.get("detail") or answer.reason_phrase)[:300]
