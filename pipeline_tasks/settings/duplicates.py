"""Settings of the duplicate search."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline_tasks.settings.section import Ratio, Settings


class DuplicateSettings(Settings):
    """Settings of the duplicate search. Limits of hash and cosine decide only where a thumbnail is missing."""

    max_hash_distance: int = Field(6, ge=0, le=64, description="Maximum number of differing bits of two 64-bit perceptual hashes.")
    min_hash_cosine: float = Field(
        0.75, ge=-1, le=1, description="A pair found by hash must also be this similar by embedding: flat images share hashes."
    )
    min_embedding_cosine: float = Field(0.9, ge=-1, le=1, description="Minimum cosine of two embeddings of a duplicate.")
    min_centred_cosine: float = Field(
        0.85,
        ge=-1,
        le=1,
        description="Minimum cosine after subtracting the mean embedding, because images of one project resemble each other.",
    )
    min_centred_hash_cosine: float = Field(0.5, ge=-1, le=1, description="The same for a pair found by hash.")
    certain_cosine: float = Field(0.99, ge=-1, le=1, description="At or above this, always duplicates, even without centring.")
    max_candidates: int = Field(
        4, ge=1, le=100, description="Maximum number of groups that a new image is aligned with, by hash and by embedding each."
    )
    min_agreement: float = Field(0.8, ge=0, le=1, description="Minimum correlation of the detail of two aligned images.")
    max_difference: float = Field(
        0.5,
        ge=0,
        le=2,
        description="Maximum difference of any place of two aligned images: 0 is none, 1 if only one of them shows something.",
    )
    min_overlap_ratio: Ratio = Field(0.5, description="Minimum share of one of two aligned images that lies on the other.")
    max_leak_ratio: Ratio = Field(
        0.5,
        description="Maximum share of training and validation images that may be excluded as near-duplicates of another split; "
        "more stops the version, because then these settings are too loose.",
    )
    representative: Literal["largest", "first"] = Field(
        "largest",
        description="Image of a group that is selected for labeling: the one with most pixels, then the sharpest; or the first.",
    )
    mirrored_is_same: bool = Field(
        True,
        description="Treat mirror images as duplicates; false where mirroring changes the class (left and right hands, text). They "
        "share a split in any case.",
    )
    split_group_keys: tuple[Literal["clip", "site", "device", "day"], ...] = Field(
        (), description="Metadata keys that must not be shared between splits, besides duplicate groups."
    )
