"""Refusals of the receiver: a status, a reason for the device, a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline_tasks.json_values import NO_FIELDS, Json


class RefusedRequestError(Exception):
    """A request that is not done; `more` are further fields of the answer."""

    def __init__(
        self, status: int, reason: str, why: str, *, retry_after_s: int | None = None, more: Mapping[str, Json] = NO_FIELDS
    ) -> None:
        """Keep what the answer says."""
        super().__init__(f"{reason}: {why}")
        self.status, self.reason, self.why, self.more = status, reason, why, more
        self.retry_after_s = retry_after_s
