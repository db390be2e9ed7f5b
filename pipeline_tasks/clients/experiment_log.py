"""Weights & Biases client: writes a training's metrics to a folder; sends nothing unless a key is set."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path, PurePath
from typing import Any

from pipeline_tasks.errors import ServiceUnavailableError
from pipeline_tasks.json_values import Json

QUIET = {
    "WANDB_SILENT": "true",
    "WANDB_DISABLE_CODE": "true",
    "WANDB_DISABLE_GIT": "true",
    "WANDB_ERROR_REPORTING": "false",
    "WANDB_X_DISABLE_STATS": "true",
    "WANDB_CONSOLE": "off",
}
"""W&B without output, telemetry, or looks at code and git."""


class ExperimentLog:
    """One run at a time. Nothing is imported or written before it starts."""

    def __init__(self, folder: Path) -> None:
        """Keep runs under `folder`; `wandb sync` can send them later."""
        self._folder = folder
        self._run: Any = None

    @property
    def mode(self) -> str:
        """`online` if WANDB_API_KEY is set, else `offline`, which opens no network connection."""
        return "online" if os.environ.get("WANDB_API_KEY") else "offline"

    def start(self, name: str, cycle_key: str, settings: Mapping[str, Json], *, job: str = "train") -> None:
        """Start the run of a cycle in the project `name`; its id derives from the cycle, so that a second try continues it.

        Raises:
            ServiceUnavailableError: the local W&B service did not start or, with a key, the server did not respond.
        """
        os.environ.update(QUIET | {"WANDB_DIR": str(self._folder), "WANDB_MODE": self.mode})
        import wandb

        with self._errors("the run did not start"):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._run = wandb.init(
                project=name,
                name=cycle_key,
                id=hashlib.sha256((cycle_key if job == "train" else f"{cycle_key} {job}").encode()).hexdigest()[:16],
                group=cycle_key,
                job_type=job,
                config=dict(settings),
                dir=str(self._folder),
                mode="online" if self.mode == "online" else "offline",
                resume="allow" if self.mode == "online" else None,
            )

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Log one epoch's metrics."""
        if self._run is not None:
            with self._errors(f"epoch {epoch} was not logged"):
                self._run.log(dict(metrics), step=epoch)

    def finish(self) -> None:
        """End the run."""
        if self._run is not None:
            run, self._run = self._run, None
            with self._errors("the run did not end"):
                run.finish()

    def log_plots(self, name: str, cycle_key: str, plots: Mapping[str, bytes]) -> None:
        """Log PNG files as images of a run of their own, in the group of the cycle: an offline run that has ended takes no more.

        Raises:
            ServiceUnavailableError: the local W&B service did not start or, with a key, the server did not respond.
        """
        from PIL import Image

        self.start(name, cycle_key, {}, job="evaluate")
        import wandb

        with self._errors("the plots were not logged"):
            self._run.log({f"plots/{PurePath(one).stem}": wandb.Image(Image.open(BytesIO(png))) for one, png in plots.items()})
        self.finish()

    @contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        """Raise errors of W&B, and of the folder it writes to, as ours."""
        import wandb

        try:
            yield
        except (wandb.Error, OSError) as error:
            raise ServiceUnavailableError(f"W&B ({self.mode}) in {self._folder}: {what}: {error}") from error
