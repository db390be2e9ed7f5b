"""Base of all sections of a project file."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Ratio = Annotated[float, Field(ge=0.0, le=1.0)]


class Settings(BaseModel):
    """Base of all settings; refuses unknown keys and later changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoSettings(Settings):
    """A section without keys."""
