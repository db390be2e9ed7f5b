"""Tests of secrets: random, kept, and readable by their owner only."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from local_stack.folders import Folders
from local_stack.kept_json import write_json
from local_stack.secret_values import keep_secrets


def test_keep_secrets__writes_a_file_of_mode_600_and_keeps_it(folders: Folders) -> None:
    first = keep_secrets(folders)
    assert folders.secrets_file.stat().st_mode & 0o777 == 0o600
    assert keep_secrets(folders) == first
    assert len(set(first.values())) == len(first)


def test_keep_secrets__repairs_the_mode_and_adds_missing_secrets(folders: Folders) -> None:
    first = keep_secrets(folders)
    write_json(folders.secrets_file, {name: value for name, value in first.items() if name != "label_studio_token"})
    folders.secrets_file.chmod(0o644)
    second = keep_secrets(folders)
    assert folders.secrets_file.stat().st_mode & 0o777 == 0o600
    assert second["label_studio_token"] != first["label_studio_token"]
    assert second["airflow_password"] == first["airflow_password"]


def test_keep_secrets__have_the_forms_that_the_services_accept(folders: Folders) -> None:
    secrets = keep_secrets(folders)
    assert re.fullmatch(r"[0-9a-f]{40}", secrets["label_studio_token"])
    assert len(base64.urlsafe_b64decode(secrets["airflow_fernet_key"])) == 32


def test_keep_secrets__differ_between_homes(tmp_path: Path) -> None:
    homes = [Folders.of(tmp_path / name) for name in ("a", "b")]
    for home in homes:
        home.make()
    first, second = (keep_secrets(home) for home in homes)
    assert all(first[name] != second[name] for name in first)
