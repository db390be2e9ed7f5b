"""Tests of the addresses at which Label Studio asks for suggestions: token, images, forms of all kinds, and refusals."""

from __future__ import annotations

import base64
import io
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from given import image_id
from PIL import Image as PillowImage
from serving.test_application import Bench
from tiny_model import tiny_model

from pipeline_tasks.errors import RejectedFileError
from pipeline_tasks.serving import __main__ as command
from pipeline_tasks.serving.application import ServerState, make_application
from pipeline_tasks.serving.label_studio_backend import MOST_TASKS, BackendAccess
from pipeline_tasks.serving.shown_images import ShownImages

TOKEN = "3f" * 20
RED = image_id("red")


class Helped(Bench):
    """A server that Label Studio may ask, and one image that people see."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.people = folder / "for_people"
        self.show(RED, (255, 0, 0))
        self.access: BackendAccess | None = BackendAccess(TOKEN, ShownImages(self.people, "parts"))

    def show(self, name: str, colour: tuple[int, int, int], project: str = "parts") -> None:
        folder = self.people / project / name[:2]
        folder.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        PillowImage.new("RGB", (64, 48), colour).save(buffer, "JPEG")
        (folder / f"{name}.jpg").write_bytes(buffer.getvalue())

    def call(self, path: str, token: str = TOKEN, **request: Any) -> httpx.Response:
        signed = base64.b64encode(f"anybody:{token}".encode()).decode()
        headers = {"Authorization": f"Basic {signed}"} if token else {}
        state = ServerState(self.follower, self.prediction_threads, self.metrics, self.limits, self.access)
        method = "POST" if request or path != "health" else "GET"

        async def asking(client: httpx.AsyncClient) -> httpx.Response:
            return await client.request(method, f"/label_studio/{path}", headers=headers, **request)

        found: httpx.Response = self.run(make_application(state), asking)
        return found

    def suggest(self, *addresses: Any) -> httpx.Response:
        tasks = [{"id": number, "data": {"picture": one}} for number, one in enumerate(addresses)]
        return self.call("predict", json={"tasks": tasks, "project": "1.2", "label_config": "<View/>", "params": {"context": None}})


@pytest.fixture
def helped(tmp_path: Path) -> Helped:
    return Helped(tmp_path)


def address(name: str, project: str = "parts") -> str:
    return f"/data/local-files/?d={project}/{name[:2]}/{name}.jpg"


def test_predict__suggests_annotations_in_label_studios_form_in_the_order_of_the_tasks(helped: Helped) -> None:
    digest, green = helped.serve(min_confidence=0.0), image_id("green")
    helped.show(green, (0, 255, 0), "parts-2")

    response = helped.suggest(address(RED), address(green, "parts-2"), f"http://studio:8080{address(RED)}")

    results = response.json()["results"]
    assert [one["result"][0]["value"] for one in results] == [{"choices": [name]} for name in ("bolt", "nut", "bolt")]
    assert results[0]["result"][0] | {"value": None} == {
        "from_name": "class",
        "to_name": "picture",
        "type": "choices",
        "value": None,
    }
    assert {one["model_version"] for one in results} == {digest[:12]}
    assert all(0.5 < one["score"] <= 1 for one in results)
    assert not (helped.folder / "predictions.jsonl").read_text(), "people's work is no traffic"


def test_health_and_setup__name_the_model_to_whoever_has_the_token(helped: Helped) -> None:
    assert helped.call("setup", json={"access_token": "of a person"}).status_code == 503, "no model yet"
    digest = helped.serve()

    assert helped.call("health").json() == {"status": "UP", "model_class": "Nightlens"}
    assert helped.call("setup", json={"access_token": "of a person"}).json() == {"model_version": digest[:12]}


def test_webhook__is_taken_and_not_read(helped: Helped) -> None:
    assert helped.call("webhook", token="", content=b"what somebody annotated").status_code == 204


@pytest.mark.parametrize("path", ["health", "setup", "predict"])
def test_addresses__refuse_whoever_does_not_have_the_token(helped: Helped, path: str) -> None:
    helped.serve()

    wrong = [helped.call(path, token).status_code for token in ("", "3f" * 19, "é" * 20)]
    helped.access = None
    not_set_up = helped.call(path)

    assert wrong == [401, 401, 401]
    assert (not_set_up.status_code, not_set_up.json()["detail"]["reason"]) == (503, "not_set_up")


@pytest.mark.parametrize(
    "wrong",
    [
        address(image_id("another")),
        address(RED, "more_parts"),
        address(RED).replace(RED[:2] + "/", "zz/"),
        "/data/local-files/?d=parts/../../etc/passwd",
        f"/data/local-files/?d=parts/{RED[:2]}/../{RED[:2]}/{RED}.jpg",
        f"/data/local-files/?d=/etc/{RED[:2]}/{RED}.jpg",
        f"file:///for_people/parts/{RED[:2]}/{RED}.jpg",
        f"{address(RED)}&d=parts/x.jpg",
        "s3://bucket/people/x.jpg",
        "",
        None,
        7,
    ],
)
def test_predict__reads_no_file_but_those_that_people_see(helped: Helped, wrong: Any) -> None:
    helped.serve()

    response = helped.suggest(address(RED), wrong)

    assert response.status_code == 422
    assert "Task 2" in response.json()["detail"]["why"]


def test_predict__follows_no_link_out_of_the_folder(helped: Helped, tmp_path: Path) -> None:
    helped.serve()
    secret = tmp_path / "secret.jpg"
    secret.write_bytes((helped.people / "parts" / RED[:2] / f"{RED}.jpg").read_bytes())
    name = image_id("link")
    (helped.people / "parts" / name[:2]).mkdir(exist_ok=True)
    os.symlink(secret, helped.people / "parts" / name[:2] / f"{name}.jpg")

    assert helped.suggest(address(name)).status_code == 422


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"tasks": {}}', b'{"tasks": []}', b'{"tasks": [1]}', b"\xff", b"[" * 100_000, b'{"tasks": [{}]}']
)
def test_predict__refuses_what_is_no_list_of_tasks(helped: Helped, body: bytes) -> None:
    helped.serve()

    assert helped.call("predict", content=body).status_code == 422


def test_predict__refuses_too_many_tasks_too_large_bodies_and_images_that_cannot_be_read(helped: Helped) -> None:
    helped.serve()

    assert helped.suggest(*[address(RED)] * (MOST_TASKS + 1)).status_code == 422
    assert helped.call("predict", content=b" " * 9_000_000).status_code == 413
    helped.decoder.error = RejectedFileError("corrupt", "The file is damaged.")
    assert helped.suggest(address(RED)).json()["detail"] == {"reason": "corrupt", "why": "The file is damaged."}


def test_predict__suggests_nothing_where_the_champion_is_unsure(helped: Helped) -> None:
    helped.serve(tiny_model(channels=(2, 2)), min_confidence=0.9)

    (found,) = helped.suggest(address(RED)).json()["results"]

    assert (found["result"], found["score"]) == ([], None)


def test_serving__takes_the_token_from_a_variable_or_a_file_and_refuses_a_short_one(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    from_file = command._backend(tmp_path, "parts", {f"{command.TOKEN}_FILE": str(tmp_path / "token")})

    assert from_file is not None
    assert from_file.token == TOKEN
    assert command._backend(tmp_path, "parts", {}) is None
    assert command._backend(None, "parts", {command.TOKEN: TOKEN}) is None
    for wrong in ({command.TOKEN: "short"}, {f"{command.TOKEN}_FILE": str(tmp_path / "none")}):
        with pytest.raises(SystemExit, match=command.TOKEN):
            command._backend(tmp_path, "parts", wrong)
