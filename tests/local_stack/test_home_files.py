"""Tests of copying the files of a NIGHTLENS_HOME."""

from __future__ import annotations

import os
from pathlib import Path

from local_stack.home_files import CopiedFiles, copy_home


def a_home(folder: Path) -> Path:
    for name, content in {
        "stack/secrets.json": "{}",
        "stack/ports.json": "{}",
        "stack/logs/airflow.log": "said",
        "postgres/data/PG_VERSION": "17",
        "roots/parts/ledger/1.json": "event",
        "for_people/parts/aa/a.jpg": "image",
        "mlflow/1/model.onnx": "model",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    (folder / "stack/secrets.json").chmod(0o600)
    (folder / "published").symlink_to(folder / "roots")
    os.mkfifo(folder / "a-pipe")
    return folder


def test_copy_home__copies_what_is_not_of_this_machine_with_its_rights(tmp_path: Path) -> None:
    home, copy = a_home(tmp_path / "home"), tmp_path / "copy"

    copied = copy_home(home, copy, without=[home / "roots"])

    assert copied == CopiedFiles(4, 4, 0)
    assert sorted(path.relative_to(copy).as_posix() for path in copy.rglob("*") if not path.is_dir() or path.is_symlink()) == [
        "for_people/parts/aa/a.jpg",
        "mlflow/1/model.onnx",
        "published",
        "stack/secrets.json",
    ]
    assert (copy / "stack/secrets.json").stat().st_mode & 0o777 == 0o600
    assert (copy / "published").readlink() == home / "roots"


def test_copy_home__copies_only_changed_files_and_deletes_missing_ones(tmp_path: Path) -> None:
    home, copy = a_home(tmp_path / "home"), tmp_path / "copy"
    copy_home(home, copy)
    assert copy_home(home, copy) == CopiedFiles(5, 0, 0)

    (home / "for_people/parts/aa/a.jpg").unlink()
    (home / "mlflow/1/model.onnx").write_text("other model")

    assert copy_home(home, copy) == CopiedFiles(4, 1, 1)
    assert not (copy / "for_people/parts/aa/a.jpg").exists()
    assert (copy / "mlflow/1/model.onnx").read_text() == "other model"
