"""Training and validation images of a dataset version, read from the store and decoded."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from pipeline_tasks.datasets.held_out import training_and_validation_rows
from pipeline_tasks.decoding.model_image import form_for_model
from pipeline_tasks.decoding.stored_image import COLUMNS, stored_images
from pipeline_tasks.json_values import Json
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.records.cycle import Cycle, derive_seed
from pipeline_tasks.settings.fit import USUAL, fit_fields
from pipeline_tasks.storage.blobs.originals import read_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.versions.version_rows import version_rows
from pipeline_tasks.tables.image import Image
from pipeline_tasks.time_left import with_progress

if TYPE_CHECKING:
    from pipeline_tasks.decoding.canonical_image import Pixels
    from pipeline_tasks.decoding.decoder import Decoder
    from pipeline_tasks.training_data.starting_point import StartingPoint

T = TypeVar("T")
logger = logging.getLogger(__name__)


class VersionImages:
    """Images of a version that a cycle trains on, with the settings of the project."""

    def __init__(self, store: Store, cycle: Cycle, decoder: Decoder, dataset_id: str, dataset_cycle_id: str) -> None:
        """Read the rows of the version that `dataset_cycle_id` built, and divide them."""
        self.store, self.cycle, self.dataset_id = store, cycle, dataset_id
        self.project = cycle.project
        self.kind = kind_of(cycle.project)
        # Seeded by project and data, not by the cycle: the same labels train the same model.
        self.seed = derive_seed(cycle.project.seed, "train", dataset_id)
        rows = version_rows(store, dataset_cycle_id, has_sizes=True)
        self.train, self.val = training_and_validation_rows(rows, self.kind.choosing.names(rows), self.seed)
        self.test = rows.filter(rows["split"] == "test")
        self._decoder = decoder
        self._stored = stored_images(store.rows_of(Image, rows["image_id"], columns=COLUMNS).iter_rows())

    def pixels(self, image_id: str, embedded_at_px: int | None = None) -> Pixels:
        """Canonical pixels of an image, of the small one if all that is made of it is an embedded square of this side.

        Raises:
            CorruptObjectError: the original was changed in the store.
        """
        stored = self._stored[image_id]
        form = stored.form if embedded_at_px is None else form_for_model(stored.form, embedded_at_px)
        return self._decoder.decode(read_original(self.store.objects, image_id, stored.md5), form).pixels


def on_all_cores(what: str, function: Callable[[str], T], image_ids: Sequence[str]) -> list[T]:
    """Map in one thread a core: decoding waits for children, a network in ONNX Runtime releases Python's lock.

    `what` names it in the log.
    """
    with ThreadPoolExecutor(len(os.sched_getaffinity(0)), thread_name_prefix="train") as threads:
        return list(with_progress(threads.map(function, image_ids), len(image_ids), what, logger))


def digest_of(recipe: Mapping[str, Json]) -> str:
    """Digest of a recipe."""
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def training_digest(images: VersionImages, view_recipe: str, version: int, start: StartingPoint | None = None) -> str:
    """Digest of all that a training depends on; a usual fit is left out, so that it is the one from before there were others."""
    training = images.project.training
    settings: dict[str, Json] = training.model_dump(exclude={"fit"})
    settings |= {} if training.fit == USUAL else {"fit": fit_fields(training.fit)}
    parts: dict[str, Json] = {"dataset_id": images.dataset_id, "settings": settings, "version": version, "views": view_recipe}
    return digest_of(parts | ({} if start is None or start.candidate is None else {"start": start.record.candidate_sha256}))
