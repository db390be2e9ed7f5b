"""Tests of the agent's requirements."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from edge.given_edge import REPOSITORY, a_config, a_receiver, an_image, environment


def pins(name: str) -> dict[str, str]:
    lines = [line for line in (REPOSITORY / name).read_text().splitlines() if "==" in line]
    return dict(line.partition(" ")[0].split("==") for line in lines)


def test_requirements__are_three_packages_of_the_versions_of_the_server() -> None:
    edge, server = pins("requirements-edge.txt"), pins("requirements.txt")

    assert set(edge) == {"numpy", "onnxruntime", "opencv-python-headless"}
    assert all(server[name] == version for name, version in edge.items())


@pytest.mark.services
def test_agent__runs_in_an_environment_of_its_requirements_alone(tmp_path: Path) -> None:
    environment_folder = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment_folder], check=True)
    python = str(environment_folder / "bin" / "python")
    install = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", "install", "--quiet", "--no-compile"]
    subprocess.run([*install, "-r", str(REPOSITORY / "requirements-edge.txt")], check=True)
    with a_receiver(tmp_path) as receiver:
        config = a_config(tmp_path, receiver.port)
        (tmp_path / "in" / "a.jpg").write_bytes(an_image(1))
        command = [python, "-m", "pipeline_tasks", "edge", str(config), "--once"]
        done = subprocess.run(command, cwd=REPOSITORY, env=environment(), capture_output=True, text=True, check=False)
        images = receiver.images()
    shutil.rmtree(environment_folder)

    assert done.returncode == 0, done.stderr
    assert len(images) == 1
