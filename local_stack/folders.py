"""Where everything of a local stack lies below NIGHTLENS_HOME, and the mark by which its processes are known."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Folders:
    """The places of one stack; `digest` names this home in process environments and below /var/lib."""

    home: Path
    digest: str

    @classmethod
    def of(cls, home: Path) -> Folders:
        """The places below this NIGHTLENS_HOME."""
        resolved = home.resolve()
        return cls(resolved, hashlib.sha256(str(resolved).encode()).hexdigest()[:16])

    @property
    def stack(self) -> Path:
        """What the stack itself keeps: ports, secrets, state, logs."""
        return self.home / "stack"

    @property
    def ports_file(self) -> Path:
        """Port name → port, chosen once."""
        return self.stack / "ports.json"

    @property
    def secrets_file(self) -> Path:
        """Passwords and tokens, made once."""
        return self.stack / "secrets.json"

    @property
    def state_file(self) -> Path:
        """What the supervisor last saw of its services."""
        return self.stack / "state.json"

    @property
    def lock_file(self) -> Path:
        """Held by the supervisor while it lives; holds its process id."""
        return self.stack / "supervisor.lock"

    @property
    def logs(self) -> Path:
        """One log file a service."""
        return self.stack / "logs"

    @property
    def postgres(self) -> Path:
        """The cluster and, as root, a copy of its binaries: PostgreSQL refuses root, so root keeps them outside its home."""
        return Path("/var/lib/nightlens") / self.digest if os.geteuid() == 0 else self.home / "postgres"

    @property
    def label_studio_python(self) -> Path:
        """The interpreter of the environment that the Label Studio server keeps to itself."""
        folder = os.environ.get("NIGHTLENS_LABEL_STUDIO_VENV", REPOSITORY / ".venv-label-studio")
        return Path(folder) / "bin" / "python"

    def log_file(self, service: str) -> Path:
        """Where a service writes what it says."""
        return self.logs / f"{service}.log"

    def make(self) -> None:
        """Make what the services expect to be there, readable by the owner only."""
        for folder in (self.home, self.stack, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("airflow", "mlflow", "label-studio", "for_people", "projects", "inbox", "roots", "serving"):
            (self.home / name).mkdir(mode=0o700, exist_ok=True)
