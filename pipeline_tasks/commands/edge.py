"""Run the edge agent of a device: keep images that are new, diverse or asked for, and send them to a receiver."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from pathlib import Path

from pipeline_tasks.commands.outcome import Outcome, in_json
from pipeline_tasks.errors import SettingsError

MAX_PIXELS = 50_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the settings file and the ways to run."""
    parser.add_argument("config", type=Path, help="TOML file (docs/how-to/run-an-edge-agent.md)")
    parser.add_argument("--once", action="store_true", help="look at what is there now, send it, and end")
    parser.add_argument("--status", action="store_true", help="print the counts and the images that were dropped, and end")


def run(arguments: argparse.Namespace) -> Outcome:
    """Run until the process is told to stop, and print the counts."""
    # OpenCV reads this when it is imported: no header may ask for more memory.
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MAX_PIXELS))
    try:
        import cv2  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise SettingsError(f"the edge agent needs {error.name}: pip install -r requirements-edge.txt") from error
    from pipeline_tasks.edge.agent_state import AgentState
    from pipeline_tasks.edge.settings import read_settings

    settings = read_settings(arguments.config)
    if arguments.status:
        state = AgentState(settings.folder)
        names = ("at", "image_id", "name", "reason", "detail")
        return in_json({"counts": state.counts(), "dropped": [dict(zip(names, row, strict=True)) for row in state.dropped()]})
    from pipeline_tasks.edge.agent import Agent

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return in_json(Agent(settings, stop).run(is_once=arguments.once))
