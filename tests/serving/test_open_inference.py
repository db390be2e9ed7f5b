from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest
from serving.test_application import Bench, bench
from tiny_model import an_image

__all__ = ["bench"]


def _tensor(*images: bytes, **fields: Any) -> dict[str, Any]:
    data = [base64.b64encode(image).decode() for image in images]
    return {"inputs": [{"name": "image", "datatype": "BYTES", "shape": [len(images)], "data": data} | fields]}


def _infer(bench: Bench, name: str = "parts", **request: Any) -> httpx.Response:
    response: httpx.Response = bench.ask(lambda client: client.post(f"/v2/models/{name}/infer", **request))
    return response


def _raw(*images: bytes) -> dict[str, Any]:
    """A request with raw data behind its JSON."""
    content = b"".join(len(image).to_bytes(4, "little") + image for image in images)
    tensor = {"name": "image", "datatype": "BYTES", "shape": [len(images)], "parameters": {"binary_data_size": len(content)}}
    header = json.dumps({"inputs": [tensor]}).encode()
    return {"content": header + content, "headers": {"Inference-Header-Content-Length": str(len(header))}}


def test_infer__predicts_images_in_base64_as_predict_does(bench: Bench) -> None:
    digest = bench.serve()
    alone = bench.predict(an_image((0, 255, 0))).json()

    response = _infer(bench, json=_tensor(an_image((0, 255, 0)), an_image((255, 0, 0))) | {"id": "mine"}).json()

    (output,) = response["outputs"]
    predictions = [json.loads(one) for one in output["data"]]
    assert (response["model_name"], response["model_version"], response["id"]) == ("parts", digest, "mine")
    assert (output["name"], output["datatype"], output["shape"]) == ("prediction", "BYTES", [2])
    assert predictions[0] | {"prediction_id": ""} == alone | {"prediction_id": ""}
    assert [one["class_name"] for one in predictions] == ["nut", "bolt"]
    assert len(bench.logged()) == 3


def test_infer__takes_raw_images_behind_the_json(bench: Bench) -> None:
    bench.serve()

    output = _infer(bench, **_raw(an_image((0, 255, 0)), an_image((255, 0, 0)))).json()["outputs"][0]

    assert [json.loads(one)["class_name"] for one in output["data"]] == ["nut", "bolt"]


def test_infer__names_the_image_that_cannot_be_used(bench: Bench) -> None:
    bench.serve()

    refused = _infer(bench, json=_tensor(an_image(), b"hello"))

    assert refused.status_code == 422
    assert refused.json()["error"].startswith("not_an_image: image 2 of 2: ")


@pytest.mark.parametrize(
    ("request_parts", "why"),
    [
        ({"content": b"no json"}, "Wanted a JSON object"),
        ({"content": b"[" * 100_000}, "Wanted a JSON object"),
        ({"json": []}, "Wanted a JSON object"),
        ({"json": {}}, "wanted one tensor"),
        ({"json": _tensor()}, "Wanted 1 to 32 images, found 0"),
        ({"json": _tensor(*[b"x"] * 33)}, "Wanted 1 to 32 images, found 33"),
        ({"json": _tensor(b"x", shape=[2])}, "shape: wanted [1]"),
        ({"json": _tensor(b"x", shape=None)}, "shape: wanted [1]"),
        ({"json": _tensor(b"x", datatype="FP32")}, "datatype 'BYTES'"),
        ({"json": _tensor(b"x", name="x")}, "wanted name 'image'"),
        ({"json": _tensor(b"x", parameters=[1])}, "datatype 'BYTES'"),
        ({"json": _tensor(b"x", data=["ä"])}, "element 1: wanted an image in base64"),
        ({"json": _tensor(b"x", data=[7])}, "element 1: wanted an image in base64"),
        ({"json": _tensor(b"x", data="text")}, "found 0"),
        ({"json": _tensor(b"x", parameters={"binary_data_size": "many"})}, "binary_data_size: wanted 0"),
        ({**_raw(b"x"), "headers": {"Inference-Header-Content-Length": "9" * 30}}, "wanted at most"),
        ({**_raw(b"x"), "headers": {"Inference-Header-Content-Length": "-1"}}, "wanted at most"),
    ],
)
def test_infer__refuses_another_request_with_the_reason(bench: Bench, request_parts: dict[str, Any], why: str) -> None:
    bench.serve()

    refused = _infer(bench, **request_parts)

    assert refused.status_code == 400
    assert why in refused.json()["error"]


def test_infer__refuses_raw_data_whose_elements_do_not_fit(bench: Bench) -> None:
    bench.serve()
    request = _raw(b"abcdef")
    request["content"] = request["content"][:-10] + b"\xff\xff\xff\x7f" + b"abcdef"

    refused = _infer(bench, **request)

    assert (refused.status_code, "behind the end" in refused.text) == (400, True)


def test_models__have_the_name_of_the_project(bench: Bench) -> None:
    digest = bench.serve()

    model = bench.ask(lambda client: client.get("/v2/models/parts")).json()
    other = bench.ask(lambda client: client.get("/v2/models/other"))

    assert (model["name"], model["versions"]) == ("parts", [digest])
    assert [(one["name"], one["datatype"], one["shape"]) for one in model["inputs"]] == [("image", "BYTES", [-1])]
    assert (other.status_code, other.json()["error"]) == (404, "no_such_model: Wanted the model 'parts', found 'other'.")
    assert _infer(bench, "other", json=_tensor(an_image())).status_code == 404


def test_health__is_ready_with_a_model_and_until_the_shutdown(bench: Bench) -> None:
    async def look(client: httpx.AsyncClient) -> list[int]:
        paths = ("/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/parts/ready")
        return [(await client.get(path)).status_code for path in paths]

    async def drain(client: httpx.AsyncClient) -> int:
        bench.state.is_draining = True
        return (await client.get("/v2/health/ready")).status_code

    assert bench.ask(look) == [200, 200, 503, 503]
    bench.serve()
    assert bench.ask(look) == [200] * 4
    assert bench.ask(drain) == 503
