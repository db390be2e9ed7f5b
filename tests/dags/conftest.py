"""DAG tests run against an Airflow of their own, on SQLite, without a scheduler."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from given_airflow import ROOT, use_a_home_of_its_own, write_projects

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag

use_a_home_of_its_own()


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the projects `belt` and `tiles`, and `ore` whose file is bad."""
    home = tmp_path_factory.mktemp("home")
    write_projects(home / "shipped")
    return home


@pytest.fixture(autouse=True)
def airflow_projects(airflow_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tests of this folder, and no others, see these projects."""
    _use(airflow_home, monkeypatch)


@pytest.fixture(scope="session")
def dag_bag(airflow_home: Path) -> DagBag:
    """All DAG files, read as Airflow reads them."""
    from airflow.dag_processing.dagbag import DagBag

    with pytest.MonkeyPatch.context() as patch:
        _use(airflow_home, patch)
        return DagBag(dag_folder=str(ROOT / "dags"))


def _use(home: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("NIGHTLENS_HOME", str(home))
    patch.setenv("NIGHTLENS_PROJECTS", str(home / "shipped"))


@pytest.fixture(scope="session")
def airflow_database(dag_bag: DagBag) -> None:
    """Airflow's tables, with our DAGs in them."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import sync_bag_to_db
    from airflow.utils.db import initdb

    initdb()
    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(dag_bag, "dags-folder", None)
