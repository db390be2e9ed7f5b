"""Tests of the errors that Airflow retries."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
from nightlens_airflow.defaults import DEFAULT_ARGS, RETRY_POLICY
from nightlens_airflow.stage_task import Try, is_last_try

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
def test_retry_policy__retries_errors_that_a_retry_can_fix(error: BaseException, action: str) -> None:
    decision = RETRY_POLICY.evaluate(error, try_number=1, max_tries=4)

    assert decision.action.value == action


def test_default_retries__take_longer_than_two_minutes() -> None:
    first, factor = DEFAULT_ARGS["retry_delay"].total_seconds(), DEFAULT_ARGS["retry_exponential_backoff"]

    assert sum(first * factor**number for number in range(DEFAULT_ARGS["retries"])) >= 120


@pytest.mark.parametrize(("try_number", "max_tries", "is_last"), [(1, 4, False), (4, 4, False), (5, 4, True), (1, 0, True)])
def test_is_last_try__is_the_one_after_all_retries(*, try_number: int, max_tries: int, is_last: bool) -> None:
    assert is_last_try(cast("Try", SimpleNamespace(try_number=try_number, max_tries=max_tries))) == is_last
