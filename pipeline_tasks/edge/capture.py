"""Inputs of an agent: each yields frames until its end or until the agent stops, and is told what became of each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Protocol

from pipeline_tasks.edge.agent_state import AgentState
from pipeline_tasks.edge.frame import Frame
from pipeline_tasks.edge.settings import InputSettings
from pipeline_tasks.errors import SettingsError


class Input(Protocol):
    """A folder, a camera or a video."""

    def frames(self, *, is_once: bool) -> Iterator[Frame]:
        """Yield frames as they come; with `is_once`, end where nothing more is there now.

        A file is noted as handled when the next frame is asked for, so that a killed agent looks at it again.
        """
        ...


def open_input(settings: InputSettings, state: AgentState, stop: threading.Event) -> Input:
    """Open the input that the settings name.

    Raises:
        SettingsError: there is no such place.
    """
    if settings.kind == "folder":
        from pipeline_tasks.edge.folder_input import FolderInput

        return FolderInput(settings, state, stop)
    if settings.kind == "video":
        from pipeline_tasks.edge.video_input import VideoInput

        return VideoInput(settings, state, stop)
    if settings.kind == "camera":
        from pipeline_tasks.edge.camera_input import CameraInput

        return CameraInput(settings, state, stop)
    raise SettingsError(f"input.kind: unknown {settings.kind!r}")
