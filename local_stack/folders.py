"""Folders and files of a local stack below NIGHTLENS_HOME, and the mark that identifies its processes."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Folders:
    """Paths of one stack; `digest` identifies this home in process environments and below /var/lib."""

    home: Path
    digest: str

    @classmethod
    def of(cls, home: Path) -> Folders:
        """Paths below this NIGHTLENS_HOME."""
        resolved = home.resolve()
        return cls(resolved, hashlib.sha256(str(resolved).encode()).hexdigest()[:16])

    @property
    def stack(self) -> Path:
        """Folder of the stack's own files: ports, secrets, state, logs."""
        return self.home / "stack"

    @property
    def ports_file(self) -> Path:
        """Port name → port, chosen once."""
        return self.stack / "ports.json"

    @property
    def secrets_file(self) -> Path:
        """Passwords and tokens, created once."""
        return self.stack / "secrets.json"

    @property
    def state_file(self) -> Path:
        """State of the services, as last written by the supervisor."""
        return self.stack / "state.json"

    @property
    def lock_file(self) -> Path:
        """Lock held by a running supervisor; contains its process id."""
        return self.stack / "supervisor.lock"

    @property
    def logs(self) -> Path:
        """Folder with one log file a service."""
        return self.stack / "logs"

    @property
    def postgres(self) -> Path:
        """Folder of the cluster; for root also a copy of the binaries, outside root's home, because PostgreSQL refuses root."""
        return Path("/var/lib/nightlens") / self.digest if os.geteuid() == 0 else self.home / "postgres"

    @property
    def label_studio_python(self) -> Path:
        """Interpreter of Label Studio's own environment."""
        folder = os.environ.get("NIGHTLENS_LABEL_STUDIO_VENV", REPOSITORY / ".venv-label-studio")
        return Path(folder) / "bin" / "python"

    def log_file(self, service: str) -> Path:
        """Log file of a service."""
        return self.logs / f"{service}.log"

    def make(self) -> None:
        """Create the folders that the services expect, readable by the owner only."""
        for folder in (self.home, self.stack, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("airflow", "mlflow", "label-studio", "for_people", "projects", "inbox", "roots", "serving"):
            (self.home / name).mkdir(mode=0o700, exist_ok=True)
