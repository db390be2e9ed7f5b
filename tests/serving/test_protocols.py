from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from serving.given_server import REPOSITORY

HERE = Path("pipeline_tasks/serving/protocols")
COMMAND = [sys.executable, "-m", "grpc_tools.protoc", "-I."]


def test_protocols__are_what_protoc_makes_of_the_published_file(tmp_path: Path) -> None:
    command = [*COMMAND, f"--python_out={tmp_path}", f"--pyi_out={tmp_path}", str(HERE / "prediction.proto")]
    subprocess.run(command, cwd=REPOSITORY, check=True)

    for name in ("prediction_pb2.py", "prediction_pb2.pyi"):
        assert (REPOSITORY / HERE / name).read_text() == (tmp_path / HERE / name).read_text(), (
            f"run python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. {HERE}/prediction.proto"
        )
