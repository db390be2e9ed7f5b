"""Certificate of the server, checked before it starts."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from pipeline_tasks.errors import SettingsError


@dataclass(frozen=True)
class Certificate:
    """PEM files of a certificate with its chain, and of its key."""

    chain: Path
    key: Path


def read_certificate(chain: Path | None, key: Path | None) -> Certificate | None:
    """The certificate of two files that belong together; None without them.

    Raises:
        SettingsError: one of the two is missing, or they cannot be used.
    """
    if chain is None and key is None:
        return None
    if chain is None or key is None:
        raise SettingsError("wanted both --certificate and --certificate-key, found one of them")
    try:
        # A password is refused, not asked for: nobody would see the question.
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(chain, key, password=_no_password)
    except (OSError, ValueError) as error:
        # ssl.SSLError is an OSError.
        raise SettingsError(f"--certificate {chain} with --certificate-key {key} cannot be used: {error}") from error
    return Certificate(chain, key)


def _no_password() -> str:
    raise ValueError("the key has a password; wanted one without, in a file that only this user may read")
