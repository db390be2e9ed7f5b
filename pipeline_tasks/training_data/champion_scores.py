"""Predictions of the champion on the images of a selection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline_tasks.decoding.decoder import Decoder
from pipeline_tasks.kinds.choosing import ObjectBeliefs
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.records.cycle import derive_seed
from pipeline_tasks.storage.blobs.model_files import read_model
from pipeline_tasks.storage.history.store import Store

STAGE = "select_images"
"""Derives the seeds, which are those of the stage."""


@dataclass(frozen=True)
class EmbeddedCandidates:
    """N images: the pool, then others that the selection knows."""

    names: Sequence[str]
    """Their `image_id`s."""
    vectors: npt.NDArray[np.float32]
    """N x D."""
    pool: int
    """Number of images in the pool."""
    backbone_digest: str | None


@dataclass(frozen=True)
class ChampionScores:
    """A champion's predictions on N images; without beliefs if there is no champion that can predict them."""

    model_digest: str | None = None
    vocabulary: tuple[str, ...] = ()
    beliefs: npt.NDArray[np.float32] | None = None
    """N x names."""
    draws: Callable[[], npt.NDArray[np.float32]] | None = None
    """Computes the predictions of variants of the champion (variants x N x names), only when needed."""
    instances: Sequence[npt.NDArray[np.float32]] | None = None
    """Beliefs about the objects of each image, for kinds with objects."""
    note: str = ""
    """Sentence on images that the champion did not look at."""


def champion_scores(
    store: Store, kind: Kind, seed: int, images: EmbeddedCandidates, open_decoder: Callable[[], Decoder] | None
) -> ChampionScores:
    """Predictions by today's names: on the embeddings, if the champion's backbone made them, or on images of the pool.

    Raises:
        CorruptObjectError: the model or an original was changed in the store.
        RejectedFileError: an original can no longer be decoded.
    """
    champion = store.state().champion
    if champion is None or images.vectors.size == 0:
        return ChampionScores()
    # Imported here, because models are heavy to import and a project's first nights have no champion.
    from pipeline_tasks.models.exported import read_head
    from pipeline_tasks.training_data.champion_objects import look_at_pool

    content = read_model(store.objects, champion.model_digest)
    head, choosing = read_head(content), kind.choosing
    if head is None and open_decoder is not None and isinstance(choosing, ObjectBeliefs):
        looks = derive_seed(seed, STAGE, "looks")
        seen = look_at_pool(store, open_decoder(), content, choosing, images.names, images.pool, looks)
        return ChampionScores(champion.model_digest, choosing.belief_names, seen.beliefs, instances=seen.instances, note=seen.note)
    if head is None or head.backbone_digest != images.backbone_digest:
        return ChampionScores()
    vocabulary, sums = kind.changes.of_columns(head.vocabulary)

    def drawn_beliefs() -> npt.NDArray[np.float32]:
        drawn: npt.NDArray[np.float32] = head.scorer.belief_draws(images.vectors, seed=derive_seed(seed, STAGE, "draws")) @ sums
        return drawn

    return ChampionScores(champion.model_digest, vocabulary, head.scorer.beliefs(images.vectors) @ sums, drawn_beliefs)
