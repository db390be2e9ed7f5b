"""Test that DAG files of the home stand beside those of Nightlens."""

from __future__ import annotations

import json

from local_stack.folders import Folders
from local_stack.supervisor import fixed_services

BUNDLES = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"


def test_airflow__reads_dags_of_the_home_beside_those_of_nightlens(prepared: Folders) -> None:
    assert not [one.name for one in fixed_services(prepared) if BUNDLES in one.environment], "without a folder, its own default"

    (prepared.home / "dags").mkdir()
    of_airflow = [one for one in fixed_services(prepared) if one.name.startswith("airflow-")]
    bundles = [json.loads(one.environment[BUNDLES]) for one in of_airflow]

    assert len(bundles) == 5
    for one in bundles:
        assert [bundle["kwargs"] for bundle in one] == [{}, {"path": str(prepared.home / "dags")}]
