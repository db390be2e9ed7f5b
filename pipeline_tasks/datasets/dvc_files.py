"""DVC's small files: a folder's object, the file that names it, the repository's configuration.

The formats are those that DVC 3.67.1 writes; `make drill-dvc` shows that it makes the same folder object from the same images.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

FOLDER = "pictures"
REMOTE = "store"
CONFIG_FILE = ".dvc/config"


@dataclass(frozen=True)
class PublishedImage:
    """One image of a published folder."""

    path: str
    """Relative to the folder, with forward slashes."""
    md5: str
    size_bytes: int


@dataclass(frozen=True)
class Remote:
    """The remote that readers pull from; they use their own credentials, which are never stored here."""

    url: str
    """A folder or s3://bucket/prefix."""
    endpoint_url: str | None = None
    region: str | None = None


def folder_object(images: Sequence[PublishedImage]) -> tuple[str, bytes]:
    """A folder as DVC stores it: the name `<md5>.dir` and the bytes."""
    entries = sorted(({"md5": one.md5, "relpath": one.path} for one in images), key=lambda entry: entry["relpath"])
    content = json.dumps(entries, sort_keys=True).encode()
    return f"{hashlib.md5(content, usedforsecurity=False).hexdigest()}.dir", content


def tracked_folder(name: str, images: Sequence[PublishedImage]) -> str:
    """The `.dvc` file, tracked by git, of a folder that DVC stores; `name` is its object's `<md5>.dir`."""
    size_bytes = sum(one.size_bytes for one in images)
    return f"outs:\n- md5: {name}\n  size: {size_bytes}\n  nfiles: {len(images)}\n  hash: md5\n  path: {FOLDER}\n"


def repository_files(remote: Remote, mark: str) -> dict[str, str]:
    """Files that make a git repository a DVC repository, path → content; `mark` is a comment that names its owner."""
    places = {"url": remote.url, "endpointurl": remote.endpoint_url, "region": remote.region}
    said = "".join(f'    {name} = "{value}"\n' for name, value in places.items() if value is not None)
    # By default DVC does not check what an S3 remote returns; with `verify` it compares digests.
    core = f"[core]\n    remote = {REMOTE}\n    analytics = false\n    autostage = false\n"
    return {
        CONFIG_FILE: f"# {mark}\n{core}['remote \"{REMOTE}\"']\n{said}    verify = true\n",
        ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
        ".gitignore": f"/{FOLDER}\n",
    }
