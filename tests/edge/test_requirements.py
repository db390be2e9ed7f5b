"""Tests of the agent's requirements."""

from __future__ import annotations

from edge.given_edge import REPOSITORY


def pins(name: str) -> dict[str, str]:
    lines = [line for line in (REPOSITORY / name).read_text().splitlines() if "==" in line]
    return dict(line.partition(" ")[0].split("==") for line in lines)


def test_requirements__are_three_packages_of_the_versions_of_the_server() -> None:
    edge, server = pins("requirements-edge.txt"), pins("requirements.txt")

    assert set(edge) == {"numpy", "onnxruntime", "opencv-python-headless"}
    assert all(server[name] == version for name, version in edge.items())
