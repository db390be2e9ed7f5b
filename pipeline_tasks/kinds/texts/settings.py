"""Settings of the kind `text`."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator

from pipeline_tasks.settings.section import Settings


class TextSettings(Settings):
    """Section `labels` of a project of texts."""

    of: Literal["image", "boxes"] = Field(
        "image", description="People type one text an image, or draw boxes and type a text for each."
    )
    pattern: str | None = Field(
        None, description="A regular expression that each whole text must match; answers with another text are refused and shown."
    )
    ignores_case: bool = Field(False, description="Upper and lower case count as the same when answers are compared.")

    @field_validator("pattern")
    @classmethod
    def _is_a_pattern(cls, pattern: str | None) -> str | None:
        """Refuse a broken pattern when the file is read, before the first night."""
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return pattern
