"""The demo with the project's root on a real S3 server, through Airflow's scheduler; `make drill-s3-nights`.

In a NIGHTLENS_HOME of its own the shipped project gets a root `s3://…` and the Amazon provider's connection. Night by night the
figures are read back from the services, as the demo does. Afterwards nothing of the root lies on the disk, the root verifies, and
the prediction server, which follows the bucket, answers with the champion.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx
import yaml
from storage.an_s3_server import BUCKET, an_s3_server

from demo.show import Options, show
from local_stack import stack
from local_stack.addresses import Addresses
from local_stack.folders import REPOSITORY
from pipeline_tasks.storage.care.verifying import verify_objects
from pipeline_tasks.storage.objects.s3_objects import S3Objects

PROJECT, CONNECTION, ROOT = "parts", "nightlens_s3", "root-of-parts"


def main(words: list[str] | None = None) -> int:
    """Run the drill; 0 if every night ended in success and all of the root lies in the bucket."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=2)
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="s3-nights-") as folder:
        home, server = Path(folder) / "home", Path(folder) / "server"
        server.mkdir()
        with an_s3_server(server) as client:
            # For the tools of the command line and the prediction server; tasks get the same by the connection.
            keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-secret"}
            url = client.meta.endpoint_url
            os.environ |= {"NIGHTLENS_HOME": str(home), "NIGHTLENS_S3_URL": url, "AWS_ENDPOINT_URL": url, **keys}
            write_project(home)
            try:
                post_connection(stack.up(home, say=say), url)
                show(Options(nights=arguments.nights), home, say)
                return ended_well(S3Objects(client, BUCKET, ROOT), home)
            finally:
                stack.reset(home, say=say)


def write_project(home: Path) -> None:
    """The shipped project, with its root in the bucket."""
    content = yaml.safe_load((REPOSITORY / "dags" / "projects" / f"{PROJECT}.yaml").read_text())
    content["root"] = f"s3://{BUCKET}/{ROOT}"
    content["connections"] = {**(content.get("connections") or {}), "s3": CONNECTION}
    (home / "projects").mkdir(parents=True)
    (home / "projects" / f"{PROJECT}.yaml").write_text(yaml.safe_dump(content))


def post_connection(addresses: Addresses, url: str) -> None:
    """Connections as a person would enter them under Admin, Connections."""
    with httpx.Client(base_url=addresses.airflow_url, timeout=30, trust_env=False) as client:
        login = {"username": addresses.airflow_user, "password": addresses.airflow_password}
        token = client.post("/auth/token", json=login).raise_for_status().json()["access_token"]
        body: dict[str, Any] = {"connection_id": CONNECTION, "conn_type": "aws", "login": "test", "password": "test-secret"}
        body["extra"] = f'{{"endpoint_url": "{url}"}}'
        headers = {"Authorization": f"Bearer {token}"}
        client.post("/api/v2/connections", json=body, headers=headers).raise_for_status()


def ended_well(objects: S3Objects, home: Path) -> int:
    """0 if the root verifies and lies in the bucket only."""
    verification, _ = verify_objects(objects)
    on_disk = [path for path in (home / "roots").rglob("*") if path.is_file()]
    damaged = len(verification.damaged)
    say(f"{verification.objects} objects in the bucket, {damaged} damaged; {len(on_disk)} files of a root on the disk")
    return 1 if verification.damaged or on_disk else 0


def say(line: str) -> None:
    """Log a line."""
    print(line, flush=True)  # noqa: T201 - a drill's output is its log.


if __name__ == "__main__":
    sys.exit(main())
