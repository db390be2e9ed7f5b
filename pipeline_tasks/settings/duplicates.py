"""Limits from which two images show the same thing."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline_tasks.settings.section import Ratio, Settings


class DuplicateSettings(Settings):
    """Settings of the duplicate search."""

    max_hash_distance: int = Field(6, ge=0, le=64, description="Bits that may differ between two 64-bit perceptual hashes.")
    min_hash_cosine: float = Field(
        0.75, ge=-1, le=1, description="A pair found by hash must also be this similar by embedding: flat images share hashes."
    )
    min_embedding_cosine: float = Field(0.9, ge=-1, le=1, description="Cosine of two embeddings from which they may be one thing.")
    min_centred_cosine: float = Field(
        0.85,
        ge=-1,
        le=1,
        description="What the cosine must be besides, with the mean embedding taken off: images of one kind are all alike.",
    )
    min_centred_hash_cosine: float = Field(0.5, ge=-1, le=1, description="The same for a pair found by hash.")
    certain_cosine: float = Field(0.99, ge=-1, le=1, description="At or above this, always duplicates, even without centring.")
    max_leak_ratio: Ratio = Field(
        0.5,
        description="Share of a version's training and validation images that may be left out because they show the same as a "
        "image of another split; more stops the version: then these settings are too loose.",
    )
    representative: Literal["largest", "first"] = Field(
        "largest",
        description="Copy of a group that people are asked about: the one with most pixels, then the sharpest; or the first.",
    )
    split_group_keys: tuple[Literal["clip", "site", "device", "day"], ...] = Field(
        (), description="Metadata that must not straddle splits, beside the duplicate groups."
    )
