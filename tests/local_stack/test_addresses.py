"""Tests of reading a stack's addresses and logins from its home."""

from __future__ import annotations

import re

import pytest

from local_stack.addresses import read_addresses
from local_stack.errors import StackError
from local_stack.folders import Folders
from local_stack.prediction_service import prediction_services
from local_stack.project_files import project_roots


def test_read_addresses__gives_urls_and_logins_without_showing_secrets(prepared: Folders) -> None:
    addresses = read_addresses(prepared.home)
    urls = [addresses.airflow_url, addresses.label_studio_url, addresses.mlflow_url]
    assert all(re.fullmatch(r"http://127\.0\.0\.1:\d+", url) for url in urls)
    shown = repr(addresses)
    for secret in (addresses.airflow_password, addresses.label_studio_token, addresses.postgres["airflow"].password):
        assert secret not in shown


def test_read_addresses__of_a_home_that_was_never_started(folders: Folders) -> None:
    with pytest.raises(StackError, match="never started; run `make up` first"):
        read_addresses(folders.home)


def test_read_addresses__names_a_prediction_server_a_project(prepared: Folders) -> None:
    (prepared.home / "projects" / "parts.yaml").write_text("project: parts\n")
    services = prediction_services(prepared)
    assert read_addresses(prepared.home).prediction_servers == {"parts": f"http://{services['parts'].address}"}
    assert str(prepared.home / "roots" / "parts") in services["parts"].command


def test_project_roots__leave_out_files_that_cannot_be_read(folders: Folders) -> None:
    projects = folders.home / "projects"
    (projects / "good.yaml").write_text("project: good\nroot: elsewhere/good\n")
    (projects / "far.yaml").write_text("project: far\nroot: s3://bucket/far\n")
    (projects / "other_name.yaml").write_text("project: good\n")
    (projects / "broken.yaml").write_text("project: [")
    (projects / "list.yaml").write_text("- project\n")
    assert project_roots(folders.home) == {"good": str(folders.home / "elsewhere" / "good"), "far": "s3://bucket/far"}
