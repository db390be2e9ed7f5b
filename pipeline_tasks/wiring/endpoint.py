"""Address and token of one service."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Endpoint:
    """Address and token of a service; its repr hides the token."""

    url: str
    token: str | None = field(default=None, repr=False)
