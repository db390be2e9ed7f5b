"""Base of all sections of a project file."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Ratio = Annotated[float, Field(ge=0.0, le=1.0)]


class Settings(BaseModel):
    """What all settings share: unknown keys and later changes are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
