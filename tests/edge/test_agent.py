"""Tests of the edge agent as a process, with a receiver as a process."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from edge.given_edge import REPOSITORY, a_config, a_receiver, an_image, environment, run_agent, start_agent
from tiny_model import tiny_model


def test_agent__sends_each_image_of_its_folder_once(tmp_path: Path) -> None:
    with a_receiver(tmp_path) as receiver:
        config = a_config(tmp_path, receiver.port)
        for number in range(4):
            (tmp_path / "in" / f"{number}.jpg").write_bytes(an_image(number))
        first = run_agent(config, "--once")
        again = run_agent(config, "--once")
        images = receiver.images()
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in images} == {path.stem for path in images}
    assert len(images) == 4
    assert (first["seen"], first["kept_new"], first["sent"], first["waiting"]) == (4, 4, 4, 0)
    assert (again["seen"], again["sent"]) == (4, 4)
    note = json.loads(images[0].with_suffix(".json").read_bytes())
    assert (note["device"], note["kept_because"], note["image_id"]) == ("gate-1", "new", images[0].stem)


WITHIN_S = 120

BLOCKED = """
import importlib.abc, sys
ALLOWED = {"numpy", "cv2", "onnxruntime", "pipeline_tasks"}
class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in ALLOWED and top not in sys.stdlib_module_names and not top.startswith("_"):
            raise ModuleNotFoundError(f"{name} is not in requirements-edge.txt", name=name)
sys.meta_path.insert(0, Blocker())
from pipeline_tasks.__main__ import main
status = main(["edge", *sys.argv[1:]])
print(*sorted({module.partition(".")[0] for module in sys.modules}), file=sys.stderr)
sys.exit(status)
"""


@pytest.mark.parametrize("has_model", [False, True])
def test_agent__runs_with_numpy_opencv_and_onnxruntime_alone(tmp_path: Path, has_model: bool) -> None:
    (tmp_path / "model.onnx").write_bytes(tiny_model())
    asked = '[asked_for]\nmodel = "model.onnx"\n[[asked_for.classes]]\nname = "bolt"\nmin_score = 0.0\n'
    with a_receiver(tmp_path) as receiver:
        config = a_config(tmp_path, receiver.port, more=asked if has_model else "")
        for number in range(2):
            (tmp_path / "in" / f"{number}.jpg").write_bytes(an_image(number))
        command = [sys.executable, "-c", BLOCKED, str(config), "--once"]
        done = subprocess.run(command, cwd=REPOSITORY, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["sent"], told.get("kept_asked_for", 0)) == (2, 1 if has_model else 0)
    assert {"PIL", "pydantic", "torch", "yaml", "httpx"} & set(done.stderr.split()) == set()


def test_killed_agent__does_not_keep_a_copy_of_what_it_kept_last(tmp_path: Path) -> None:
    content = an_image(1, (640, 480))
    copy = cv2.imencode(".jpg", cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR))[1].tobytes()
    with a_receiver(tmp_path) as receiver:
        config = a_config(tmp_path, receiver.port)
        config.write_text(config.read_text().replace("min_distance = 0.0", "min_distance = 0.1"))
        (tmp_path / "in" / "1.jpg").write_bytes(content)
        agent = start_agent(config)
        until = time.monotonic() + WITHIN_S
        while not any(path.stat().st_size for path in tmp_path.rglob("kept-*.added")):
            assert agent.poll() is None
            assert time.monotonic() < until, "nothing is written down of what was kept"
            time.sleep(0.02)
        agent.kill()
        agent.wait()
        (tmp_path / "in" / "2.jpg").write_bytes(copy)
        told = run_agent(config, "--once")

    assert told["kept_new"] == 1
    # Its first image may be looked at again: it was killed before or after it had noted that as done.
    assert told["not_kept_too_alike"] in (1, 2)
