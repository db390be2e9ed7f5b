"""Embeddings as one matrix, in the caller's order; tables store them as lists, by cycle and backbone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.tables.table_files import read_table
from pipeline_tasks.tables.embedding import Embedding
from pipeline_tasks.tables.image import Image


@dataclass(frozen=True)
class EmbeddingMatrix:
    """Embeddings of a list of images by one backbone."""

    vectors: npt.NDArray[np.float32]
    """N x D, not normalised; zeros for an image without an embedding."""
    has_embedding: npt.NDArray[np.bool_]
    """N; False if this backbone has not embedded the image."""


def newest_backbone_digest(store: Store) -> str | None:
    """Backbone of the newest embeddings; those of different backbones cannot be compared. None if there are none."""
    for file in reversed(store.files(Embedding)):
        if file.rows:
            return str(read_table(store.objects, Embedding, file)["backbone_digest"][-1])
    return None


def lacking_embedding(store: Store, backbone_digest: str) -> list[str]:
    """Sorted ids of the project's images that this backbone has not embedded; reads no embedding."""
    is_its = pl.col("backbone_digest") == backbone_digest
    done = [piece["image_id"] for piece in store.pieces(Embedding, ["image_id", "backbone_digest"], is_its)]
    images = store.history(Image, ["image_id"])["image_id"]
    return sorted(set(images).difference(*done))


def read_embeddings(store: Store, image_ids: Sequence[str], backbone_digest: str | None) -> EmbeddingMatrix:
    """Read the embeddings of these images, one file at a time, so that only the matrix itself is held whole."""
    wanted = pl.DataFrame({"image_id": list(image_ids)}, schema={"image_id": pl.String}).with_row_index("row")
    vectors = np.zeros((wanted.height, 0), np.float32)
    has_embedding = np.zeros(wanted.height, np.bool_)
    if backbone_digest is None:
        return EmbeddingMatrix(vectors, has_embedding)
    is_asked_for = (pl.col("backbone_digest") == backbone_digest) & pl.col("image_id").is_in(wanted["image_id"].implode())
    for piece in store.pieces(Embedding, ["image_id", "embedding"], is_asked_for):
        rows = piece.join(wanted, on="image_id")
        if rows.is_empty():
            continue
        found = rows["embedding"].explode().to_numpy().reshape(rows.height, -1)
        if vectors.shape[1] == 0:
            vectors = np.zeros((wanted.height, found.shape[1]), np.float32)
        numbers = rows["row"].to_numpy()
        vectors[numbers] = found
        has_embedding[numbers] = True
    return EmbeddingMatrix(vectors, has_embedding)
