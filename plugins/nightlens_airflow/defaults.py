"""Says for all tasks which of our errors a retry can mend: stages know nothing of retries, this file alone does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule, TriggerRule

from pipeline_tasks.errors import ChangedMeanwhileError, NightlensError, ServiceUnavailableError

RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(exception=ServiceUnavailableError, action=RetryAction.RETRY, reason="the service may come back"),
        RetryRule(exception=ChangedMeanwhileError, action=RetryAction.RETRY, reason="another try was first; now it can be read"),
        RetryRule(exception=NightlensError, action=RetryAction.FAIL, reason="trying again cannot mend this"),
    ],
    # What is not of our tree (a killed process, a full disk, a bug) takes the task's ordinary retries.
    default=RetryAction.DEFAULT,
)

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "nightlens",
    # With the delays below a service may be away for about two and a half minutes: 10, 20, 40, 80 s.
    "retries": 4,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=5),
    "retry_policy": RETRY_POLICY,
    # A stage decides by the ledger whether it has something to do; that one before it was skipped does not decide it.
    "trigger_rule": TriggerRule.NONE_FAILED,
}
