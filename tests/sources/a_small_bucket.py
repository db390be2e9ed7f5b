"""A bucket on loopback that lists and gives objects as S3 does, and errs on demand, which a real server cannot."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from pipeline_tasks.sources.s3_connection import S3Connection

WRITTEN_AT = "2026-11-20T10:00:00.000Z"


@dataclass
class SmallBucket:
    """Key → bytes, and what goes wrong."""

    objects: dict[str, bytes] = field(default_factory=dict)
    page_size: int = 1000
    trouble: dict[str, list[str]] = field(default_factory=dict)
    """Key, or `list` → what its next answers do: a code such as `SlowDown`, `half` or `other bytes`."""
    headers: dict[str, str] = field(default_factory=dict)
    """Headers of every object."""
    etags: dict[str, str] = field(default_factory=dict)
    """ETags that are no MD5 sums."""
    storage_classes: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """Requests that came, `GET key` or `LIST prefix`."""
    url: str = ""

    @property
    def connection(self) -> S3Connection:
        """The way to this bucket."""
        return S3Connection("cam", self.url, "key", "a secret")

    def etag(self, key: str) -> str:
        """The object's ETag, without quotes."""
        return self.etags.get(key) or hashlib.md5(self.objects[key]).hexdigest()

    def next_trouble(self, name: str) -> str | None:
        """Take the trouble of the next answer about a key."""
        return self.trouble[name].pop(0) if self.trouble.get(name) else None


@contextmanager
def a_small_bucket(**given: object) -> Iterator[SmallBucket]:
    """Hold a bucket; it ends with the block."""
    bucket = SmallBucket(**given)  # type: ignore[arg-type]

    class Answers(_Answers):
        held = bucket

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    bucket.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield bucket
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


STATUS = {"AccessDenied": 403, "NoSuchKey": 404, "NoSuchBucket": 404, "PreconditionFailed": 412, "SlowDown": 503}


class _Answers(BaseHTTPRequestHandler):
    held: SmallBucket

    def do_GET(self) -> None:
        """List, or give an object."""
        parts = urlsplit(self.path)
        key = unquote(parts.path).lstrip("/").partition("/")[2]
        if not key:
            self._list(parse_qs(parts.query))
        elif (code := self.held.next_trouble(key)) in STATUS:
            self.held.asked.append(f"GET {key}")
            self._refuse(str(code))
        else:
            self.held.asked.append(f"GET {key}")
            self._give(key, code)

    def _give(self, key: str, trouble: str | None) -> None:
        if key not in self.held.objects:
            self._refuse("NoSuchKey")
            return
        if self.headers.get("If-Match", f'"{self.held.etag(key)}"') != f'"{self.held.etag(key)}"':
            self._refuse("PreconditionFailed")
            return
        content = self.held.objects[key]
        told = {"ETag": f'"{self.held.etag(key)}"', "Content-Length": str(len(content))} | self.held.headers
        self._answer(200, told, content[::-1] if trouble == "other bytes" else content[: len(content) // 2] if trouble else content)
        self.close_connection = trouble == "half"

    def _list(self, asked: dict[str, list[str]]) -> None:
        prefix, after = asked.get("prefix", [""])[0], asked.get("continuation-token", [""])[0]
        self.held.asked.append(f"LIST {prefix}")
        code = self.held.next_trouble("list")
        if code is not None:
            self._refuse(code)
            return
        keys = sorted(key for key in self.held.objects if key.startswith(prefix) and key > after)
        page, rest = keys[: self.held.page_size], keys[self.held.page_size :]
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if rest else ""
        entries = "".join(self._entry(key) for key in page)
        text = f"<ListBucketResult><IsTruncated>{str(bool(rest)).lower()}</IsTruncated>{token}{entries}"
        self._answer(200, {}, f"{text}<EncodingType>url</EncodingType></ListBucketResult>".encode())

    def _entry(self, key: str) -> str:
        kind = self.held.storage_classes.get(key, "STANDARD")
        told = f"<Key>{quote(key)}</Key><LastModified>{WRITTEN_AT}</LastModified><ETag>&quot;{self.held.etag(key)}&quot;</ETag>"
        return f"<Contents>{told}<Size>{len(self.held.objects[key])}</Size><StorageClass>{kind}</StorageClass></Contents>"

    def _refuse(self, code: str) -> None:
        self._answer(STATUS.get(code, 400), {}, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""
