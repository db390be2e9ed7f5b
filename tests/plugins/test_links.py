"""Tests of the button that opens a labeling round."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk.execution_time.xcom import XCom
from nightlens_airflow.links import LabelingRoundLink

pytestmark = pytest.mark.airflow


PAGE = "/nightlens/labeling_round?dag_id=nightly__belt&run_id=run"


class Key:
    dag_id, run_id = "nightly__belt", "run"


@pytest.mark.parametrize(
    ("summaries", "url"),
    [
        ({"send_to_labeling": {"url": "sent"}, "wait_for_annotators": {"url": "made again"}}, PAGE),
        ({"send_to_labeling": {"url": "sent"}}, PAGE),
        ({}, ""),
    ],
)
def test_button__opens_the_page_that_knows_where_the_round_stands(
    monkeypatch: pytest.MonkeyPatch, summaries: dict[str, Any], url: str
) -> None:
    # XComs are read from Airflow's API server, which no test of this folder has.
    monkeypatch.setattr(XCom, "get_one", lambda *, key, dag_id, task_id, run_id: summaries.get(task_id))

    assert LabelingRoundLink().get_link(None, ti_key=Key()) == url  # type: ignore[arg-type]
