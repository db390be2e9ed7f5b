"""A real MLflow server of a test's own, whose database the test may tidy, collect or replace."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

STARTS_WITHIN_S = 180


class AnMlflowServer:
    """MLflow on SQLite in a folder; `people` is how people change it, `gc` how they empty its bin."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._database = folder / "mlflow.db"
        self._process: subprocess.Popen[bytes] | None = None
        self._people = httpx.Client(base_url=f"{self.url}/api/2.0/mlflow/", timeout=60, trust_env=False)

    def start(self) -> None:
        command = [_program("mlflow"), "server", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        command += ["--artifacts-destination", str(self.folder / "artifacts"), "--allowed-hosts", f"127.0.0.1:{self.port}"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log, start_new_session=True)
        for _ in range(STARTS_WITHIN_S * 4):
            try:
                if httpx.get(f"{self.url}/health", trust_env=False).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.25)
        raise TimeoutError((self.folder / "log").read_text()[-2000:])

    def stop(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def post(self, path: str, **fields: Any) -> dict[str, Any]:
        return self._said(self._people.post(path, json=fields))

    def get(self, path: str, **fields: str) -> dict[str, Any]:
        return self._said(self._people.get(path, params=fields))

    def delete(self, path: str, **fields: Any) -> None:
        self._said(self._people.request("DELETE", path, json=fields))

    def gc(self) -> None:
        """Delete for good what is in the bin, with its files."""
        command = [_program("mlflow"), "gc", "--backend-store-uri", f"sqlite:///{self._database}"]
        command += ["--artifacts-destination", str(self.folder / "artifacts")]
        subprocess.run(command, env=self._environment | {"MLFLOW_TRACKING_URI": self.url}, check=True, capture_output=True)

    def __enter__(self) -> AnMlflowServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{self._database}",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        }

    @staticmethod
    def _said(response: httpx.Response) -> dict[str, Any]:
        assert response.is_success, response.text
        fields: dict[str, Any] = response.json() if response.content else {}
        return fields


def _program(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
