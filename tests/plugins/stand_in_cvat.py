"""A stand-in for CVAT: as much of its API as the operators use, with responses true to the schema that its SDK checks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

WHEN = "2026-11-21T22:00:00.000000Z"
PAGE = 10


class StandInCvat:
    """Tasks with images from addresses, cut into jobs, and their annotations."""

    def __init__(self) -> None:
        self.tasks: dict[int, dict[str, Any]] = {}
        self.jobs: dict[int, dict[str, Any]] = {}
        self.annotations: dict[int, dict[str, Any]] = {}
        self.images: dict[int, list[str]] = {}
        self.labels: dict[int, list[dict[str, Any]]] = {}
        self.loses: list[str] = []
        """Requests whose response is lost, as `POST /api/tasks`; each once."""
        self.about = {"name": "CVAT", "description": "", "version": "2.80.0", "logo_url": "", "subtitle": ""}
        self.fails: dict[str, int] = {}
        """Request → status with which it is refused, until it is taken out."""
        self.token = "a token"
        self.requests: list[str] = []

    def complete(self, job_id: int, at: str, **annotations: Any) -> None:
        """Somebody annotates a job and completes it."""
        self.annotations[job_id] |= annotations
        self.jobs[job_id] |= {"state": "completed", "updated_date": at}

    def respond(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> tuple[int, Any]:
        """Status and JSON of one request."""
        words = path.strip("/").split("/")[1:]
        match method, words:
            case "GET", ["server", "about"]:
                return 200, self.about
            case "GET", ["tasks"]:
                return 200, page([one for one in self.tasks.values() if one["name"] == query["name"][0]], query)
            case "POST", ["tasks"]:
                return 201, self._make(body)
            case "GET", ["tasks", number]:
                return 200, self.tasks[int(number)]
            case "DELETE", ["tasks", number]:
                del self.tasks[int(number)]
                return 204, None
            case "POST", ["tasks", number, "data"]:
                self._fill(int(number), body["remote_files"])
                return 202, {"rq_id": f"create-{number}"}
            case "GET", ["requests", number]:
                return 200, finished(number)
            case "GET", ["tasks", number, "data", "meta"]:
                return 200, self._meta(int(number))
            case "GET", ["labels"]:
                return 200, page(self.labels[int(query["task_id"][0])], query)
            case "GET", ["jobs"]:
                return 200, page([one for one in self.jobs.values() if one["task_id"] == int(query["task_id"][0])], query)
            case "GET", ["jobs", number]:
                return 200, self.jobs[int(number)]
            case "GET", ["jobs", number, "annotations"]:
                return 200, self.annotations[int(number)]
            case "PUT", ["jobs", number, "annotations"]:
                self.annotations[int(number)] = body
                return 200, body
        return 404, {"detail": f"{method} {path}"}

    def _make(self, body: dict[str, Any]) -> dict[str, Any]:
        number = len(self.tasks) + 1
        links = {
            "jobs": {"count": 0, "completed": 0, "validation": 0, "url": "http://cvat/api/jobs"},
            "labels": {"url": "http://cvat"},
        }
        about = {"url": f"http://cvat/api/tasks/{number}", "id": number, "name": body["name"], "size": 0, "organization": None}
        dates = {"created_date": WHEN, "updated_date": WHEN, "status": "annotation", "segment_size": body.get("segment_size", 0)}
        self.tasks[number] = links | about | dates
        self.labels[number] = [one | {"id": number * 100 + place} for place, one in enumerate(body["labels"])]
        for label in self.labels[number]:
            label["sublabels"] = [one | {"id": label["id"] * 10 + place} for place, one in enumerate(label.get("sublabels", []))]
        return self.tasks[number]

    def _fill(self, number: int, images: list[str]) -> None:
        task, links = self.tasks[number], {"issues": {"url": "", "count": 0}, "labels": {"url": "http://cvat"}}
        self.images[number] = images
        task["size"] = len(images)
        for start in range(0, len(images), task["segment_size"]):
            job_id = number * 10 + start // task["segment_size"]
            frames = {"start_frame": start, "stop_frame": min(start + task["segment_size"], len(images)) - 1}
            about = {"url": "", "id": job_id, "task_id": number, "state": "new", "stage": "annotation", "type": "annotation"}
            self.jobs[job_id] = links | about | frames | {"created_date": WHEN, "updated_date": WHEN}
            self.annotations[job_id] = {"version": 0, "tags": [], "shapes": [], "tracks": []}

    def _meta(self, number: int) -> dict[str, Any]:
        frames = [{"name": one, "width": 640, "height": 480, "related_files": 0} for one in self.images[number]]
        return {"frames": frames, "deleted_frames": [], "size": len(frames), "chunks_updated_date": WHEN}


def page(results: list[Any], query: dict[str, list[str]]) -> dict[str, Any]:
    """The page of a list that is asked for; one has ten entries, as CVAT's have by default."""
    number = int(query.get("page", ["1"])[0])
    shown, rest = results[PAGE * (number - 1) : PAGE * number], len(results) > PAGE * number
    following = f"http://cvat/?page={number + 1}" if rest else None
    return {"count": len(results), "next": following, "previous": None, "results": shown}


def finished(number: str) -> dict[str, Any]:
    operation = {"type": "create:task", "target": "task", "task_id": 1, "job_id": None, "project_id": None, "format": None}
    return {"id": number, "status": "finished", "operation": operation, "created_date": WHEN, "message": ""}


@contextmanager
def served(cvat: StandInCvat) -> Iterator[str]:
    """Serve the stand-in on a free port; the address."""

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            url = urlparse(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            said = f"{self.command} {url.path.rstrip('/')}"
            cvat.requests.append(said)
            if self.headers.get("Authorization") != f"Bearer {cvat.token}":
                status, content = 401, {"detail": "Invalid token."}
            elif said in cvat.fails:
                status, content = cvat.fails[said], {"detail": "refused"}
            else:
                status, content = cvat.respond(self.command, url.path, parse_qs(url.query), body)
            if said in cvat.loses:
                cvat.loses.remove(said)
                status, content = 504, {"detail": "lost"}
            sent = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/vnd.cvat+json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PUT = do_DELETE = handle_one

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
