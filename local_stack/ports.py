"""Ports of the services, chosen once and kept, so that addresses stay the same from one `make up` to the next."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable
from pathlib import Path

from local_stack.folders import Folders
from local_stack.kept_json import read_json, write_json

SERVICE_PORTS = ("postgres", "airflow", "label_studio", "mlflow")
S3_PORTS = {
    "s3": "-s3.port",
    "s3_grpc": "-s3.port.grpc",
    "s3_master": "-master.port",
    "s3_master_grpc": "-master.port.grpc",
    "s3_volume": "-volume.port",
    "s3_volume_grpc": "-volume.port.grpc",
    "s3_filer": "-filer.port",
    "s3_filer_grpc": "-filer.port.grpc",
}
"""Port name → flag of the S3 server; a stack that has these ports has one."""
_LOWEST = 20_000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def prediction_port_name(project: str) -> str:
    """Name under which a project's prediction server keeps its port."""
    return f"prediction_server_{project}"


def grpc_port_name(project: str) -> str:
    """Name under which a project's prediction server keeps its port for gRPC."""
    return f"{prediction_port_name(project)}_grpc"


def keep_ports(folders: Folders, names: Iterable[str]) -> dict[str, int]:
    """Port name → port; a known name keeps its port, a new one gets a free port, and all are stored."""
    kept: dict[str, int] = read_json(folders.ports_file) if folders.ports_file.exists() else {}
    missing = [name for name in names if name not in kept]
    if missing:
        kept |= dict(zip(missing, _choose(len(missing), set(kept.values())), strict=True))
        write_json(folders.ports_file, kept)
    return kept


def is_free(port: int) -> bool:
    """Return True if a service could listen on this loopback port now."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def holder(port: int) -> str:
    """The process that listens on a port: `process 123 (nginx)`, or `another process` if this user may not see it."""
    sockets = _listening_sockets(port)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(entry.readlink().name in sockets for entry in (process / "fd").iterdir()):
                return f"process {process.name} ({(process / 'comm').read_text().strip()})"
        except OSError:
            continue
    return "another process"


def _choose(count: int, taken: set[int]) -> list[int]:
    """Free ports below the kernel's range for outgoing connections, whose ports are only taken temporarily."""
    above = int(_EPHEMERAL.read_text().split()[0]) if _EPHEMERAL.exists() else 32_768
    candidates = [port for port in range(_LOWEST, max(above, _LOWEST + 5_000)) if port not in taken]
    random.SystemRandom().shuffle(candidates)
    chosen: list[int] = []
    for port in candidates:
        if len(chosen) == count:
            break
        if is_free(port):
            chosen.append(port)
    return chosen


def _listening_sockets(port: int) -> set[str]:
    """Kernel names of the sockets that listen on this port: `socket:[inode]`."""
    found: set[str] = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else []:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found
