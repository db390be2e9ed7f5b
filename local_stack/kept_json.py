"""Small JSON files that outlive the process that wrote them: replaced whole, readable by their owner only."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from local_stack.errors import StackError


def read_json(path: Path) -> dict[str, Any]:
    """The content of a file that `write_json` wrote.

    Raises:
        StackError: there is no such file (the stack was never started), or it is not JSON.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StackError(f"{path}: found no such file, so this stack was never started; run `make up` first") from error
    except ValueError as error:
        raise StackError(f"{path}: wanted JSON, found something else ({error}); remove the file and run `make up`") from error
    if not isinstance(content, dict):
        raise StackError(f"{path}: wanted a JSON object, found {type(content).__name__}; remove the file and run `make up`")
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Replace the file in one step, with mode 600: a reader sees the old content or the new one."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, sort_keys=True)
        file.write("\n")
    os.replace(fresh, path)
