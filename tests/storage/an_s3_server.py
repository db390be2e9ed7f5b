"""A real S3 server on loopback for tests: seaweedfs in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline_tasks.storage.objects.s3_objects import make_client

BUCKET = "nightlens"
READER = ("reader", "reader-secret")
"""The access key and secret key of somebody who may only read the bucket."""
PUSHER, PUSHED_BELOW = ("pusher", "pusher-secret"), "parts-published"
"""Of somebody who may also write, but only below this prefix."""


@contextmanager
def an_s3_server(folder: Path) -> Iterator[Any]:
    """Hold a boto3 client for an empty bucket; the server ends with the block."""
    ports = _free_ports(4)
    config = folder / "s3.json"
    credentials = [{"accessKey": "test", "secretKey": "test-secret"}]
    identity = {"name": "test", "credentials": credentials, "actions": ["Admin", "Read", "List", "Tagging", "Write"]}
    allowed = [f"{action}:{BUCKET}" for action in ("Read", "List")]
    reader = {"name": READER[0], "credentials": [{"accessKey": READER[0], "secretKey": READER[1]}], "actions": [*allowed]}
    # The star makes a prefix of what else is the name of one object.
    allowed += [f"Write:{BUCKET}/{PUSHED_BELOW}/*"]
    pusher = {"name": PUSHER[0], "credentials": [{"accessKey": PUSHER[0], "secretKey": PUSHER[1]}], "actions": allowed}
    config.write_text(json.dumps({"identities": [identity, reader, pusher]}))
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(_command(folder, config, ports), stdout=log, stderr=log, start_new_session=True)
    try:
        client = make_client(f"http://127.0.0.1:{ports[3]}", "test", "test-secret", None)
        _wait_for_bucket(client, server, folder / "log")
        yield client
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _command(folder: Path, config: Path, ports: list[int]) -> list[str]:
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or "weed"
    flags = f"-ip=127.0.0.1 -ip.bind=127.0.0.1 -master.port={ports[0]} -volume.port={ports[1]} -filer -filer.port={ports[2]} -s3 "
    flags += f"-s3.port={ports[3]} -s3.config={config} -s3.port.iceberg=0 -s3.port.lance=0 -volume.max=0 "
    flags += "-master.volumeSizeLimitMB=64 -master.volumePreallocate=false -master.telemetry=false"
    return [weed, "server", f"-dir={folder}", *flags.split()]


def _wait_for_bucket(client: Any, server: subprocess.Popen[bytes], log: Path) -> None:
    last: Exception | None = None
    for _ in range(150):
        assert server.poll() is None, log.read_text(errors="replace")[-2000:]
        try:
            client.create_bucket(Bucket=BUCKET)
            client.put_object(Bucket=BUCKET, Key="probe", Body=b"")
            client.delete_object(Bucket=BUCKET, Key="probe")
            return
        except (BotoCoreError, ClientError) as error:
            last = error
            time.sleep(0.2)
    raise AssertionError(f"the S3 server did not come up: {last}; {log.read_text(errors='replace')[-2000:]}")


def _free_ports(count: int) -> list[int]:
    """Ports that are free together with their port + 10000, which the server also takes."""
    found: list[int] = []
    for port in range(21000 + os.getpid() % 5000, 32000):
        if all(_is_free(one) for one in (port, port + 10000)):
            found.append(port)
        if len(found) == count:
            return found
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
