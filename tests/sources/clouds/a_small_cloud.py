"""A server on loopback that lists and gives objects as Google Cloud Storage and as Azure Blob Storage do, and errs on demand."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

PAGE = 2
BUCKET = "camera-bucket"


@dataclass
class SmallCloud:
    """Key → bytes, and what goes wrong."""

    objects: dict[str, bytes] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)
    trouble: dict[str, list[int | bytes]] = field(default_factory=dict)
    """Key, or `list` → the next answers about it: a status, or other bytes."""
    headers: list[dict[str, str]] = field(default_factory=list)
    """Headers of the requests that came."""
    versions: dict[str, int] = field(default_factory=dict)
    url: str = ""

    def put(self, key: str, content: bytes) -> None:
        """Write an object, or overwrite it."""
        self.objects[key] = content
        self.versions[key] = self.versions.get(key, 0) + 1

    def next_trouble(self, name: str) -> int | bytes | None:
        """Take the trouble of the next answer."""
        return self.trouble[name].pop(0) if self.trouble.get(name) else None


@contextmanager
def a_small_cloud(objects: dict[str, bytes]) -> Iterator[SmallCloud]:
    """Hold a store with one bucket; it ends with the block."""
    cloud = SmallCloud()
    for key, content in objects.items():
        cloud.put(key, content)

    class Answers(_Answers):
        held = cloud

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    cloud.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield cloud
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    held: SmallCloud

    def do_GET(self) -> None:
        """Answer in the dialect of the address."""
        self.held.headers.append(dict(self.headers.items()))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.startswith("/storage/"):
            self._google(parts.path.removeprefix("/storage/v1/b/"), query)
        else:
            self._azure(parts.path.strip("/"), query)

    def do_POST(self) -> None:
        """Give a token, as Google's server does."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._send(200, json.dumps({"access_token": "a-token", "expires_in": 3600, "token_type": "Bearer"}).encode())

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""

    def _google(self, path: str, query: dict[str, str]) -> None:
        bucket, _, key = path.partition("/o/")
        if bucket.removesuffix("/o") != BUCKET:
            return self._google_error(404, "The specified bucket does not exist.")
        trouble = self.held.next_trouble(unquote(key) or "list")
        if isinstance(trouble, int):
            return self._google_error(trouble, "trouble")
        if not key and trouble is not None:
            return self._send(200, trouble)
        if not key:
            keys, following = self._page(query["prefix"], query.get("pageToken", ""))
            page = {"items": [self._item(one) for one in keys]} | ({"nextPageToken": following} if following else {})
            return self._send(200, json.dumps(page).encode())
        key = unquote(key)
        if str(self.held.versions.get(key)) != query["generation"] or key not in self.held.objects:
            return self._google_error(404, "No such object")
        return self._send(200, self.held.objects[key] if trouble is None else trouble)

    def _item(self, key: str) -> dict[str, str]:
        content = self.held.objects[key]
        md5 = base64.b64encode(hashlib.md5(content).digest()).decode()
        about = {"size": str(len(content)), "updated": "2026-11-20T10:00:00.123Z", "md5Hash": md5}
        return {"name": key, "generation": str(self.held.versions[key])} | about

    def _google_error(self, status: int, message: str) -> None:
        self._send(status, json.dumps({"error": {"code": status, "message": message}}).encode())

    def _azure(self, path: str, query: dict[str, str]) -> None:
        container, _, key = path.partition("/")
        if container != BUCKET:
            return self._send(404, b"", {"x-ms-error-code": "ContainerNotFound"})
        key = unquote(key)
        trouble = self.held.next_trouble(key or "list")
        if isinstance(trouble, int):
            return self._send(trouble, b"", {"x-ms-error-code": "AuthorizationPermissionMismatch" if trouble == 403 else "Trouble"})
        if not key and trouble is not None:
            return self._send(200, trouble)
        if not key:
            keys, following = self._page(query.get("prefix", ""), query.get("marker", ""))
            blobs = "".join(self._blob(one) for one in keys)
            page = f"<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker>{following}</NextMarker></EnumerationResults>"
            return self._send(200, page.encode())
        if key not in self.held.objects:
            return self._send(404, b"", {"x-ms-error-code": "BlobNotFound"})
        if self.headers["If-Match"] != f'"0x{self.held.versions[key]}"':
            return self._send(412, b"", {"x-ms-error-code": "ConditionNotMet"})
        md5 = base64.b64encode(hashlib.md5(self.held.objects[key]).digest()).decode()
        return self._send(200, self.held.objects[key] if trouble is None else trouble, {"Content-MD5": md5})

    def _blob(self, key: str) -> str:
        tier = "Archive" if key in self.held.archived else "Hot"
        return (
            f"<Blob><Name>{escape(key)}</Name><Properties><Last-Modified>Fri, 20 Nov 2026 10:00:00 GMT</Last-Modified>"
            f"<Etag>0x{self.held.versions[key]}</Etag><Content-Length>{len(self.held.objects[key])}</Content-Length>"
            f"<AccessTier>{tier}</AccessTier></Properties></Blob>"
        )

    def _page(self, prefix: str, first: str) -> tuple[list[str], str]:
        keys = [key for key in sorted(self.held.objects) if key.startswith(prefix) and key >= first]
        return keys[:PAGE], keys[PAGE] if len(keys) > PAGE else ""

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
