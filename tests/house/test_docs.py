"""Tests that generated docs are up to date, and that the files for containers are consistent."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def test_generated_docs__are_up_to_date() -> None:
    command = [sys.executable, "docs/generate.py", "--check"]

    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert outcome.returncode == 0, outcome.stderr


@pytest.mark.slow
def test_compose__fits_its_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "docker/compose.yaml"]

    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_compose__hardens_every_container_and_publishes_on_loopback_only() -> None:
    services = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())["services"]

    for name, service in services.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name


@pytest.mark.parametrize("name", ["Dockerfile", "prediction-server.Dockerfile", "edge-agent.Dockerfile"])
def test_dockerfile__copies_what_exists_and_runs_unprivileged(name: str) -> None:
    text = (ROOT / "docker" / name).read_text()

    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", text, flags=re.MULTILINE):
        assert all((ROOT / one).exists() for one in source.split()), source
    assert re.search(r"^USER 10001$", text, flags=re.MULTILINE)


def test_requirements__are_pinned_by_name_and_version_only() -> None:
    pin = r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[A-Za-z0-9.]+( ; python_full_version < \"[0-9.]+\")?"
    for path in ROOT.glob("requirements*.txt"):
        for line in path.read_text().splitlines():
            assert re.fullmatch(rf"(#.*|{pin}|)", line), f"{path.name}: {line}"
