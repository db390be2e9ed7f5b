"""LightlyStudio's side of `benchmarks/selection_studio.py`: `python -m benchmarks.lightly_studio_side VECTORS COUNT FOLDER`.

It runs without its web pages, in an environment of its own, by its public interface: images are added and embedded by an
embedder of ours that gives the vectors, `query().sampling().diverse` picks COUNT, `compute_typicality_metadata` scores. The
images' sizes stand in a COCO file, so that it opens none: those in FOLDER are empty files. Its database is a DuckDB file, as
by default. Telemetry is off, and the networks that it brings are never imported: torch, torchvision and open_clip are not there.
Imports, the database's tables and the empty files are made before the clock runs. FOLDER/answer.npz takes the numbers of the
picks, and the typicality of the first rows with their numbers.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ["LIGHTLY_STUDIO_ANALYTICS_ENABLED"] = "false"

import lightly_studio
import numpy as np
import numpy.typing as npt
from lightly_studio.core.dataset_query import ImageSampleField
from lightly_studio.database import db_manager
from lightly_studio_serve.embedder import ImagePathEmbedder
from lightly_studio_serve.types import EmbeddingResult, EmbeddingSpaceSpec

from benchmarks.timed_steps import take_steps

SCORES_READ = 1000
"""It reads metadata image by image, so only some are compared."""


def main() -> None:
    """Do it once."""
    vectors, count, folder = np.load(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    folder_of_images, sizes = _image_files(folder, len(vectors))
    lightly_studio.register_default_embedder(_Given(vectors))
    db_manager.connect(db_file=str(folder / "studio.db"))
    dataset = lightly_studio.ImageDataset.create()
    take_steps(
        {
            "index": lambda: dataset.add_samples_from_coco_caption(sizes, folder_of_images),
            "diverse": lambda: dataset.query().sampling().diverse(count, "picked"),
            "typicality": dataset.compute_typicality_metadata,
        }
    )
    picked = [_number(one.file_name) for one in dataset.match(ImageSampleField.tags.contains("picked"))]
    scores = {_number(one.file_name): one.metadata["typicality"] for one in dataset[:SCORES_READ]}
    np.savez(folder / "answer.npz", picks=picked, numbers=list(scores), scores=list(scores.values()))


class _Given(ImagePathEmbedder):
    """Finds an image's vector by the number in its name."""

    def __init__(self, vectors: npt.NDArray[np.float32]) -> None:
        self._vectors = vectors

    def embedding_space_spec(self) -> EmbeddingSpaceSpec:
        """Name the vectors."""
        return EmbeddingSpaceSpec(space_key="given", dimension=self._vectors.shape[1])

    def embed_images(self, paths: list[str]) -> EmbeddingResult:
        """One row a path."""
        return EmbeddingResult(self._vectors[[_number(path) for path in paths]], list(range(len(paths))))


def _image_files(folder: Path, count: int) -> tuple[Path, Path]:
    """A folder of empty files, and the COCO file that says how large they would be."""
    folder_of_images, sizes = folder / "pictures", folder / "sizes.json"
    folder_of_images.mkdir()
    names = [f"{number:07}.png" for number in range(count)]
    for name in names:
        (folder_of_images / name).touch()
    images = [{"id": number, "file_name": name, "width": 640, "height": 480} for number, name in enumerate(names)]
    sizes.write_text(json.dumps({"images": images, "annotations": []}))
    return folder_of_images, sizes


def _number(path: str) -> int:
    return int(Path(path).stem)


if __name__ == "__main__":
    main()
