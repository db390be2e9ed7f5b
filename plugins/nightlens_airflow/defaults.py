"""Retry policy of all tasks: maps the error tree to retry or fail, in this file only, so that stages know nothing of retries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule, TriggerRule

from pipeline_tasks.errors import ChangedMeanwhileError, NightlensError, ServiceUnavailableError

RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception=ServiceUnavailableError, action=RetryAction.RETRY, reason="the service may come back"),
        RetryRule(
            exception=ChangedMeanwhileError, action=RetryAction.RETRY, reason="another try was first; its result is now readable"
        ),
        RetryRule(exception=NightlensError, action=RetryAction.FAIL, reason="a retry cannot succeed"),
    ],
    # Errors outside our tree (a killed process, a full disk, a bug) use the task's ordinary retries.
    default=RetryAction.DEFAULT,
)

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "nightlens",
    # With the delays below (10, 20, 40, 80 s) a service may be down for about two and a half minutes.
    "retries": 4,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=5),
    "retry_policy": RETRY_POLICY,
    # A stage decides by the ledger if it has work to do, not by a skipped task before it.
    "trigger_rule": TriggerRule.NONE_FAILED,
}
