"""Settings of the splits, and the golden test set."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator

from pipeline_tasks.settings.section import Ratio, Settings


class GoldenSettings(Settings):
    """The golden test set: images named by a person. They are only used for testing, and also scored separately."""

    name: str = Field("golden", min_length=1, description="Name of the set in reports.")
    image_ids: tuple[Annotated[str, Field(pattern="^[0-9a-f]{64}$")], ...] = ()
    file: str | None = Field(None, description="A text file next to the project file, one image_id per line; # starts a comment.")
    key_pattern: str | None = Field(
        None, description="A regular expression on `source:key`; matching images are golden, including future ones."
    )

    @field_validator("key_pattern")
    @classmethod
    def _is_a_pattern(cls, key_pattern: str | None) -> str | None:
        """Refuse a broken pattern when the file is read, before the first night."""
        try:
            re.compile(key_pattern or "")
        except re.error as error:
            raise ValueError(f"{key_pattern!r} is no regular expression: {error}") from error
        return key_pattern


class SplitSettings(Settings):
    """Settings of the split proposals for new split groups, and of the slices of test."""

    policy: Literal["random", "curated"] = Field(
        "random",
        description="curated: of the images that the strategy picked, typical groups go to val, hard and rare ones to test.",
    )
    curated_test_ratio: Ratio = Field(
        0.1, description="For curated: share of the strategy's picks that goes to test, as hard or rare."
    )
    golden: GoldenSettings | None = None
    recent_cycles: int | None = Field(
        None, ge=1, description="Test images of the last N cycles are also scored separately; null: no such score."
    )
