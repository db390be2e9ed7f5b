"""Airflow's LocalExecutor, which loads the libraries of the stages before it forks its workers.

A task's process is a fork of such a worker. Importing polars, dataframely and numpy takes a second of processor time; here it is
spent once a scheduler start instead of once a task. Nightlens's own code is not preloaded, so that an edited stage takes effect
at the next task. With other executors each task imports the libraries itself.
"""

from __future__ import annotations

import importlib

from airflow.executors.local_executor import LocalExecutor

LIBRARIES = ("numpy", "numpy.typing", "polars", "dataframely", "pydantic", "yaml", "httpx")
"""Libraries that stages import. None of them holds a lock, a socket or a thread pool before its first use."""


class PreloadingLocalExecutor(LocalExecutor):
    """The executor of `[core] executor` in airflow.cfg.example."""

    def start(self) -> None:
        """Load the libraries, then fork the workers."""
        for library in LIBRARIES:
            importlib.import_module(library)
        super().start()
