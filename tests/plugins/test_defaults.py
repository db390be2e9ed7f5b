"""Tests of the errors that Airflow retries."""

from __future__ import annotations

import pytest
from nightlens_airflow.defaults import DEFAULT_ARGS, RETRY_POLICY

from pipeline_tasks import errors

pytestmark = pytest.mark.airflow


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (errors.ServiceUnavailableError("away"), "retry"),
        (errors.ChangedMeanwhileError("second"), "retry"),
        (errors.ServiceRefusedError("no"), "fail"),
        (errors.SettingsError("wrong"), "fail"),
        (errors.CorruptObjectError("changed"), "fail"),
        (errors.CycleTakenError("taken"), "fail"),
        (OSError("no space left on device"), "default"),
        (KeyError("a bug"), "default"),
    ],
)
def test_retry_policy__tries_again_what_trying_again_can_mend(error: BaseException, action: str) -> None:
    decision = RETRY_POLICY.evaluate(error, try_number=1, max_tries=4)

    assert decision.action.value == action


def test_default_retries__outlast_a_service_that_is_away_for_two_minutes() -> None:
    first, factor = DEFAULT_ARGS["retry_delay"].total_seconds(), DEFAULT_ARGS["retry_exponential_backoff"]

    assert sum(first * factor**number for number in range(DEFAULT_ARGS["retries"])) >= 120
