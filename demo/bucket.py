"""Demo in a bucket: the same images come into a bucket of the local S3 server, where the project's root lies, too.

Each night is started by Airflow's asset of new images, when all images of the night have arrived.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from demo.errors import DemoError
from demo.inbox import Inbox, Progress
from local_stack.addresses import S3Address, read_addresses
from pipeline_tasks.storage.objects.s3_objects import make_client
from pipeline_tasks.wiring.local_stack_endpoints import OWN_S3
from pipeline_tasks.wiring.projects import project_files

BUCKET = S3Address.bucket
MORE_THAN_ANY = 10**9
"""Number of new images that starts no night: an earlier demo may have left some."""
LOOK_EVERY_S = 2
"""Seconds between two looks of the watcher, as a demo is in a hurry."""


def bucket_inbox(inbox: Inbox, home: Path, budget: int) -> Inbox:
    """The inbox of a second project, whose images come into a bucket as they are drawn or copied into this one's folder."""
    project = f"{inbox.project}_s3"
    settings = yaml.safe_load(project_files()[inbox.project].read_text(encoding="utf-8"))
    _write_project_file(settings, project, home, budget, images=MORE_THAN_ANY)

    def fill_night(night: int, progress: Progress) -> None:
        """Make the night's images in the folder, and put them into the bucket."""
        before = set(_files(inbox.folder)) if night > 1 else set()
        inbox.fill(night, progress)
        new = [path for path in _files(inbox.folder) if path not in before]
        bucket = _Bucket(_address(home), f"inbox/{project}/")
        if night == 1:
            bucket.empty()
        _write_project_file(settings, project, home, budget, images=len(new))
        for done, path in enumerate(new, start=1):
            bucket.put(path.relative_to(inbox.folder).as_posix(), path.read_bytes())
            progress(done, len(new))

    return replace(inbox, project=project, fill=fill_night, is_watched=True, shown=f"s3://{BUCKET}/inbox/{project}")


def _write_project_file(settings: dict[str, Any], project: str, home: Path, budget: int, images: int) -> None:
    """Write the first project's settings with another place for images and root; a night starts at this number of new images."""
    (source,) = settings["sources"]
    kept = {name: source[name] for name in ("name", "key_pattern") if name in source}
    place = {"kind": "s3", "url": f"s3://{BUCKET}/inbox/{project}", "connection": OWN_S3}
    changed = settings | {
        "project": project,
        "root": f"s3://{BUCKET}/roots/{project}",
        "sources": [kept | place],
        "new_images": {"min_images": images, "cool_down_s": 0, "look_every_s": LOOK_EVERY_S},
        "selection": settings["selection"] | {"budget": budget},
        "connections": {name: one for name, one in settings.get("connections", {}).items() if name != "prediction_server"}
        | {"s3": OWN_S3},
    }
    path = home / "projects" / f"{project}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(yaml.safe_dump(changed, sort_keys=False, allow_unicode=True), encoding="utf-8")
    unfinished.replace(path)


def _address(home: Path) -> S3Address:
    address = read_addresses(home).s3
    if address is None:
        raise DemoError(f"the local stack of {home} has no S3 server; see `make status`")
    return address


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


class _Bucket:
    """Objects below a prefix of the stack's bucket."""

    def __init__(self, address: S3Address, prefix: str) -> None:
        self._client, self._prefix = make_client(address.url, address.access_key, address.secret_key, None), prefix

    def empty(self) -> None:
        """Delete the objects of an earlier demo."""
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=self._prefix):
            for one in page.get("Contents", []):
                self._client.delete_object(Bucket=BUCKET, Key=one["Key"])

    def put(self, key: str, content: bytes) -> None:
        """Write one object."""
        self._client.put_object(Bucket=BUCKET, Key=self._prefix + key, Body=content)
