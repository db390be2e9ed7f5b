"""Images of a pretraining as the backbone sees them, and the files that a pretraining left."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.backbones.pretrained import PretrainedFiles
from pipeline_tasks.decoding.model_image import form_for_model, model_image
from pipeline_tasks.decoding.stored_image import COLUMNS, stored_images
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.records.export_backbone import ExportBackboneSummary
from pipeline_tasks.records.train_backbone import TrainBackboneSummary
from pipeline_tasks.storage.blobs.checkpoint_files import read_candidate
from pipeline_tasks.storage.blobs.model_files import read_model
from pipeline_tasks.storage.blobs.originals import read_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.image import Image
from pipeline_tasks.training_data.version_images import on_all_cores

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.decoding.decoder import Decoder


class PretrainingImages:
    """Originals by image_id, decoded as they are asked for."""

    def __init__(self, store: Store, decoder: Decoder, image_ids: Sequence[str], side_px: int) -> None:
        """Look up where they lie; `side_px` is the side of the squares that are made of them."""
        self.image_ids, self._store, self._decoder, self._side_px = list(image_ids), store, decoder, side_px
        self._stored = stored_images(store.rows_of(Image, image_ids, columns=COLUMNS).iter_rows())

    def in_file(self, folder: Path) -> NDArray[np.uint8]:
        """All images (N x side x side x 3) as an array in a file of the scratch folder, so that memory does not hold them."""
        folder.mkdir(parents=True, exist_ok=True)
        shape = (len(self.image_ids), self._side_px, self._side_px, 3)
        written: NDArray[np.uint8] = np.lib.format.open_memmap(folder / "images.npy", mode="w+", dtype=np.uint8, shape=shape)  # type: ignore[no-untyped-call]
        places = {image_id: place for place, image_id in enumerate(self.image_ids)}

        def write(image_id: str) -> None:
            """Decode one image into its place."""
            written[places[image_id]] = self._image(image_id)

        on_all_cores("images", write, self.image_ids)
        return written

    def embedded(self, backbones: Sequence[Backbone]) -> list[NDArray[np.float32]]:
        """Embeddings of all images (N x D) by each of these backbones."""

        def embed(image_id: str) -> list[NDArray[np.float32]]:
            """Embeddings of one image."""
            image = self._image(image_id)[np.newaxis]
            return [backbone.embed(image)[0] for backbone in backbones]

        rows = on_all_cores("embeddings", embed, self.image_ids)
        return [np.stack([row[number] for row in rows]) for number in range(len(backbones))]

    def first(self, count: int) -> NDArray[np.uint8]:
        """The first images, by their order."""
        return np.stack([self._image(image_id) for image_id in self.image_ids[:count]])

    def _image(self, image_id: str) -> NDArray[np.uint8]:
        stored = self._stored[image_id]
        form = form_for_model(stored.form, self._side_px)
        pixels = self._decoder.decode(read_original(self._store.objects, image_id, stored.md5), form).pixels
        return model_image(pixels, self._side_px)


def find_pretrained(store: Store, pretrained: str) -> PretrainedFiles:
    """The files of a pretraining, by the digest of its weights.

    Raises:
        SettingsError: the project has none of this name, or it has not been exported.
    """
    known = {one.candidate_sha256: (cycle_id, one) for cycle_id, one in store.summaries(TrainBackboneSummary).items()}
    if pretrained not in known:
        listed = ", ".join(str(one) for one in known if one) or "none"
        raise SettingsError(f"backbone.pretrained: wanted weights of a pretraining of this project ({listed}), found {pretrained}")
    cycle_id, trained = known[pretrained]
    exported = store.find_summary(cycle_id, ExportBackboneSummary)
    if exported is None or exported.model_digest is None or trained.candidate_key is None:
        raise SettingsError(
            f"backbone.pretrained: the pretraining {cycle_id} is not exported yet; run export_backbone of its cycle"
        )
    return PretrainedFiles(
        pretrained=pretrained,
        name=trained.backbone_name,
        side_px=trained.side_px,
        weights=partial(read_candidate, store.objects, trained.candidate_key, pretrained),
        graph=partial(read_model, store.objects, exported.model_digest),
    )
