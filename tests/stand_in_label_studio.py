"""A stand-in for Label Studio 1.23.2 that supports the requests Nightlens makes, and fails on demand."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx

from pipeline_tasks.clients.label_studio import LabelStudio

Response = httpx.Response
SERVICE = 99
"""The account whose token asks."""
NOT_FOUND = httpx.Response(404, json={"detail": "No such thing."})


class StandInLabelStudio:
    """Holds projects, tasks, answers, views and storages in memory; `requests` remembers what was asked."""

    def __init__(self) -> None:
        self.projects: dict[int, dict[str, Any]] = {}
        self.tasks: dict[int, dict[str, Any]] = {}
        self.views: dict[int, dict[str, Any]] = {}
        self.storages: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.faults: dict[str, Callable[[httpx.Request], httpx.Response]] = {}
        """`METHOD path` → answers in its place, once."""
        self.now = datetime(2026, 11, 21, 22, 0, tzinfo=timezone.utc)
        self.slept_s = 0.0
        self._last_id = 0

    def client(self, token: str | None = "a" * 40) -> LabelStudio:
        return LabelStudio("http://label-studio", token, transport=httpx.MockTransport(self.handle), sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds

    def annotate(
        self,
        task_id: int,
        class_names: list[str],
        *,
        person: int | None = 1,
        is_skipped: bool = False,
        is_starred: bool = False,
        control: str = "class",
    ) -> int:
        choices = {"from_name": control, "to_name": "picture", "type": "choices", "value": {"choices": class_names}}
        result = [choices] if class_names else []
        return self.submit(task_id, result, person=person, is_skipped=is_skipped, is_starred=is_starred)

    def submit(
        self,
        task_id: int,
        result: list[dict[str, Any]],
        *,
        person: int | None = 1,
        is_skipped: bool = False,
        is_starred: bool = False,
    ) -> int:
        annotation = {
            "id": self._next_id(),
            "result": result,
            "was_cancelled": is_skipped,
            "completed_by": person,
            "ground_truth": is_starred,
            "created_username": "Ada ada@example.com, 1",
            "lead_time": 2.0,
            "created_at": self._tick(),
            "updated_at": self._tick(),
        }
        self.tasks[task_id]["annotations"].append(annotation)
        self._touch(task_id)
        return int(annotation["id"])

    def edit(self, number: int, class_names: list[str]) -> None:
        task_id, annotation = self._find(number)
        choices = {"from_name": "class", "to_name": "picture", "type": "choices", "value": {"choices": class_names}}
        annotation |= {"result": [choices] if class_names else [], "updated_at": self._tick()}
        self._touch(task_id)

    def take_back(self, number: int, *, is_noticed: bool = True) -> None:
        task_id, annotation = self._find(number)
        self.tasks[task_id]["annotations"].remove(annotation)
        if is_noticed:
            self._touch(task_id)

    def delete_project(self, number: int) -> bool:
        """Delete a project with all that is in it."""
        self.tasks = {key: task for key, task in self.tasks.items() if task["project"] != number}
        return self.projects.pop(number, None) is not None

    def fail(self, what: str, response: httpx.Response | Exception, *, happens: bool = False) -> None:
        """Respond to the next `METHOD path` like this; with `happens`, the request is carried out anyway."""

        def fault(request: httpx.Request) -> httpx.Response:
            if happens:
                self._route(request)
            if isinstance(response, Exception):
                raise response
            return response

        self.faults[what] = fault

    def handle(self, request: httpx.Request) -> httpx.Response:
        what = f"{request.method} {request.url.path}"
        self.requests.append(what)
        if what in self.faults:
            return self.faults.pop(what)(request)
        if request.headers["Authorization"] != "Token " + "a" * 40:
            return httpx.Response(401, json={"detail": "Invalid token."})
        return self._route(request)

    def _route(self, request: httpx.Request) -> httpx.Response:
        parts = request.url.path.strip("/").split("/")[1:]
        content = json.loads(request.content) if request.content else None
        match request.method, *parts:
            case "GET", "projects":
                ids = [int(one) for one in request.url.params.get("ids", "").split(",") if one] or list(self.projects)
                found = [self._counted(key) for key in self.projects if key in ids]
                return httpx.Response(200, json={"results": found, "next": None})
            case "PATCH", "projects", number:
                self.projects[int(number)] |= content
                return self._project(int(number))
            case "GET", "projects", number, "export":
                done = [task for task in self._tasks_of(int(number)) if task["annotations"]]
                return httpx.Response(200, json=done)
            case "GET", "current-user", "whoami":
                return httpx.Response(200, json={"id": SERVICE})
            case "GET", "version":
                return httpx.Response(200, json={"release": "1.23.2"})
            case "POST", "projects":
                return self._made(self.projects, content)
            case "GET", "projects", number:
                return self._project(int(number))
            case "PATCH", "projects", number:
                if content.get("model_version", "") not in ["", *self._versions(int(number))]:
                    return httpx.Response(400, json={"model_version": ["Model version doesn't exist."]})
                self.projects[int(number)] |= content
                return self._project(int(number))
            case "DELETE", "projects", number:
                return httpx.Response(204) if self.delete_project(int(number)) else NOT_FOUND
            case "POST", "projects", number, "import":
                return self._import(int(number), content)
            case "GET", "tasks":
                return self._list(request)
            case "DELETE", "tasks", number:
                return httpx.Response(204) if self.tasks.pop(int(number), None) else NOT_FOUND
            case "GET", "tasks", number:
                task = self.tasks.get(int(number))
                return NOT_FOUND if task is None else httpx.Response(200, json=task | {"drafts": []})
            case "PATCH", "tasks", number:
                if int(number) not in self.tasks:
                    return NOT_FOUND
                self.tasks[int(number)] |= content
                self._touch(int(number))
                return httpx.Response(200, json=self.tasks[int(number)])
            case "POST", "tasks", number, "annotations":
                if int(number) not in self.tasks:
                    return NOT_FOUND
                return httpx.Response(201, json={"id": self._put(int(number), content)})
            case "PATCH", "annotations", number:
                task_id, annotation = self._find(int(number))
                if not annotation:
                    return NOT_FOUND
                annotation |= content | {"updated_at": self._tick()}
                self._touch(task_id)
                return httpx.Response(200, json=annotation)
            case "GET", "annotations", number:
                return httpx.Response(200, json={"id": int(number)}) if self._find(int(number))[0] else NOT_FOUND
            case "GET", "dm", "views":
                return httpx.Response(200, json=[{"id": key} | one for key, one in self.views.items()])
            case "POST", "dm", "views":
                return self._made(self.views, content)
            case "POST", "dm", "views", "order":
                self.views = {number: self.views[number] for number in content["ids"]}
                return httpx.Response(200)
            case "DELETE", "dm", "views", number:
                return httpx.Response(204) if self.views.pop(int(number), None) else NOT_FOUND
            case "GET", "storages", "localfiles":
                return httpx.Response(200, json=self.storages)
            case "POST", "storages", "localfiles":
                self.storages.append(content)
                return httpx.Response(201, json=content)
        raise AssertionError(f"the stand-in does not know {request.method} {request.url}")

    def _made(self, things: dict[int, dict[str, Any]], content: dict[str, Any]) -> httpx.Response:
        number = self._next_id()
        things[number] = content
        return httpx.Response(201, json={"id": number} | content)

    def _project(self, number: int) -> httpx.Response:
        return httpx.Response(200, json=self._counted(number)) if number in self.projects else NOT_FOUND

    def _counted(self, number: int) -> dict[str, Any]:
        annotations = [answer for task in self.tasks.values() if task["project"] == number for answer in task["annotations"]]
        skipped = sum(answer["was_cancelled"] for answer in annotations)
        counts = {"total_annotations_number": len(annotations) - skipped, "skipped_annotations_number": skipped}
        tasks = self._tasks_of(number)
        counts |= {"task_number": len(tasks), "finished_task_number": sum(bool(task["annotations"]) for task in tasks)}
        return {"id": number, "label_config": "<View/>"} | self.projects[number] | counts

    def _import(self, project: int, tasks: list[dict[str, Any]]) -> httpx.Response:
        for task in tasks:
            number = self._next_id()
            self.tasks[number] = {"id": number, "project": project, "data": task["data"], "annotations": []}
            self.tasks[number]["predictions"] = task.get("predictions", [])
            for annotation in task.get("annotations", []):
                self._put(number, annotation | {"import_id": annotation.get("id")})
            self._touch(number)
        return httpx.Response(201, json={"task_count": len(tasks)})

    def _put(self, task_id: int, content: dict[str, Any]) -> int:
        """Keep an annotation of the service's own account."""
        fields = {"was_cancelled": False, "ground_truth": True, "lead_time": None, "import_id": None} | content
        annotation = fields | {"id": self._next_id(), "completed_by": SERVICE, "created_at": self._tick()}
        self.tasks[task_id]["annotations"].append(annotation | {"updated_at": self._tick()})
        self._touch(task_id)
        return int(annotation["id"])

    def _versions(self, project: int) -> list[str]:
        """Versions of the predictions that a project's tasks have."""
        tasks = [task for task in self.tasks.values() if task["project"] == project]
        return [one["model_version"] for task in tasks for one in task.get("predictions", [])]

    def _list(self, request: httpx.Request) -> httpx.Response:
        project, size = int(request.url.params["project"]), int(request.url.params["page_size"])
        if project not in self.projects:
            return NOT_FOUND
        filters = json.loads(request.url.params["query"])["filters"]["items"]
        found = [task for task in self._tasks_of(project) if all(_passes(task, one) for one in filters)]
        shown = [task | _counts(task) for task in found[:size]]
        return httpx.Response(200, json={"total": len(found), "tasks": shown})

    def _tasks_of(self, project: int) -> list[dict[str, Any]]:
        return [self.tasks[number] for number in sorted(self.tasks) if self.tasks[number]["project"] == project]

    def _find(self, number: int) -> tuple[int, dict[str, Any]]:
        for task_id, task in self.tasks.items():
            for annotation in task["annotations"]:
                if annotation["id"] == number:
                    return task_id, annotation
        return 0, {}

    def _touch(self, task_id: int) -> None:
        self.tasks[task_id]["updated_at"] = self._tick()

    def _tick(self) -> str:
        self.now += timedelta(seconds=1)
        return self.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id


def _counts(task: dict[str, Any]) -> dict[str, int]:
    skipped = sum(answer["was_cancelled"] for answer in task["annotations"])
    return {"total_annotations": len(task["annotations"]) - skipped, "cancelled_annotations": skipped}


def _passes(task: dict[str, Any], one: dict[str, Any]) -> bool:
    match one["filter"].removeprefix("filter:tasks:"):
        case "data.round_id":
            return bool(task["data"].get("round_id") == one["value"])
        case "id":
            return bool(task["id"] > one["value"])
        case "updated_at":
            return bool(task["updated_at"] > one["value"])
        case "completed_at":
            return bool(task["annotations"])
    raise AssertionError(f"the stand-in does not know the filter {one['filter']}")
