"""Kinds of tokens that Label Studio has, told apart by their looks, so that a refusal can say which one is wanted."""

from __future__ import annotations

import base64
import binascii
import json
import re

WANTED = "put a personal access token there (Label Studio, Account & Settings, Personal Access Token, Create)"


def check_token(token: str, url: str) -> str | None:
    """The reason why a token can never work here; None if it may."""
    if kind_of_token(token) == "access":
        return (
            f"the token for {url} is an access token, which Label Studio made from a personal access token and which ends after "
            f"minutes; {WANTED}"
        )
    return None


def advice(token: str) -> str:
    """Sentence for a token that Label Studio refused: its kind, and what to do."""
    said = {
        "personal": f"this is a personal access token, which was revoked or belongs to another server; {WANTED}",
        "access": f"this is an access token, which ends after minutes; {WANTED}",
        "legacy": "this is a legacy token; they are off unless Organization, API Tokens Settings, Legacy Tokens is on; "
        f"else {WANTED}",
    }
    return said.get(kind_of_token(token), f"this is neither a personal access token nor a legacy one (40 digits); {WANTED}")


def kind_of_token(token: str) -> str:
    """`personal` (a refresh token), `access`, `legacy`, or `unknown`."""
    if re.fullmatch("[0-9a-f]{40}", token):
        return "legacy"
    parts = token.split(".")
    if len(parts) != 3:
        return "unknown"
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return "unknown"
    kind = claims.get("token_type") if isinstance(claims, dict) else None
    return {"refresh": "personal", "access": "access"}.get(str(kind), "unknown")
