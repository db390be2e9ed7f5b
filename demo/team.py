"""Simulated annotators at work: they look for open tasks in Label Studio and submit annotations with their own tokens."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from demo.answers import Answer
from demo.errors import DemoError
from demo.people import Person, person_for, seconds_spent
from demo.truth import Truth

LOOK_EVERY_S = 2.0
PATIENCE_S = 90.0
"""Seconds without a response from Label Studio after which the team gives up."""
_PAGE_TASKS = 500


class Team:
    """Annotators who work in the background until `go_home`."""

    def __init__(self, url: str, tokens: Mapping[str, str], people: Sequence[Person], outside_name: str, answer: Answer) -> None:
        """Work in the Label Studio project of this outside name; `answer` gives each person's answers."""
        self._answer = answer
        self._people = tuple(people)
        self._desks = {person.name: _Desk(url, tokens[person.name]) for person in people}
        self._outside_name = outside_name
        self._truth: Truth | None = None
        self._copies: dict[tuple[int, str], list[int]] = defaultdict(list)
        self._is_over = threading.Event()
        self._trouble: str | None = None
        self._thread = threading.Thread(target=self._work, name="annotators", daemon=True)
        self.annotated = 0

    def learn(self, truth: Truth) -> None:
        """Replace the known truth; the first call starts the work."""
        is_first = self._truth is None
        self._truth = truth
        if is_first:
            self._thread.start()

    def go_home(self) -> None:
        """Stop after the annotations in progress."""
        self._is_over.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)
        for desk in self._desks.values():
            desk.close()

    def check(self) -> None:
        """Raises:
        DemoError: the team gave up.
        """
        if self._trouble:
            raise DemoError(f"the simulated annotators gave up: {self._trouble}")

    def _work(self) -> None:
        last_fine = time.monotonic()
        while not self._is_over.wait(LOOK_EVERY_S):
            try:
                self._look_once()
                last_fine = time.monotonic()
            except (httpx.HTTPError, DemoError) as error:
                if time.monotonic() - last_fine > PATIENCE_S:
                    self._trouble = f"{type(error).__name__}: {error}"
                    return

    def _look_once(self) -> None:
        """Find the open tasks, and let each person annotate their share in parallel."""
        first_desk = self._desks[self._people[0].name]
        for project_id in first_desk.projects_of(self._outside_name):
            open_tasks = self._open_tasks(first_desk, project_id)
            shares: dict[str, list[tuple[Person, dict[str, Any]]]] = defaultdict(list)
            for person, task in open_tasks:
                shares[person.name].append((person, task))
            workers = [threading.Thread(target=self._annotate_all, args=(share,), daemon=True) for share in shares.values()]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()

    def _open_tasks(self, desk: _Desk, project_id: int) -> list[tuple[Person, dict[str, Any]]]:
        """Tasks without annotations, each with its person; over all rounds an image goes to one after another."""
        found = []
        for task in desk.tasks_after(project_id, 0) if desk.has_open_tasks(project_id) else ():
            image_id = str(task["data"].get("image_id"))
            copies = self._copies[project_id, image_id]
            if task["id"] not in copies:
                copies.append(task["id"])
            if not task["total_annotations"] and not task["cancelled_annotations"]:
                found.append((person_for(self._people, image_id, copies.index(task["id"])), task))
        return found

    def _annotate_all(self, share: Sequence[tuple[Person, dict[str, Any]]]) -> None:
        for person, task in share:
            if self._is_over.is_set():
                return
            try:
                self._annotate(person, task)
            except httpx.HTTPError:
                return  # The task stays open, and the next poll finds it again.

    def _annotate(self, person: Person, task: dict[str, Any]) -> None:
        assert self._truth is not None
        image_id = str(task["data"]["image_id"])
        shown = self._truth.images.get(image_id)
        if shown is None:
            self._trouble = f"image {image_id} is in Label Studio, but the demo drew or copied no file with these bytes"
            self._is_over.set()
            return
        answer = self._answer(person, image_id, shown, self._truth.classes)
        self._desks[person.name].submit(task["id"], answer, seconds_spent(person, image_id))
        self.annotated += 1


class _Desk:
    """One person's session in Label Studio."""

    def __init__(self, url: str, token: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=60, trust_env=False, headers={"Authorization": f"Token {token}"})

    def close(self) -> None:
        """Close the connection to Label Studio."""
        self._client.close()

    def projects_of(self, outside_name: str) -> list[int]:
        """The Label Studio projects that Nightlens made under this name."""
        listed = self._get("/api/projects", page_size=1000)["results"]
        return [project["id"] for project in listed if f"nightlens:{outside_name}:" in (project.get("description") or "")]

    def has_open_tasks(self, project_id: int) -> bool:
        """Return True if any task is open; one light call."""
        return bool(self._page(project_id, 0, is_open=True, page_size=1)["total"])

    def tasks_after(self, project_id: int, task_id: int) -> list[dict[str, Any]]:
        """All tasks after an id, in order."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._page(project_id, found[-1]["id"] if found else task_id, is_open=False, page_size=_PAGE_TASKS)
            found += page["tasks"]
            if len(page["tasks"]) >= page["total"] or not page["tasks"]:
                return found

    def submit(self, task_id: int, result: list[dict[str, Any]], lead_time_s: float) -> None:
        """Submit an annotation, as the page's Submit button does."""
        response = self._client.post(f"/api/tasks/{task_id}/annotations/", json={"result": result, "lead_time": lead_time_s})
        response.raise_for_status()

    def _page(self, project_id: int, behind: int, *, is_open: bool, page_size: int) -> dict[str, Any]:
        items: list[dict[str, Any]] = [{"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": behind}]
        if is_open:
            items.append({"filter": "filter:tasks:completed_at", "operator": "empty", "type": "Datetime", "value": True})
        query = json.dumps({"filters": {"conjunction": "and", "items": items}, "ordering": ["tasks:id"]})
        include = "id,data,total_annotations,cancelled_annotations"
        return self._get("/api/tasks", project=project_id, query=query, page_size=page_size, include=include, fields="task_only")

    def _get(self, path: str, **parameters: Any) -> dict[str, Any]:
        response = self._client.get(path, params=parameters)
        response.raise_for_status()
        content: dict[str, Any] = response.json()
        return content
