"""Settings of the splits, and the golden test set."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator

from pipeline_tasks.settings.section import Ratio, Settings


class GoldenSettings(Settings):
    """The golden test set: images that a person named. They are only ever judged on, and scored by themselves."""

    name: str = Field("golden", min_length=1, description="What reports call it.")
    image_ids: tuple[Annotated[str, Field(pattern="^[0-9a-f]{64}$")], ...] = ()
    file: str | None = Field(None, description="A text file beside the project file, one image_id a line; # starts a remark.")
    key_pattern: str | None = Field(
        None, description="A regular expression over `source:key`; whatever was seen there is golden, also what is yet to come."
    )

    @field_validator("key_pattern")
    @classmethod
    def _is_a_pattern(cls, key_pattern: str | None) -> str | None:
        """A broken one would be found only at night."""
        try:
            re.compile(key_pattern or "")
        except re.error as error:
            raise ValueError(f"{key_pattern!r} is no regular expression: {error}") from error
        return key_pattern


class SplitSettings(Settings):
    """Settings of the split proposals for new split groups, and of the slices of test."""

    policy: Literal["random", "curated"] = Field(
        "random", description="curated: of what the strategy picked, typical groups go to val, hard and rare ones to test."
    )
    curated_test_ratio: Ratio = Field(
        0.1, description="Share of the strategy's picks that curated takes for test, as hard or rare."
    )
    golden: GoldenSettings | None = None
    recent_cycles: int | None = Field(
        None, ge=1, description="Test images that arrived in the last so many cycles are also scored by themselves; null: not."
    )
