"""Tests of a real Label Studio that asks the prediction server for suggestions."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import given
import pytest
from clients.label_studio_server import RealLabelStudio
from serving.given_server import ServerProcess, promote
from tiny_model import an_image, tiny_model

from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.clients.annotator_files import AnnotatorFiles
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.serving.__main__ import TOKEN
from pipeline_tasks.storage.objects.disk_objects import DiskObjects

pytestmark = pytest.mark.services
SECRET = "5e" * 20


def test_label_studio__connects_with_the_token_and_retrieves_suggestions(
    label_studio_server: RealLabelStudio, tmp_path: Path
) -> None:
    digest = promote(DiskObjects(tmp_path / "root"), tiny_model(), min_confidence=0.0)
    files = AnnotatorFiles(label_studio_server.document_root, f"parts-{time.time_ns() % 10**9}")
    names = {given.image_id(f"{files.folder} {colour}"): colour for colour in ((255, 0, 0), (0, 255, 0))}
    for name, colour in names.items():
        files.put(name, an_image(colour, file_format="JPEG"))
    form = label_form(kind_of(given.a_project()), None)

    with (
        LabelStudio(label_studio_server.url, label_studio_server.token) as client,
        ServerProcess(tmp_path, environment={TOKEN: SECRET}, people=label_studio_server.document_root) as server,
    ):
        server.wait_for(digest)
        ask = client._connection
        project_id = client.find_or_create_project(files.folder.name, form.xml, form.digest)
        tasks = [{"picture": files.address(one), "round_id": "r", "task_key": one, "image_id": one} for one in names]
        ids = client.import_tasks(project_id, "r", tasks)
        wanted: dict[str, Any] = {"project": project_id, "title": "Champion", "auth_method": "BASIC_AUTH", "basic_auth_user": "x"}
        wanted |= {"url": f"{server.url}/label_studio"}

        with pytest.raises(Exception, match="400"):
            ask.post("api/ml", wanted | {"basic_auth_pass": "wrong" * 8})
        backend = ask.post("api/ml", wanted | {"basic_auth_pass": SECRET})
        chosen = {"all": False, "included": list(ids.values())}
        ask.post(f"api/dm/actions?id=retrieve_tasks_predictions&project={project_id}", {"selectedItems": chosen})
        found = {one: ask.get(f"api/tasks/{number}")["predictions"] for one, number in ids.items()}

    assert (backend["state"], backend["model_version"]) == ("CO", digest[:12])
    said = {names[one]: prediction["result"][0]["value"]["choices"] for one, (prediction,) in found.items()}
    assert said == {(255, 0, 0): ["bolt"], (0, 255, 0): ["nut"]}
    assert {prediction["model_version"] for (prediction,) in found.values()} == {digest[:12]}
