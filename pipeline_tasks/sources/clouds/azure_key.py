"""Proof of who asks Azure Blob Storage: an account's key that signs each request, or a SAS token in the address."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlsplit

from pipeline_tasks.errors import SettingsError

VERSION = "2021-12-02"
"""Version of the REST interface."""
_SIGNED = (
    *("content-encoding", "content-language", "content-length", "content-md5", "content-type", "date"),
    *("if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"),
)


@dataclass(frozen=True)
class AzureKey:
    """Proof of who asks; its repr hides it."""

    account: str
    secret: bytes | None = field(default=None, repr=False)
    sas: str = field(default="", repr=False)

    @classmethod
    def of(cls, source: str, account: str, key: str | None) -> AzureKey:
        """Tell an account's key, a SAS token and a connection string apart; None: a public container.

        Raises:
            SettingsError: it is none of these.
        """
        text = (key or "").strip()
        if "AccountKey=" in text or "SharedAccessSignature=" in text:
            parts = dict(part.partition("=")[::2] for part in text.split(";"))
            text = parts.get("AccountKey") or parts.get("SharedAccessSignature", "")
        if not text:
            return cls(account)
        if "sig=" in text:
            return cls(account, sas=text.lstrip("?"))
        try:
            return cls(account, base64.b64decode(text, validate=True))
        except binascii.Error as error:
            wanted = "an account's key, a SAS token or a connection string"
            raise SettingsError(f"source {source}: wanted as the connection's key {wanted}, found none of them") from error

    def signed(self, url: str, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Headers of a GET request, signed where there is a key."""
        moment = format_datetime(datetime.now(timezone.utc), usegmt=True)
        given = {**headers, "x-ms-date": moment, "x-ms-version": VERSION}
        return given if self.secret is None else {**given, "Authorization": self.authorization(url, given)}

    def authorization(self, url: str, headers: Mapping[str, str]) -> str:
        """Signature of a GET request by the account's key (Shared Key, version 2015-02-21 and later)."""
        assert self.secret is not None
        lower = {name.lower(): value for name, value in headers.items()}
        parts = urlsplit(url)
        named = "".join(f"{name}:{lower[name]}\n" for name in sorted(lower) if name.startswith("x-ms-"))
        query = "".join(f"\n{name.lower()}:{value}" for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True)))
        text = "\n".join(["GET", *(lower.get(name, "") for name in _SIGNED), f"{named}/{self.account}{parts.path}{query}"])
        signature = base64.b64encode(hmac.new(self.secret, text.encode(), hashlib.sha256).digest()).decode()
        return f"SharedKey {self.account}:{signature}"
