"""A baseline that is trained each night in seconds: a linear model on simple features of small images.

A candidate on a deep backbone that does not beat it has learnt nothing that edges and colours do not tell. Its predictions have the
rows of the kind, so that it is scored as a model is, and are not kept.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_tasks.decoding.decoder import Decoder
from pipeline_tasks.decoding.model_image import form_for_model, model_image
from pipeline_tasks.decoding.stored_image import COLUMNS, stored_images
from pipeline_tasks.evaluation.ridge import fit_ridge
from pipeline_tasks.evaluation.simple_features import SIDE_PX, in_equal_parts, simple_features
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.modelling import Linear
from pipeline_tasks.storage.blobs.originals import read_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.image import Image
from pipeline_tasks.training_data.version_images import on_all_cores

MAX_IMAGES = 2000
"""Training images; the first by image_id, which is as good as random. More would take minutes."""
SIMPLE_BASELINE = hashlib.sha256(b"simple baseline 1").hexdigest()
"""Stands for the baseline where rows of predictions name a model."""


def simple_predictions(
    store: Store, kind: Kind, decoder: Decoder, training: pl.DataFrame, test: pl.DataFrame
) -> pl.DataFrame | None:
    """Rows of predictions for the test images, by a baseline that learnt the training rows of a version.

    None for kinds without such a baseline, and where the training rows do not suffice for a model.
    """
    if not isinstance(kind.modelling, Linear) or not training.height or kind.modelling.why_not_train(training):
        return None
    learnt = training.sort("image_id").head(MAX_IMAGES)
    if kind.modelling.why_not_train(learnt):
        return None
    known = simple_features(_small_images(store, decoder, learnt["image_id"]))
    asked = simple_features(_small_images(store, decoder, test["image_id"]))
    targets = kind.modelling.indicators(kind.modelling.targets(learnt))
    model = fit_ridge(in_equal_parts(known, known), targets, _balanced(targets))
    outputs = kind.modelling.outputs_of(model.predict(in_equal_parts(asked, known)), model.left_out, targets)
    objects = [kind.decoding.decode(one, (SIDE_PX, SIDE_PX)) for one in outputs]
    return kind.scoring.prediction_rows(SIMPLE_BASELINE, test["image_id"].to_list(), objects)


def _small_images(store: Store, decoder: Decoder, image_ids: pl.Series) -> list[npt.NDArray[np.uint8]]:
    stored = stored_images(store.rows_of(Image, image_ids, columns=COLUMNS).iter_rows())

    def small_image(image_id: str) -> npt.NDArray[np.uint8]:
        one = stored[image_id]
        original = read_original(store.objects, image_id, one.md5)
        return model_image(decoder.decode(original, form_for_model(one.form, SIDE_PX)).pixels, SIDE_PX)

    return on_all_cores("small images of the baseline", small_image, image_ids.to_list())


def _balanced(targets: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Weight of each row: rare names count as much as common ones; a row without any counts as the mean of the others."""
    weights = (targets / np.maximum(targets.sum(axis=0), 1)).sum(axis=1)
    some = weights[weights > 0]
    return np.where(weights > 0, weights, some.mean() if some.size else 1.0)
