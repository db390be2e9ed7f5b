"""What the supervisor must know of a service: how to start it, how to see that it answers, how to end it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local_stack.folders import Folders
from local_stack.processes import SERVICE_MARK, STACK_MARK


def _nothing() -> None:
    """What most services need before and after their start."""


@dataclass(frozen=True)
class Service:
    """One process of the stack with its children; secrets stand in `environment` only, never in `command`."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    answers: Callable[[float], bool]
    """Whether it does its work; given when it was started (seconds since 1970)."""
    port: int | None = None
    needs: tuple[str, ...] = ()
    prepare: Callable[[], None] = _nothing
    """Done before each start."""
    complete: Callable[[], None] = _nothing
    """Done each time it answers for the first time after a start."""
    is_step: bool = False
    """It does one thing and ends; others wait until it ended well."""
    is_essential: bool = True
    """The stack is not up without it."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_grace_s: float = 10.0
    start_limit_s: float = 600.0

    @property
    def address(self) -> str:
        """Where it listens, or nothing."""
        return "" if self.port is None else f"127.0.0.1:{self.port}"


_FOREIGN = ("AIRFLOW", "MLFLOW_", "LABEL_STUDIO", "POSTGRE", "DJANGO", "PG", "PYTHONPATH", "PYTHONHOME", "_MLFLOW")


def environment_for(folders: Folders, service: str, **own: str) -> dict[str, str]:
    """What a service is started with: the caller's environment without foreign settings of the same programs, plus our own."""
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
        # setproctitle would otherwise write over the environment by which our processes are found.
        "SPT_NOENV": "1",
        # Nothing dials out on its own.
        "NO_ALBUMENTATIONS_UPDATE": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "1",
        **({} if "WANDB_API_KEY" in os.environ else {"WANDB_MODE": "offline"}),
        "WANDB_SILENT": "true",
        "WANDB_DISABLE_CODE": "true",
        "WANDB_DISABLE_GIT": "true",
        "WANDB_ERROR_REPORTING": "false",
        "WANDB_X_DISABLE_STATS": "true",
        "WANDB_CONSOLE": "off",
        **own,
    }
