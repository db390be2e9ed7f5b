"""A receiver and an agent as processes, a backbone small enough to check by hand, and the settings of both."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

REPOSITORY = Path(__file__).parents[2]
KEY = "5e" * 32
SIDE_PX = 32


def a_backbone() -> bytes:
    """A backbone that gives the mean colours of the four quarters of an image."""
    reduced = helper.make_node("AveragePool", ["floats"], ["quarters"], kernel_shape=[16, 16], strides=[16, 16])
    nodes = [
        helper.make_node("Cast", ["pictures"], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["cast"], ["floats"], perm=[0, 3, 1, 2]),
        reduced,
        helper.make_node("Reshape", ["quarters", "shape"], ["embeddings"]),
    ]
    inputs = [helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["N", SIDE_PX, SIDE_PX, 3])]
    outputs = [helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, ["N", 12])]
    shape = [numpy_helper.from_array(np.array([-1, 12], dtype=np.int64), "shape")]
    graph = helper.make_graph(nodes, "quarters", inputs, outputs, shape)
    made: bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10).SerializeToString()
    return made


def an_image(number: int, size: tuple[int, int] = (64, 48), file_format: str = "JPEG") -> bytes:
    """An image of four colours that depend on the number, with noise, so that it has some bytes."""
    drawn = np.random.default_rng(number)
    colours = drawn.integers(0, 256, (2, 2, 3))
    pixels = np.kron(colours, np.ones((size[1] // 2, size[0] // 2, 1)))
    noisy = np.clip(pixels + drawn.normal(0, 12, pixels.shape), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noisy).save(buffer, file_format)
    return buffer.getvalue()


def a_config(folder: Path, port: int = 1, *, device: str = "gate-1", more: str = "", keep: str = "", receiver: str = "") -> Path:
    """The settings of an agent that reads `folder/in`, with its key and backbone."""
    (folder / "in").mkdir(parents=True, exist_ok=True)
    (folder / "backbone.onnx").write_bytes(a_backbone())
    key = folder / "device.key"
    key.touch(mode=0o600)
    key.write_text(KEY)
    path = folder / "edge.toml"
    path.write_text(
        f'device = "{device}"\nfolder = "agent"\n'
        f'[receiver]\nurl = "http://127.0.0.1:{port}"\nkey_file = "device.key"\n'
        f"first_pause_s = 0.05\nlongest_pause_s = 0.2\n{receiver}\n"
        f'[input]\nkind = "folder"\nplace = "in"\nsettle_s = 0\n'
        f'[keep]\nbackbone = "backbone.onnx"\nmin_distance = 0.0\nmin_change = 0.0\n{keep}\n{more}\n'
    )
    return path


def some_keys(folder: Path, **keys: str) -> Path:
    """A receiver's file of keys."""
    path = folder / "keys.toml"
    path.touch(mode=0o600)
    given = keys or {"gate-1": KEY, "gate-2": KEY}
    path.write_text("[devices]\n" + "".join(f'{device} = "{key}"\n' for device, key in given.items()))
    return path


def environment() -> dict[str, str]:
    """The environment of a child: this repository's code."""
    return os.environ | {"PYTHONPATH": str(REPOSITORY)}


@dataclass
class ReceiverProcess:
    """`python -m pipeline_tasks receive` on a free port."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = 0

    def start(self) -> None:
        """Start it and wait until it answers."""
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        words = ["--inbox", str(self.inbox), "--keys", str(self.folder / "keys.toml"), "--port", str(self.port), *self.options]
        command = [sys.executable, "-m", "pipeline_tasks", "receive", *words]
        self.process = subprocess.Popen(command, cwd=REPOSITORY, env=environment(), stderr=subprocess.PIPE)
        url = f"http://127.0.0.1:{self.port}/healthz"
        for _ in range(600):
            try:
                if httpx.get(url, trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                assert self.process.poll() is None, self.process.stderr.read().decode()  # type: ignore[union-attr]
                time.sleep(0.05)
        raise AssertionError("the receiver does not answer")

    def kill(self) -> None:
        """Kill it as the machine's loss would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()

    @property
    def inbox(self) -> Path:
        """Its inbox."""
        return self.folder / "inbox"

    def images(self) -> list[Path]:
        """The images in the inbox."""
        return sorted(path for path in self.inbox.glob("gate-*/*/*") if path.suffix != ".json")


@contextmanager
def a_receiver(folder: Path, *options: str) -> Iterator[ReceiverProcess]:
    """A running receiver with the keys of gate-1 and gate-2."""
    if not (folder / "keys.toml").exists():
        some_keys(folder)
    receiver = ReceiverProcess(folder, options)
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.kill()


def start_agent(config: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start an agent."""
    command = [sys.executable, "-m", "pipeline_tasks", "edge", str(config), *options]
    return subprocess.Popen(command, cwd=REPOSITORY, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def run_agent(config: Path, *options: str) -> dict[str, object]:
    """Run an agent to its end; return what it prints."""
    process = start_agent(config, *options)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()
    told: dict[str, object] = json.loads(out)
    return told
