"""
# Broken project files

Holds no DAG. It fails to import while a project file cannot be used, so that Airflow shows file, key, value and the fix among
its import errors; the DAGs of all projects stand in other files and stay.

| | |
|---|---|
| Mend | the file that the error names; the error goes away when Airflow next reads it, within half a minute |
| Until then | `nightly__<project>` keeps its schedule and fails with this message; the others use the newest cycle's settings |
"""

from __future__ import annotations

from airflow.sdk import DAG  # noqa: F401  Airflow reads only files that name it.
from nightlens_airflow.projects import import_error

from pipeline_tasks.errors import SettingsError

problems = import_error()
if problems is not None:
    raise SettingsError(problems)
