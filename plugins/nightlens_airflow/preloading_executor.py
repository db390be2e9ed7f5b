"""Airflow's LocalExecutor, with the libraries that every stage needs loaded before its workers are forked.

A task's process is a fork of such a worker. Importing polars, dataframely and numpy takes a second of processor; loaded here,
it is taken once a start of the scheduler and not once a task. Our own code is not loaded, so that an edited stage runs at the
next task. Other executors work as well, each task then imports for itself.
"""

from __future__ import annotations

import importlib

from airflow.executors.local_executor import LocalExecutor

LIBRARIES = ("numpy", "polars", "dataframely", "pydantic", "yaml", "httpx")
"""What stages import at their top. None of these holds a lock, a socket or a pool of threads before it is first used."""


class PreloadingLocalExecutor(LocalExecutor):
    """What `[core] executor` in airflow.cfg.example names."""

    def start(self) -> None:
        """Load the libraries, then fork the workers."""
        for library in LIBRARIES:
            importlib.import_module(library)
        super().start()
