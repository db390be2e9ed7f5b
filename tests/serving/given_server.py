"""A root that names a model, and servers on it: inside this process, or as a process of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

import httpx
from tiny_model import DATASET_ID, tiny_model

from pipeline_tasks.storage.blobs.model_files import put_model
from pipeline_tasks.storage.blobs.serving_pointer import Route, ServingPointer, replace_pointer
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.objects.object_store import ObjectStore

REPOSITORY = Path(__file__).parent.parent.parent


def a_pointer(digest: str, **fields: object) -> ServingPointer:
    pointer = ServingPointer(
        generation=0,
        project="parts",
        routes=(Route(digest, 1.0, "champion"),),
        class_names=("bolt", "nut"),
        dataset_id=DATASET_ID,
        min_confidence=0.5,
        max_waiting=64,
        max_body_bytes=100_000,
    )
    return replace(pointer, **fields)  # type: ignore[arg-type]


def promote(objects: ObjectStore, content: bytes, **fields: object) -> str:
    """Put a model into a root and point at it."""
    digest = put_model(objects, content)
    replace_pointer(objects, lambda: a_pointer(digest, **fields))
    return digest


def numbered_model(number: int) -> bytes:
    """A model whose predictions are those of every other number, in a different file."""
    return tiny_model(bias=float(number))


@dataclass
class ServerProcess:
    """`python -m pipeline_tasks.serving` on a free port; killed at the end of the block if it has not ended."""

    folder: Path
    python: str = sys.executable
    project: str = "parts"
    root: str | None = None
    """Instead of a folder: s3://bucket/prefix."""
    environment: Mapping[str, str] = field(default_factory=dict)
    people: Path | None = None
    """Label Studio's document root."""
    arguments: tuple[str, ...] = ()
    """More of the command line."""
    scheme: str = "http"
    has_grpc: bool = False
    """True: `calls` is the address of gRPC."""
    headers: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    """Instead of `python -m pipeline_tasks.serving`."""

    def __enter__(self) -> ServerProcess:
        with socket.socket() as free, socket.socket() as other:
            free.bind(("127.0.0.1", 0))
            other.bind(("127.0.0.1", 0))
            self.port, grpc_port = free.getsockname()[1], other.getsockname()[1]
        self.calls = f"127.0.0.1:{grpc_port}"
        self.url = f"{self.scheme}://127.0.0.1:{self.port}"
        # One client without certificates: making one costs more than a request.
        self.client = httpx.Client(base_url=self.url, trust_env=False, verify=False, timeout=60, headers=self.headers)
        command = [
            *(self.command or (self.python, "-m", "pipeline_tasks.serving")),
            "--root",
            self.root or str(self.folder / "root"),
            "--project",
            self.project,
        ]
        command += ["--port", str(self.port), "--cache", str(self.folder / "cache")]
        command += [] if self.people is None else ["--people", str(self.people)]
        command += ["--grpc-port", str(grpc_port)] if self.has_grpc else []
        command += self.arguments
        self.log = (self.folder / "server.log").open("ab")
        environment = {name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("COVERAGE_")}
        environment |= {"PYTHONPATH": str(REPOSITORY), **self.environment}
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=environment, cwd=REPOSITORY)
        self.wait_until_alive()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.client.close()
        self.log.close()

    def wait_until_alive(self) -> None:
        for _ in range(600):
            assert self.process.poll() is None, (self.folder / "server.log").read_text()
            try:
                self.get("/healthz")
            except httpx.HTTPError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the server did not start")

    def wait_for(self, digest: str, within_s: float = 60.0) -> None:
        """Wait until this model answers."""
        until = time.monotonic() + within_s
        while self.get("/readyz").json()["model_digest"] != digest:
            assert time.monotonic() < until, self.get("/readyz").text
            time.sleep(0.05)

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def predict(self, content: bytes) -> httpx.Response:
        return self.client.post("/predict", content=content)

    def end(self) -> int:
        """Ask it to end, and wait."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@contextmanager
def a_running_server(
    folder: Path, content: bytes, server: ServerProcess | None = None, **fields: object
) -> Iterator[tuple[ServerProcess, DiskObjects, str]]:
    """A server that serves `content`; one that was configured by the test, or a plain one."""
    objects = DiskObjects(folder / "root")
    digest = promote(objects, content, **fields)
    with server or ServerProcess(folder) as running:
        running.wait_for(digest)
        yield running, objects, digest
