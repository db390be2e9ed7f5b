"""Tests of the client when Label Studio does not respond, refuses, forgets or responds late."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from stand_in_label_studio import StandInLabelStudio

from pipeline_tasks.clients import label_studio
from pipeline_tasks.clients.label_studio_errors import refusal
from pipeline_tasks.errors import ServiceRefusedError, ServiceUnavailableError, SettingsError

TASKS = [{"task_key": f"key{number}", "round_id": "parts-1", "image_id": str(number)} for number in range(5)]


@pytest.fixture
def server() -> StandInLabelStudio:
    return StandInLabelStudio()


def a_project(server: StandInLabelStudio) -> int:
    return server.client().find_or_create_project("parts", "<View/>", "d" * 64)


def test_find_or_create_project__makes_one_and_finds_it_after_people_renamed_it(server: StandInLabelStudio) -> None:
    made = a_project(server)
    server.projects[made]["title"] = "Our parts"

    assert a_project(server) == made
    assert server.client().find_or_create_project("parts", "<View/>", "e" * 64) != made
    assert server.client().find_or_create_project("parts-2", "<View/>", "d" * 64) != made


def test_find_or_create_project__keeps_the_first_of_two_made_at_once(server: StandInLabelStudio) -> None:
    other = a_project(server)
    server.fail("GET /api/projects", httpx.Response(200, json={"results": [], "next": None}))

    assert a_project(server) == other
    assert list(server.projects) == [other]


def test_find_or_create_project__cuts_a_long_name_to_a_title_that_label_studio_takes(server: StandInLabelStudio) -> None:
    made = server.client().find_or_create_project("p" * 41 + "-12", "<View/>", "d" * 64)

    assert len(server.projects[made]["title"]) == 50
    assert server.projects[made]["title"].endswith(" · dddddddd")


def test_find_or_create_project__looks_through_all_pages(server: StandInLabelStudio) -> None:
    made = a_project(server)
    server.fail("GET /api/projects", httpx.Response(200, json={"results": [{"id": 7, "description": None}], "next": "…?page=2"}))

    assert a_project(server) == made


def test_find_or_create_view__keeps_the_first_of_two_made_at_once(server: StandInLabelStudio) -> None:
    project = a_project(server)
    view = server.client().find_or_create_view(project, "parts-1")
    server.fail("GET /api/dm/views", httpx.Response(200, json=[]))

    assert server.client().find_or_create_view(project, "parts-1") == view
    assert list(server.views) == [view]
    assert server.client().round_url(project, view) == f"http://label-studio/projects/{project}/data?tab={view}"


def test_connect_local_files__registers_a_folder_once(server: StandInLabelStudio) -> None:
    project = a_project(server)
    for _ in range(2):
        server.client().connect_local_files(project, Path("/home/for_people/parts"))

    assert [storage["path"] for storage in server.storages] == ["/home/for_people/parts"]


def test_import_tasks__imports_only_what_is_missing(server: StandInLabelStudio) -> None:
    project = a_project(server)
    first = server.client().import_tasks(project, "parts-1", TASKS[:3])
    both = server.client().import_tasks(project, "parts-1", TASKS)

    assert len(server.tasks) == 5
    assert {key: both[key] for key in first} == first


@pytest.mark.parametrize("fault", [httpx.Response(504, text="<html>"), httpx.ReadTimeout("late"), httpx.RemoteProtocolError("cut")])
def test_import_tasks__does_not_repeat_an_import_whose_response_was_lost(server: StandInLabelStudio, fault: Any) -> None:
    project = a_project(server)
    server.fail(f"POST /api/projects/{project}/import", fault, happens=True)

    assert len(server.client().import_tasks(project, "parts-1", TASKS)) == 5
    assert len(server.tasks) == 5
    assert server.requests.count(f"POST /api/projects/{project}/import") == 1


def test_import_tasks__sends_nothing_again_in_the_same_try_when_an_import_was_lost(server: StandInLabelStudio) -> None:
    project = a_project(server)
    server.fail(f"POST /api/projects/{project}/import", httpx.Response(500))

    with pytest.raises(ServiceUnavailableError, match=r"shows 0 of 5 tasks .* trying again imports only what is missing"):
        server.client().import_tasks(project, "parts-1", TASKS)
    assert server.slept_s == 30
    assert server.requests.count(f"POST /api/projects/{project}/import") == 1
    assert len(server.client().import_tasks(project, "parts-1", TASKS)) == 5


def test_import_tasks__sends_many_in_pages(server: StandInLabelStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_studio, "_PAGE_TASKS", 2)
    project = a_project(server)

    assert len(server.client().import_tasks(project, "parts-1", TASKS)) == 5
    assert server.requests.count(f"POST /api/projects/{project}/import") == 3
    assert [task["data"]["task_key"] for task in server.client().changed_since(project, None)] == [f"key{n}" for n in range(5)]


def test_import_tasks__keeps_the_annotated_copy_else_the_oldest_of_two_imports_at_once(server: StandInLabelStudio) -> None:
    project = a_project(server)
    server.client().import_tasks(project, "parts-1", TASKS[:2])
    server._import(project, [{"data": task} for task in TASKS[:2]])
    first, second, third, fourth = sorted(server.tasks)
    server.annotate(third, ["bolt"])

    assert server.client().import_tasks(project, "parts-1", TASKS[:2]) == {"key0": third, "key1": second}
    assert sorted(server.tasks) == [second, third]
    assert first not in server.tasks
    assert fourth not in server.tasks


def test_count_answered_tasks__counts_answers_and_skips_of_one_round(server: StandInLabelStudio) -> None:
    project = a_project(server)
    ids = list(server.client().import_tasks(project, "parts-1", TASKS).values())
    server.client().import_tasks(project, "parts-2", [{"task_key": "other", "round_id": "parts-2"}])
    server.annotate(ids[0], ["bolt"])
    server.annotate(ids[1], [], is_skipped=True)
    server.annotate(max(server.tasks), ["nut"])

    assert server.client().count_annotated_tasks(project, "parts-1") == 2
    assert server.client().count_annotations(project) == 3


def test_count_tasks_and_has_answer__say_what_people_deleted(server: StandInLabelStudio) -> None:
    project = a_project(server)
    ids = list(server.client().import_tasks(project, "parts-1", TASKS).values())
    number = server.annotate(ids[0], ["bolt"])

    assert server.client().count_tasks(project) == 5
    assert server.client().has_annotation(number)
    server.take_back(number)
    del server.projects[project]
    assert not server.client().has_annotation(number)
    assert server.client().count_tasks(project) is None


@pytest.mark.parametrize("fault", [httpx.Response(500), httpx.Response(503), httpx.Response(429), httpx.ConnectError("refused")])
def test_client__raises_an_error_to_retry_when_label_studio_does_not_respond(server: StandInLabelStudio, fault: Any) -> None:
    server.fail("GET /api/projects/1", fault)

    with pytest.raises(ServiceUnavailableError, match="http://label-studio"):
        server.client().count_annotations(1)


def test_client__asks_for_a_valid_token_without_showing_the_wrong_one(server: StandInLabelStudio) -> None:
    with pytest.raises(ServiceRefusedError, match="status 401: Invalid token") as refusal:
        server.client("b" * 40).count_annotations(1)

    assert "put a valid API token into the connection" in str(refusal.value)
    assert "bbbb" not in repr(refusal.value)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(400, json={"validation_errors": {"title": ["too long"]}}), "too long"),
        (httpx.Response(400, text="<html>"), "Bad Request"),
        (httpx.Response(400, json=["no"]), "Bad Request"),
        (httpx.Response(200, text="<html>", headers={"content-type": "text/html"}), "is the address right"),
        (httpx.Response(404, json={"detail": "No Project"}), "No Project"),
    ],
)
def test_client__names_what_label_studio_refuses(server: StandInLabelStudio, answer: httpx.Response, said: str) -> None:
    server.fail("GET /api/projects/1", answer)

    with pytest.raises(ServiceRefusedError, match=said):
        server.client().count_annotations(1)


def test_client__needs_a_token(server: StandInLabelStudio) -> None:
    with pytest.raises(SettingsError, match="wanted an API token for http://label-studio"):
        server.client(None)


def test_refusal__of_an_address_that_label_studio_may_not_call_names_its_protection_and_not_the_token() -> None:
    said = str(refusal("http://ls", "a" * 40, 403, "a webhook", "URL resolves to a reserved network address (block: 127.0.0.0/8)"))

    assert "SSRF_PROTECTION_ENABLED=false" in said
    assert "token" not in said
