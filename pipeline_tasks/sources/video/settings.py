"""Settings of a source of kind `video`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline_tasks.sources.key_pattern import KeyedSettings


class VideoSettings(KeyedSettings):
    """Settings of a source of kind `video`: a folder of clips."""

    kind: Literal["video"]
    path: str = Field(description="A folder of clips; a relative one lies in NIGHTLENS_HOME.")
    settle_s: float = Field(2.0, ge=0, description="A clip that changed less than this many seconds ago waits; 0: none waits.")
    ignore: tuple[str, ...] = Field((), description="Patterns of files to leave out, as in .gitignore; `!` includes.")
    pick: Literal["rate", "scenes"] = Field(
        "rate", description="`rate`: a frame every `every_s`; `scenes`: one when the scene has changed, at most every `every_s`."
    )
    every_s: float = Field(1.0, ge=0, description="Seconds between picked frames, by their true times; 0: every frame.")
    scene_difference: float = Field(
        0.1, gt=0, lt=1, description="For `scenes`: mean difference of grey levels from the frame picked before, as a share of 255."
    )
    max_frames_a_clip: int = Field(
        1000, ge=1, description="Maximum number of frames of one clip; the report says if there are more."
    )
    frame_format: Literal["jpeg", "png"] = Field("jpeg", description="`jpeg`: quality 95, all colours; `png`: without loss.")
    max_clip_s: float = Field(
        600.0, gt=0, description="Maximum processor time of decoding one clip; what it gave until then is kept."
    )

    def is_watched(self) -> bool:
        """Return False: each look would decode the new clips."""
        return False

    def metadata_keys(self) -> frozenset[str]:
        """The clip, and the groups in `key_pattern`."""
        return super().metadata_keys() | {"clip"}

    def sequence_keys(self) -> frozenset[str]:
        """The clip: its frames must not straddle splits."""
        return frozenset({"clip"})

    @property
    def recipe(self) -> str:
        """All settings that decide which frames a clip has, and their bytes."""
        scenes = f"-{self.scene_difference:g}" if self.pick == "scenes" else ""
        return f"{self.pick}-{self.every_s:g}{scenes}-{self.max_frames_a_clip}-{self.frame_format}"
