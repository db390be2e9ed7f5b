"""Description of a service for the supervisor: how to start it, check it and stop it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local_stack.folders import Folders
from local_stack.processes import SERVICE_MARK, STACK_MARK
from pipeline_tasks.clients.experiment_log import QUIET


def _nothing() -> None:
    """Do nothing; the default before and after a start."""


@dataclass(frozen=True)
class Service:
    """One process of the stack with its children; secrets are in `environment` only, never in `command`."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    responds: Callable[[float], bool]
    """Returns True if the service is ready; takes its start time (seconds since 1970)."""
    port: int | None = None
    needs: tuple[str, ...] = ()
    prepare: Callable[[], None] = _nothing
    """Called before each start."""
    complete: Callable[[], None] = _nothing
    """Called when the service first becomes ready after a start."""
    is_step: bool = False
    """True for a step that ends by itself; other services wait until it has succeeded."""
    is_essential: bool = True
    """True if the stack is not up without it."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_grace_s: float = 10.0
    start_limit_s: float = 600.0

    @property
    def address(self) -> str:
        """Address it listens on, or an empty string."""
        return "" if self.port is None else f"127.0.0.1:{self.port}"


_FOREIGN = ("AIRFLOW", "MLFLOW_", "LABEL_STUDIO", "POSTGRE", "DJANGO", "PG", "PYTHONPATH", "PYTHONHOME", "_MLFLOW")


def environment_for(folders: Folders, service: str, **own: str) -> dict[str, str]:
    """Environment of a service: the caller's without its settings for the same programs, plus the stack's own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    loopback = ",".join(filter(None, [os.environ.get("NO_PROXY", ""), "127.0.0.1,localhost"]))
    return {
        **inherited,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "NO_PROXY": loopback,
        "no_proxy": loopback,
        "PYTHONUNBUFFERED": "1",
        "NIGHTLENS_HOME": str(folders.home),
        STACK_MARK: folders.digest,
        SERVICE_MARK: service,
        # setproctitle would otherwise overwrite the environment that identifies the stack's processes.
        "SPT_NOENV": "1",
        # No telemetry and no update checks.
        "NO_ALBUMENTATIONS_UPDATE": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "1",
        **({} if "WANDB_API_KEY" in os.environ else {"WANDB_MODE": "offline"}),
        **QUIET,
        **own,
    }
