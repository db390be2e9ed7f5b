"""The real thing: a whole stack in a home of its own comes up, says so, and leaves nothing behind."""

from __future__ import annotations

import tempfile
from pathlib import Path

import httpx
import pytest

from local_stack import stack
from local_stack.folders import Folders
from local_stack.kept_json import read_json
from local_stack.postgres_service import data_folder
from local_stack.processes import stack_processes
from local_stack.status import status


@pytest.mark.services
def test_up_status_down__leave_no_process_and_no_secret_in_sight() -> None:
    with tempfile.TemporaryDirectory(prefix="nl-") as home:
        folders = Folders.of(Path(home))
        addresses = stack.up(folders.home)
        try:
            text, is_ready = status(folders)
            assert is_ready, text
            answer = httpx.get(
                f"{addresses.label_studio_url}/api/projects", headers={"Authorization": f"Token {addresses.label_studio_token}"}
            )
            assert answer.status_code == 200
            assert _seen_secrets(folders) == []
            stack.up(folders.home)  # Changes nothing.
        finally:
            stack.down(folders.home)
        assert stack_processes(folders.digest, data_folder(folders)) == []
        assert status(folders) == ("nothing is running", False)
        stack.reset(folders.home)
        folders.home.mkdir()


def _seen_secrets(folders: Folders) -> list[str]:
    """Names of the secrets that stand in a process's arguments or in a log."""
    processes = stack_processes(folders.digest, data_folder(folders))
    shown = b"".join(Path(f"/proc/{process.pid}/cmdline").read_bytes() for process in processes)
    shown += b"".join(log.read_bytes() for log in folders.logs.glob("*.log"))
    return [name for name, secret in read_json(folders.secrets_file).items() if secret.encode() in shown]
