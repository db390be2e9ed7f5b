"""Tests of predictions in a real Label Studio: it shows those of the champion, of every kind, once, and of no other task."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import given
import pytest
from clients.label_studio_server import RealLabelStudio
from kinds.given_objects import DRAWN, HIGH, WIDE, Drawn

from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.annotations.shown_predictions import MODEL_VERSION
from pipeline_tasks.clients.label_studio import LabelStudio
from pipeline_tasks.kinds.registry import kind_of

pytestmark = pytest.mark.services
SIZE = (WIDE, HIGH)


@pytest.fixture
def client(label_studio_server: RealLabelStudio) -> Iterator[LabelStudio]:
    with LabelStudio(label_studio_server.url, label_studio_server.token) as client:
        yield client


@pytest.mark.parametrize("drawn", DRAWN.values(), ids=DRAWN)
def test_import_tasks__shows_people_the_prediction_once_and_in_no_other_task(drawn: Drawn, client: LabelStudio) -> None:
    few = replace(drawn, classes=drawn.classes[:12]) if len(drawn.classes) > 12 else drawn
    kind = kind_of(given.a_project(**few.settings))
    objects = list(drawn.truth(3, 1 if drawn.is_one_an_image else 5))
    if few is not drawn:
        objects = [replace(objects[0], class_name=few.classes[7])]
    form, name = label_form(kind, None), f"predicted_{drawn.label_kind}_{time.time_ns() % 10**9}"
    project_id = client.find_or_create_project(name, form.xml, form.digest)
    keys = [given.image_id(f"{name} {number}") for number in range(3)]
    tasks = [{"picture": "/data/local-files/?d=x.jpg", "round_id": "r", "task_key": one, "image_id": one} for one in keys]
    predicted = {"model_version": MODEL_VERSION, "result": kind.labeling.write(objects, SIZE), "score": 0.75}
    predictions = dict.fromkeys(keys[:2], predicted)

    # A second round and a second try of the first import send the same again.
    ids = client.import_tasks(project_id, "r", tasks, predictions=predictions)
    client.show_predictions(project_id, MODEL_VERSION)
    assert client.import_tasks(project_id, "r", tasks, predictions=predictions) == ids
    client.show_predictions(project_id, MODEL_VERSION)

    shown = [client._connection.get(f"api/tasks/{ids[key]}")["predictions"] for key in keys]
    assert [len(one) for one in shown] == [1, 1, 0]
    assert kind.labeling.read(shown[0][0]["result"]) == kind.labeling.read(predicted["result"])
    assert (shown[0][0]["score"], shown[0][0]["model_version"]) == (0.75, MODEL_VERSION)
