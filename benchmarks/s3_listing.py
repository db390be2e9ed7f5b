"""List a bucket of a million keys with 1,000 new ones, beside boto3's plain paginator on the same server in the same run.

`KEYS=1000000 NEW=1000 make bench-s3-listing`. The server is seaweedfs on loopback; its keys are loaded as metadata, because nothing
reads them. Each side runs in a process of its own, the paginator before and after ours; memory is the process's peak.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import given
import polars as pl
from storage.an_s3_server import BUCKET, an_s3_server

from pipeline_tasks.records.record_images import RecordImagesSummary
from pipeline_tasks.sources.s3_connection import S3Connection
from pipeline_tasks.sources.source import open_sources
from pipeline_tasks.stages.ingest.list_new_images import list_new_images
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.tables.sighting import Sighting

PREFIX, NIGHTS, IN_A_FOLDER = "in", 10, 1000
WRITTEN_S, SIZE_BYTES = 1_795_168_800, 200_000
SOURCE = {"name": "camera", "kind": "s3", "url": f"s3://{BUCKET}/{PREFIX}", "connection": "cam"}
CREDENTIALS = ("test", "test-secret")


def main() -> None:
    """Load the server, make the history, and run both sides."""
    keys, new = int(os.environ.get("KEYS", "1000000")), int(os.environ.get("NEW", "1000"))
    with tempfile.TemporaryDirectory(prefix="s3-listing-") as name:
        print(*measured(Path(name), keys, new), sep="\n", flush=True)


def measured(folder: Path, keys: int, new: int) -> Iterator[str]:
    """Yield a line for each side, and their ratio."""
    server = folder / "server"
    server.mkdir()
    with an_s3_server(server) as client:
        began = time.perf_counter()
        load_keys(server, keys, folder / "entries")
        yield f"{keys} keys loaded into the server in {time.perf_counter() - began:.0f} s"
        write_history(folder / "root", keys - new)
        url = client.meta.endpoint_url
        sides = [side(one, url, folder / "root") for one in ("paginator", "nightlens", "paginator")]
    for one in sides:
        spent = f"{one['wall_s']:.1f} s, of them {one['processor_s']:.1f} s of this process"
        memory = f"peak memory {one['peak_mb']:.0f} MB, {one['before_mb']:.0f} MB before"
        yield f"{one['side']}: {one['keys']} keys, {one['new']} new; {spent}; {memory}"
    assert [one["keys"] for one in sides] == [keys] * 3
    assert sides[1]["new"] == new
    plain = [sides[0], sides[2]]
    ratios = {what: sides[1][what] / (sum(one[what] for one in plain) / 2) for what in ("wall_s", "processor_s")}
    yield f"nightlens / paginator: {ratios['wall_s']:.2f} of its seconds, {ratios['processor_s']:.2f} of its processor time"


def side(name: str, url: str, root: Path) -> dict[str, Any]:
    """Run one side in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.s3_listing", name, url, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def run_side(name: str, url: str, root: Path) -> dict[str, Any]:
    """List once, and measure it."""
    run = of_paginator(url) if name == "paginator" else of_nightlens(url, root)
    before_mb, wall, processor = _peak_mb(), time.perf_counter(), time.process_time()
    keys, new = run()
    wall_s, processor_s = time.perf_counter() - wall, time.process_time() - processor
    figures = {"wall_s": wall_s, "processor_s": processor_s, "peak_mb": _peak_mb(), "before_mb": before_mb}
    return {"side": name, "keys": keys, "new": new} | figures


def of_paginator(url: str) -> Any:
    """The plain loop over boto3's paginator, which only counts."""
    import boto3

    client = boto3.client(
        "s3", endpoint_url=url, aws_access_key_id=CREDENTIALS[0], aws_secret_access_key=CREDENTIALS[1], region_name="us-east-1"
    )

    def run() -> tuple[int, int]:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{PREFIX}/")
        return sum(len(page.get("Contents", [])) for page in pages), 0

    return run


def of_nightlens(url: str, root: Path) -> Any:
    """The stage `list_new_images`, from opening the source to its event."""
    store = Store(DiskObjects(root))
    cycle = given.an_open_cycle(store, "2026-11-21", sources=[SOURCE])

    def run() -> tuple[int, int]:
        sources = open_sources(cycle.project.sources, root, lambda _: S3Connection("cam", url, *CREDENTIALS))
        summary = list_new_images(store, cycle, sources)
        return summary.files_seen, summary.files_new

    return run


def write_history(root: Path, keys: int) -> None:
    """Record the first keys as images of earlier nights."""
    root.mkdir()
    store = Store(DiskObjects(root))
    for night in range(NIGHTS):
        numbers = range(keys * night // NIGHTS, keys * (night + 1) // NIGHTS)
        rows = pl.DataFrame({"number": list(numbers)}).select(
            source=pl.lit("camera"),
            key=pl.Series([_key(number) for number in numbers], dtype=pl.String),
            object_version=pl.Series([f"{_md5(n).hex()}-{SIZE_BYTES}-{WRITTEN_S * 1000}" for n in numbers], dtype=pl.String),
            image_id=pl.Series([hashlib.sha256(_key(number).encode()).hexdigest() for number in numbers], dtype=pl.String),
            modified_at=pl.lit(None, pl.Datetime("us", "UTC")),
            **dict.fromkeys(("device", "clip", "site", "day"), pl.lit(None, pl.String)),
        )
        cycle = given.an_open_cycle(store, f"2026-10-{night + 1:02}", sources=[SOURCE])
        store.finish(cycle.cycle_id, "record_images", RecordImagesSummary(keys, keys, keys, 0, 0, 0), [(Sighting, rows)])


def load_keys(server: Path, keys: int, entries: Path) -> None:
    """Load objects without bytes, as the server's own tool restores a backup of its metadata."""
    with entries.open("wb") as file:
        for number in range(keys):
            entry = _entry(number)
            file.write(struct.pack(">I", len(entry)) + entry)
    options = dict(part[1:].split("=", 1) for part in _command_of(server) if part.startswith("-") and "=" in part)
    hosts = [f"-{name}=127.0.0.1:{options[f'{name}.port']}" for name in ("master", "filer")]
    orders = f"fs.meta.load -v=false {entries}\nexit\n"
    weed = Path(sys.executable).with_name("weed")
    subprocess.run([weed, "shell", *hosts], input=orders, capture_output=True, text=True, check=True)


def _command_of(server: Path) -> list[str]:
    """The arguments of the server that runs in this folder."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if f"-dir={server}" in words:
            return words
    raise RuntimeError(f"no server runs in {server}")


def _key(number: int) -> str:
    return f"{number // IN_A_FOLDER:04}/img_{number:07}.jpg"


def _md5(number: int) -> bytes:
    return hashlib.md5(str(number).encode(), usedforsecurity=False).digest()


def _entry(number: int) -> bytes:
    """One object in the server's form (filer.proto: FullEntry, Entry, FuseAttributes)."""
    folder, _, name = _key(number).rpartition("/")
    numbers = {1: SIZE_BYTES, 2: WRITTEN_S, 3: 0o660, 6: WRITTEN_S}
    attributes = b"".join(bytes([name << 3]) + _varint(value) for name, value in numbers.items()) + _field(14, _md5(number))
    etag = _field(1, b"Seaweed-X-Amz-ETag") + _field(2, _md5(number).hex().encode())
    entry = _field(1, name.encode()) + _field(4, attributes) + _field(5, etag)
    return _field(1, f"/buckets/{BUCKET}/{PREFIX}/{folder}".encode()) + _field(2, entry)


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(run_side(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))
    else:
        main()
