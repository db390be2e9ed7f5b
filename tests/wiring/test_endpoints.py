"""Tests of the command line's endpoints: from the environment first, then from the local stack of this home."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.sources.s3_connection import S3Connection
from pipeline_tasks.wiring.endpoints import (
    Endpoint,
    connection_from_environment,
    endpoints_from_environment,
    known,
    web_key_from_environment,
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    for service in ("LABEL_STUDIO", "MLFLOW"):
        monkeypatch.delenv(f"NIGHTLENS_{service}_URL", raising=False)
        monkeypatch.delenv(f"NIGHTLENS_{service}_TOKEN_FILE", raising=False)
    return tmp_path


def a_stack(home: Path) -> None:
    (home / "stack").mkdir()
    ports = {"label_studio": 8081, "mlflow": 5001, "prediction_server_parts": 8090, "airflow": 8080}
    (home / "stack" / "ports.json").write_text(json.dumps(ports))
    (home / "stack" / "secrets.json").write_text(json.dumps({"label_studio_token": "a" * 40, "airflow_password": "x"}))


def test_endpoints__are_those_of_the_local_stack_without_settings(home: Path) -> None:
    a_stack(home)
    found = endpoints_from_environment("parts")

    assert found.label_studio == Endpoint("http://127.0.0.1:8081", "a" * 40)
    assert found.mlflow == Endpoint("http://127.0.0.1:5001")
    assert found.prediction_server == Endpoint("http://127.0.0.1:8090")
    assert endpoints_from_environment("tiles").prediction_server is None


def test_endpoints__of_the_environment_come_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_stack(home)
    (home / "token").write_text("mine\n")
    monkeypatch.setenv("NIGHTLENS_MLFLOW_URL", "http://mlflow.example.com")
    monkeypatch.setenv("NIGHTLENS_LABEL_STUDIO_TOKEN_FILE", str(home / "token"))
    found = endpoints_from_environment("parts")

    assert found.mlflow == Endpoint("http://mlflow.example.com")
    assert found.label_studio == Endpoint("http://127.0.0.1:8081", "mine")


def test_endpoints__without_a_stack_are_unknown_and_say_how_to_set_them(home: Path) -> None:
    found = endpoints_from_environment("parts")

    assert (found.label_studio, found.mlflow) == (None, None)
    with pytest.raises(SettingsError, match=r"NIGHTLENS_LABEL_STUDIO_URL, or start the local stack of .* with `make up`"):
        known(found.label_studio, "label_studio", "parts")


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read: No such file"), ("\n", "is empty"), (b"\xff\xfe", "not text")]
)
def test_endpoints__say_in_a_sentence_that_a_token_file_is_missing_or_empty(
    home: Path, monkeypatch: pytest.MonkeyPatch, content: str | bytes | None, said: str
) -> None:
    monkeypatch.setenv("NIGHTLENS_LABEL_STUDIO_TOKEN_FILE", str(home / "token"))
    if content is not None:
        (home / "token").write_bytes(content.encode() if isinstance(content, str) else content)

    with pytest.raises(SettingsError, match=f"NIGHTLENS_LABEL_STUDIO_TOKEN_FILE: .*{said}"):
        endpoints_from_environment("parts")


def test_endpoints__say_that_the_stacks_files_are_incomplete(home: Path) -> None:
    a_stack(home)
    (home / "stack" / "ports.json").write_text('{"label_studio": 80')

    with pytest.raises(SettingsError, match=r"ports.json: the local stack's file cannot be read"):
        endpoints_from_environment("parts")


def test_connection_of_a_source__has_an_address_and_a_profile_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTLENS_S3_URL", "http://127.0.0.1:9000")
    monkeypatch.setenv("NIGHTLENS_S3_CAMERA_7_URL", "http://127.0.0.1:9007")
    monkeypatch.setenv("NIGHTLENS_S3_CAMERA_7_PROFILE", "seven")

    assert connection_from_environment("camera-7") == S3Connection("camera-7", "http://127.0.0.1:9007", profile="seven")
    assert connection_from_environment("other") == S3Connection("other", "http://127.0.0.1:9000")
    assert connection_from_environment(None) == S3Connection(url="http://127.0.0.1:9000")


def test_web_key__is_what_its_file_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("a key\n")
    monkeypatch.setenv("NIGHTLENS_WEB_MY_API_TOKEN_FILE", str(tmp_path / "key"))

    assert web_key_from_environment("my-api") == "a key"
    with pytest.raises(SettingsError, match="connection other: set NIGHTLENS_WEB_OTHER_TOKEN_FILE"):
        web_key_from_environment("other")
