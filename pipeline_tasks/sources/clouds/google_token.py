"""Tokens of Google's accounts, by Google's own library, for reading alone."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError, SettingsError
from pipeline_tasks.sources.clouds.asking import Signed

_SCOPES = ["https://www.googleapis.com/auth/devstorage.read_only"]


def google_token(source: str, key: str | None) -> Signed:
    """Headers with a token: of the service account whose key file this is, or of the account that is found on this machine.

    Raises:
        SettingsError: the key is no key file, or no account is found.
    """
    credentials, lock = _credentials(source, key), threading.Lock()

    def signed(url: str, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Add the token, a new one where it is about to end."""
        from google.auth.exceptions import RefreshError, TransportError
        from google.auth.transport.requests import Request

        try:
            with lock:
                if not credentials.valid:
                    credentials.refresh(Request())
        except TransportError as error:
            raise ServiceUnavailableError(f"source {source}: whoever gives Google's tokens does not answer: {error}") from error
        except RefreshError as error:
            raise ServiceRefusedError(f"source {source}: Google gives no token for this key; renew it: {error}") from error
        return {**headers, "Authorization": f"Bearer {credentials.token}"}

    return signed


def _credentials(source: str, key: str | None) -> Any:
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError
    from google.oauth2 import service_account

    if key is None:
        try:
            return google.auth.default(scopes=_SCOPES)[0]
        except DefaultCredentialsError as error:
            fix = "set `connection` to a Google Cloud connection with a key file, or `is_public: true`"
            raise SettingsError(f"source {source}: no Google account is found on this machine; {fix}") from error
    try:
        of_info: Any = service_account.Credentials.from_service_account_info
        return of_info(json.loads(key), scopes=_SCOPES)
    except (ValueError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"source {source}: the connection's key is not the JSON key file of a service account ({type(error).__name__})"
        ) from error
