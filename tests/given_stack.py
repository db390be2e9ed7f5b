"""The real services that tests share: one local stack a session, with the projects that tests of the whole need."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.inbox import EXAMPLE
from local_stack import stack
from local_stack.addresses import Addresses
from local_stack.folders import REPOSITORY, Folders

EXAMPLE_DAG = REPOSITORY / "plugins/nightlens_airflow/label_studio/example_dags/label_studio_example.py"


@dataclass(frozen=True)
class RunningStack:
    """A stack that is up, with the projects `parts`, `more_parts` and `broken`, whose file is bad, and the provider's DAG."""

    home: Path
    addresses: Addresses

    @property
    def document_root(self) -> Path:
        """The folder below which Label Studio shows images."""
        return self.home / "for_people"


@contextmanager
def a_running_stack() -> Iterator[RunningStack]:
    """PostgreSQL, Airflow, Label Studio, MLflow and the prediction servers, in a home of their own that is deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="nl-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        home.chmod(0o755)
        if not Folders.of(home).label_studio_python.exists():
            pytest.skip("needs the services: there is no .venv-label-studio here; `make install` makes it")
        write_second_project(home)
        write_broken_project(home)
        (home / "dags").mkdir()
        shutil.copy(EXAMPLE_DAG, home / "dags")
        # Label Studio connects to no backend on this machine otherwise.
        os.environ |= {"ML_BLOCK_LOCAL_IP": "false", "SSRF_PROTECTION_ENABLED": "false"}
        try:
            yield RunningStack(home, stack.up(home))
        finally:
            stack.reset(home)


def write_second_project(home: Path) -> None:
    """A copy of the project file with another source's path, and a smaller test minimum for fewer images."""
    text = EXAMPLE.read_text().replace("project: parts ", "project: more_parts ")
    text = text.replace("path: inbox/parts", "path: inbox/more_parts")
    (home / "projects").mkdir()
    (home / "projects" / "more_parts.yaml").write_text(text.replace("min_test_images_per_class: 5", "min_test_images_per_class: 3"))


def write_broken_project(home: Path) -> None:
    (home / "projects" / "broken.yaml").write_text(EXAMPLE.read_text().replace("project: parts ", "project: broken\nbugdet: 1\n#"))
