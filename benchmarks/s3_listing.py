"""List a bucket of a million keys with 1,000 new ones, beside boto3's plain paginator on the same server in the same run.

`KEYS=1000000 NEW=1000 make bench-s3-listing`. The server is seaweedfs on loopback; its keys are loaded as metadata, because nothing
reads them. Each side runs in a process of its own, the paginator before and after ours; memory is the process's peak.

STAND_IN=1 lists from a stand-in that only writes pages: the real server takes most of an hour to load and list a million keys, and
what is compared here is the work of the two clients.
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
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, product
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

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
from pipeline_tasks.tables.table import with_defaults

PREFIX, NIGHTS, IN_A_FOLDER = "in", 10, 1000
NOT_LISTED, SPARE = "spare", 100
"""Entries behind the last one, under another prefix: the server's tool ends before its last workers do, so that one may be lost."""
WRITTEN_S, SIZE_BYTES = 1_795_168_800, 200_000
SOURCE = {"name": "camera", "kind": "s3", "url": f"s3://{BUCKET}/{PREFIX}", "connection": "cam"}
CREDENTIALS = ("test", "test-secret")


def main() -> None:
    """Load the server, make the history, and run both sides."""
    keys, new = int(os.environ.get("KEYS", "1000000")), int(os.environ.get("NEW", "1000"))
    with tempfile.TemporaryDirectory(prefix="s3-listing-") as name:
        for line in measured(Path(name), keys, new, has_server="STAND_IN" not in os.environ):
            print(line, flush=True)


def measured(folder: Path, keys: int, new: int, *, has_server: bool) -> Iterator[str]:
    """Yield a line for each side, and their ratio."""
    write_history(folder / "root", keys - new)
    with a_loaded_server(folder, keys) if has_server else a_stand_in(keys) as (url, took_s):
        yield f"{keys} keys loaded into the {'server' if has_server else 'stand-in'} in {took_s:.0f} s"
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


@contextmanager
def a_loaded_server(folder: Path, keys: int) -> Iterator[tuple[str, float]]:
    """Hold a real server with these keys, and say how long they took to load."""
    server = folder / "server"
    server.mkdir()
    with an_s3_server(server) as client:
        began = time.perf_counter()
        load_keys(server, keys, folder / "entries")
        yield client.meta.endpoint_url, time.perf_counter() - began


@contextmanager
def a_stand_in(keys: int) -> Iterator[tuple[str, float]]:
    """Hold a process that answers listings of these keys."""
    command = [sys.executable, "-m", "benchmarks.s3_listing", "stand-in", str(keys)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip(), 0.0
    finally:
        server.kill()
        server.wait()


def serve_pages(keys: int) -> None:
    """Answer listings for ever; a token is the number of the next key."""

    class Pages(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Write one page."""
            first = int(parse_qs(urlsplit(self.path).query).get("continuation-token", ["0"])[0])
            body = _page(first, min(first + 1000, keys), keys).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


def _page(first: int, end: int, keys: int) -> str:
    token = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{end}</NextContinuationToken>" if end < keys else ""
    entries = "".join(
        f"<Contents><Key>{PREFIX}/{_key(number)}</Key><LastModified>2026-11-20T10:00:00.000Z</LastModified>"
        f"<ETag>&quot;{_md5(number).hex()}&quot;</ETag><Size>{SIZE_BYTES}</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for number in range(first, end)
    )
    return f"<ListBucketResult><EncodingType>url</EncodingType>{token}{entries}</ListBucketResult>"


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
        )
        cycle = given.an_open_cycle(store, f"2026-10-{night + 1:02}", sources=[SOURCE])
        store.finish(
            cycle.cycle_id,
            "record_images",
            RecordImagesSummary(keys, keys, keys, 0, 0, 0),
            [(Sighting, with_defaults(Sighting, rows))],
        )


def load_keys(server: Path, keys: int, entries: Path) -> None:
    """Load objects without bytes, as the server's own tool restores a backup of its metadata."""
    with entries.open("wb") as file:
        for prefix, number in chain(product([PREFIX], range(keys)), product([NOT_LISTED], range(SPARE))):
            entry = _entry(prefix, number)
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


def _entry(prefix: str, number: int) -> bytes:
    """One object in the server's form (filer.proto: FullEntry, Entry, FuseAttributes)."""
    folder, _, name = _key(number).rpartition("/")
    numbers = {1: SIZE_BYTES, 2: WRITTEN_S, 3: 0o660, 6: WRITTEN_S}
    attributes = b"".join(bytes([name << 3]) + _varint(value) for name, value in numbers.items()) + _field(14, _md5(number))
    etag = _field(1, b"Seaweed-X-Amz-ETag") + _field(2, _md5(number).hex().encode())
    entry = _field(1, name.encode()) + _field(4, attributes) + _field(5, etag)
    return _field(1, f"/buckets/{BUCKET}/{prefix}/{folder}".encode()) + _field(2, entry)


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
    if len(sys.argv) == 3:
        serve_pages(int(sys.argv[2]))
    elif len(sys.argv) > 1:
        print(json.dumps(run_side(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))
    else:
        main()
